//! Indicator columns. Each function takes a whole series and returns one value per bar, NaN where there is none.
//!
//! The order of the floating-point operations is part of the specification: it decides trades.

pub mod oscillators;
pub mod trailing;

use omega_contract::faults::{Fault, planted};

/// Compensated sliding sum: separate corrections for arriving and for leaving values (Kahan 1965, twice).
struct SlidingSum {
    sum: f64,
    add_error: f64,
    drop_error: f64,
    count: usize,
    last: f64,
    repeats: usize,
}

impl SlidingSum {
    fn new() -> Self {
        Self { sum: 0.0, add_error: 0.0, drop_error: 0.0, count: 0, last: f64::NAN, repeats: 0 }
    }

    fn drop_value(&mut self, v: f64) {
        if v.is_nan() {
            return;
        }
        let y = -v - self.drop_error;
        let t = self.sum + y;
        self.drop_error = t - self.sum - y;
        self.sum = t;
        self.count -= 1;
    }

    fn add_value(&mut self, v: f64) {
        if v.is_nan() {
            return;
        }
        let y = v - self.add_error;
        let t = self.sum + y;
        self.add_error = t - self.sum - y;
        self.sum = t;
        self.count += 1;
        self.repeats = if v == self.last { self.repeats + 1 } else { 1 };
        self.last = v;
    }

    fn mean(&self, window: usize) -> f64 {
        if self.count < window {
            f64::NAN
        } else if self.repeats >= window {
            self.last
        } else {
            self.sum / window as f64
        }
    }
}

/// Simple moving average, running from the first value.
pub fn sma(x: &[f64], window: usize) -> Vec<f64> {
    let mut sum = SlidingSum::new();
    let mut out = Vec::with_capacity(x.len());
    for i in 0..x.len() {
        if i >= window {
            sum.drop_value(x[i - window]);
        }
        sum.add_value(x[i]);
        out.push(sum.mean(window));
    }
    out
}

/// Exponential moving average with weight 2 / (length + 1); a gap repeats the output and lets the old weight decay.
pub fn ema(x: &[f64], length: usize) -> Vec<f64> {
    smoothed(x, 2.0 / (length as f64 + 1.0))
}

/// Exponential moving average with weight `alpha`.
fn smoothed(x: &[f64], alpha: f64) -> Vec<f64> {
    let keep = 1.0 - alpha;
    let mut level: Option<f64> = None;
    let mut old_weight = keep;
    x.iter()
        .map(|&v| {
            if v.is_nan() {
                old_weight *= keep;
                return level.unwrap_or(f64::NAN);
            }
            let next = match level {
                None => v,
                Some(y) if old_weight == keep => alpha * v + keep * y,
                Some(y) => (old_weight * y + alpha * v) / (old_weight + alpha),
            };
            old_weight = keep;
            level = Some(next);
            next
        })
        .collect()
}

/// Largest of the bar's range and its distances from the close before; NaN where high or low is missing.
fn true_range(high: &[f64], low: &[f64], close: &[f64]) -> impl Iterator<Item = f64> {
    let mut before = f64::NAN;
    high.iter().zip(low).zip(close).map(move |((h, l), c)| {
        let mut tr = (h - l).abs();
        if !before.is_nan() && !tr.is_nan() && !planted(Fault::RangeWithoutGaps) {
            tr = tr.max((h - before).abs()).max((l - before).abs());
        }
        before = *c;
        tr
    })
}

/// Wilder's average true range.
pub fn atr(high: &[f64], low: &[f64], close: &[f64], length: usize) -> Vec<f64> {
    let mut out = vec![f64::NAN; high.len()];
    let mut ranges = true_range(high, low, close).enumerate().skip_while(|(_, tr)| !tr.is_finite());
    let mut value = 0.0;
    let mut last = 0;
    for _ in 0..length {
        let Some((i, tr)) = ranges.next() else { return out };
        value += tr;
        last = i;
    }
    let (before, length) = ((length - 1) as f64, length as f64);
    value /= length;
    if value.is_nan() {
        return out;
    }
    out[last] = value;
    for (i, tr) in ranges {
        if tr.is_finite() {
            value = (value * before + tr) / length;
        }
        out[i] = value;
    }
    out
}

