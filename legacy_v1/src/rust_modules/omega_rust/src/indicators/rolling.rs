//! Means and deviations over a sliding window.

use std::collections::VecDeque;

/// Running sum with one compensation for what enters and one for what leaves (Kahan).
#[derive(Default)]
struct RunningSum {
    total: f64,
    lost_in: f64,
    lost_out: f64,
}

impl RunningSum {
    fn enter(&mut self, value: f64) {
        let y = value - self.lost_in;
        let t = self.total + y;
        self.lost_in = t - self.total - y;
        self.total = t;
    }

    fn leave(&mut self, value: f64) {
        let y = -value - self.lost_out;
        let t = self.total + y;
        self.lost_out = t - self.total - y;
        self.total = t;
    }
}

/// Simple mean of the last `p` values; NaN while one of them is missing.
pub fn sma(values: &[f64], p: usize) -> Vec<f64> {
    let mut window: VecDeque<f64> = VecDeque::with_capacity(p + 1);
    let mut sum = RunningSum::default();
    let mut present = 0usize;
    let mut same_run = 0usize;
    let mut previous = f64::NAN;
    let mut out = Vec::with_capacity(values.len());
    for &value in values {
        if window.len() == p {
            let old = window.pop_front().unwrap_or(f64::NAN);
            if !old.is_nan() {
                sum.leave(old);
                present -= 1;
            }
        }
        window.push_back(value);
        if !value.is_nan() {
            sum.enter(value);
            present += 1;
            same_run = if value == previous { same_run + 1 } else { 1 };
            previous = value;
        }
        out.push(match present == p {
            false => f64::NAN,
            true if same_run >= p => previous,
            true => sum.total / p as f64,
        });
    }
    out
}

/// Mean and squared deviations of a sliding window, updated value by value (Welford), with one compensation for what
/// enters and one for what leaves. The noise that this leaves behind decides trades.
#[derive(Default)]
struct RunningDeviation {
    count: usize,
    mean: f64,
    squares: f64,
    lost_in: f64,
    lost_out: f64,
}

impl RunningDeviation {
    fn enter(&mut self, value: f64) {
        self.count += 1;
        let before = self.mean - self.lost_in;
        let y = value - self.lost_in;
        let t = y - self.mean;
        self.lost_in = t + self.mean - y;
        self.mean += t / self.count as f64;
        self.squares += (value - before) * (value - self.mean);
    }

    fn leave(&mut self, value: f64) {
        self.count -= 1;
        if self.count == 0 {
            (self.mean, self.squares) = (0.0, 0.0);
            return;
        }
        let before = self.mean - self.lost_out;
        let y = value - self.lost_out;
        let t = y - self.mean;
        self.lost_out = t + self.mean - y;
        self.mean -= t / self.count as f64;
        self.squares -= (value - before) * (value - self.mean);
    }
}

/// Sample standard deviation (ddof 1) of the last `p` values; NaN while one of them is missing, and for `p` = 1.
pub fn rolling_std(values: &[f64], p: usize) -> Vec<f64> {
    let mut state = RunningDeviation::default();
    let mut same_run = 0usize;
    let mut previous = f64::NAN;
    let mut out = Vec::with_capacity(values.len());
    for (i, &value) in values.iter().enumerate() {
        if i >= p && values[i - p].is_finite() {
            state.leave(values[i - p]);
        }
        if value.is_finite() {
            same_run = if value == previous { same_run + 1 } else { 1 };
            previous = value;
            state.enter(value);
        }
        out.push(match state.count == p && p > 1 {
            false => f64::NAN,
            true if same_run >= p => 0.0,
            true => (state.squares / (p as f64 - 1.0)).max(0.0).sqrt(),
        });
    }
    out
}

/// (upper, mid, lower) bands.
pub fn bollinger(values: &[f64], p: usize, k: f64) -> [Vec<f64>; 3] {
    let mid = sma(values, p);
    let std = rolling_std(values, p);
    let upper = mid.iter().zip(&std).map(|(m, s)| m + k * s).collect();
    let lower = mid.iter().zip(&std).map(|(m, s)| m - k * s).collect();
    [upper, mid, lower]
}

/// Residual over its own rolling deviation; NaN where the deviation is missing or zero.
pub fn standardise(residual: &[f64], w: usize) -> Vec<f64> {
    let std = rolling_std(residual, w);
    residual.iter().zip(&std).map(|(r, s)| if s.is_nan() || *s == 0.0 { f64::NAN } else { r / s }).collect()
}
