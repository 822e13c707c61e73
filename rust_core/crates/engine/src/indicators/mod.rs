//! Indicator columns. Each function takes a whole series and returns one value per bar, NaN where there is none.
//!
//! The order of the floating-point operations is part of the specification: it decides trades.

pub mod bands;
mod bounds;
mod candidates;
mod deviation;
pub mod logarithms;
pub mod oscillators;
pub mod z_score;

use omega_contract::inputs::Ohlc;

pub use candidates::BarSet;
pub use deviation::DeviationRule;

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

/// Exponential moving average with weight `alpha`. A value equal to the output leaves it as it is, to the last bit.
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
                Some(y) if y == v => y,
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
        if !before.is_nan() && !tr.is_nan() {
            tr = tr.max((h - before).abs()).max((l - before).abs());
        }
        before = *c;
        tr
    })
}

/// Wilder's average true range at each bar.
fn average_ranges(high: &[f64], low: &[f64], close: &[f64], length: usize) -> impl Iterator<Item = f64> {
    let (mut seen, mut value) = (0, 0.0);
    let (before, divisor) = (length as f64 - 1.0, length as f64);
    true_range(high, low, close).map(move |tr| {
        if seen < length {
            // The first average is a plain mean, from the first range on that is a number.
            if seen == 0 && !tr.is_finite() {
                return f64::NAN;
            }
            seen += 1;
            value += tr;
            if seen < length {
                return f64::NAN;
            }
            value /= divisor;
        } else if tr.is_finite() {
            value = (value * before + tr) / divisor;
        }
        value
    })
}

/// Wilder's average true range.
pub fn atr(high: &[f64], low: &[f64], close: &[f64], length: usize) -> Vec<f64> {
    average_ranges(high, low, close, length).collect()
}

/// Filtered means of a random walk seen with noise (Kalman 1960, one dimension).
fn filtered_means(x: &[f64], noise: f64, drift: f64) -> impl Iterator<Item = f64> {
    let (mut estimate, mut variance) = (f64::NAN, noise);
    let (mut gain, mut started, mut settled) = (0.0, false, false);
    x.iter().map(move |v| {
        if !started {
            if v.is_finite() {
                (started, estimate) = (true, *v);
            }
            return estimate;
        }
        // The gain does not depend on the data; once the variance repeats itself, so does everything after it.
        if !settled {
            let before = variance;
            let predicted = variance + drift;
            gain = predicted / (predicted + noise);
            variance = (1.0 - gain) * predicted;
            settled = variance == before;
        }
        estimate += gain * (v - estimate);
        estimate
    })
}

/// Filtered mean of a random walk seen with noise (Kalman 1960, one dimension).
pub fn kalman_mean(x: &[f64], noise: f64, drift: f64) -> Vec<f64> {
    filtered_means(x, noise, drift).collect()
}

/// Distances of a series from its `kalman_mean`.
pub fn kalman_residual(x: &[f64], noise: f64, drift: f64) -> Vec<f64> {
    residuals(x, noise, drift).collect()
}

fn residuals(x: &[f64], noise: f64, drift: f64) -> impl Iterator<Item = f64> {
    x.iter().zip(filtered_means(x, noise, drift)).map(|(v, mean)| v - mean)
}

/// `atr` of candles and `kalman_residual` of their closes in one pass. Each is one long chain of operations that wait
/// for each other, and two chains side by side take the time of one.
pub fn atr_and_kalman_residual(candles: &Ohlc, length: usize, noise: f64, drift: f64) -> (Vec<f64>, Vec<f64>) {
    let ranges = average_ranges(&candles.high, &candles.low, &candles.close, length);
    ranges.zip(residuals(&candles.close, noise, drift)).unzip()
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
    fn an_ema_stays_on_values_that_do_not_change() {
        assert_eq!(ema(&[1.08769; 9], 5), [1.08769; 9]);
    }

    #[test]
    fn atr_starts_with_the_mean_of_the_first_ranges() {
        let out = atr(&[2.0, 3.0, 4.0], &[1.0, 1.0, 1.0], &[1.5, 2.0, 3.0], 2);
        assert!(out[0].is_nan());
        assert_eq!(out[1..], [1.5, 2.25]);
    }

    #[test]
    fn both_in_one_pass_are_what_each_is_alone() {
        let close: Vec<f64> = (0..200).map(|i| if i % 37 == 25 { f64::NAN } else { f64::from(i * 7 % 13) }).collect();
        let (high, low): (Vec<f64>, Vec<f64>) = close.iter().map(|c| (c + 1.5, c - 0.25)).unzip();
        let candles = Ohlc {
            open: close.clone().into(),
            high: high.clone().into(),
            low: low.clone().into(),
            close: close.clone().into(),
        };
        let bits = |x: &[f64]| x.iter().map(|v| v.to_bits()).collect::<Vec<u64>>();
        let (range, residual) = atr_and_kalman_residual(&candles, 14, 0.5, 0.1);
        let mean = kalman_mean(&close, 0.5, 0.1);
        let distances: Vec<f64> = close.iter().zip(&mean).map(|(v, mean)| v - mean).collect();
        assert_eq!(bits(&range), bits(&atr(&high, &low, &close, 14)));
        assert_eq!(bits(&residual), bits(&distances));
        assert!(range[20].is_finite() && residual[4].is_finite());
    }

    #[test]
    fn a_higher_bar_that_comes_back_after_being_stale_is_not_a_new_one() {
        let close = [1.0, 2.0];
        let bias = higher_bias(&close, &[Some(0), None, Some(0), Some(1)], 3);
        assert_eq!(bias, [0, 0, 0, 1]);
    }
}