/// Filtered mean of a random walk seen with noise (Kalman 1960, one dimension).
pub fn kalman_mean(x: &[f64], noise: f64, drift: f64) -> Vec<f64> {
    let mut out = vec![f64::NAN; x.len()];
    let Some(first) = x.iter().position(|v| v.is_finite()) else {
        return out;
    };
    let (mut estimate, mut variance) = (x[first], if planted(Fault::KalmanStartsSure) { drift } else { noise });
    out[first] = estimate;
    let mut gain = 0.0;
    let mut settled = false;
    for i in first + 1..x.len() {
        // The gain does not depend on the data; once the variance repeats itself, so does everything after it.
        if !settled {
            let before = variance;
            let predicted = variance + drift;
            gain = predicted / (predicted + noise);
            variance = (1.0 - gain) * predicted;
            settled = variance == before;
        }
        estimate += gain * (x[i] - estimate);
        out[i] = estimate;
    }
    out
}

/// Where bars of a higher timeframe appear among the primary ones. One that comes back after having been stale is
/// not a new one.
pub struct Steps {
    /// Bars in the order of their appearance.
    bars: Vec<u32>,
    /// For each primary bar, how many have appeared so far.
    seen: Vec<usize>,
}

impl Steps {
    pub fn new(visible: &[Option<u32>]) -> Self {
        let mut bars: Vec<u32> = vec![];
        let mut seen = Vec::with_capacity(visible.len());
        for slot in visible {
            if let Some(j) = slot
                && bars.last() != Some(j)
            {
                bars.push(*j);
            }
            seen.push(bars.len());
        }
        Self { bars, seen }
    }

    /// The values of a column at the bars that appear.
    pub fn pick(&self, column: &[f64]) -> Vec<f64> {
        self.bars.iter().map(|j| column[*j as usize]).collect()
    }

    /// For each primary bar the place, among those picked, of the newest bar that has appeared.
    pub fn last(&self) -> impl Iterator<Item = Option<usize>> {
        self.seen.iter().map(|n| n.checked_sub(1))
    }

    /// Values of the bars, each shown from its appearance until the next one; NaN before the first.
    pub fn spread(&self, values: &[f64]) -> Vec<f64> {
        self.seen.iter().map(|n| n.checked_sub(1).map_or(f64::NAN, |k| values[k])).collect()
    }
}

/// Sign of close minus EMA of a higher timeframe for each primary bar: the EMA runs over bars as they first appear.
pub fn higher_bias(close: &[f64], visible: &[Option<u32>], length: usize) -> Vec<i8> {
    let steps = Steps::new(visible);
    let level = steps.spread(&ema(&steps.pick(close), length));
    let sign = |(slot, level): (&Option<u32>, &f64)| {
        let Some(j) = slot else { return 0 };
        let gap = close[*j as usize] - level;
        i8::from(gap > 0.0) - i8::from(gap < 0.0)
    };
    visible.iter().zip(&level).map(sign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_window_has_its_value_as_mean() {
        assert_eq!(sma(&[0.1, 0.3, 0.3, 0.3], 3)[3], 0.3);
    }

    #[test]
    fn an_ema_carries_over_a_gap_with_decayed_weight() {
        let y = ema(&[1.0, f64::NAN, 2.0], 3);
        assert_eq!(y[1], 1.0);
        assert_eq!(y[2], (0.25 * 1.0 + 0.5 * 2.0) / (0.25 + 0.5));
    }

    #[test]
    fn atr_starts_with_the_mean_of_the_first_ranges() {
        let out = atr(&[2.0, 3.0, 4.0], &[1.0, 1.0, 1.0], &[1.5, 2.0, 3.0], 2);
        assert!(out[0].is_nan());
        assert_eq!(out[1..], [1.5, 2.25]);
    }

    #[test]
    fn a_higher_bar_that_comes_back_after_being_stale_is_not_a_new_one() {
        let close = [1.0, 2.0];
        let bias = higher_bias(&close, &[Some(0), None, Some(0), Some(1)], 3);
        assert_eq!(bias, [0, 0, 0, 1]);
    }
}
