//! The sample standard deviation of a trailing window, by either rule: over the window alone, or running from the
//! first value on.

/// Which of a window's values its deviation depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviationRule {
    /// On all values from the first one on, by the rounding that a running sum carries along.
    Running,
    /// On those of the window alone.
    Window,
}

/// Deviations of the trailing windows of one series.
#[derive(Debug)]
pub(super) enum Deviations {
    /// Computed where they are asked for: two passes cost the window's length. `bounds` says where nobody asks.
    OnDemand,
    /// Computed in one go, because each depends on all values before it.
    Known(Vec<f64>),
}

impl Deviations {
    pub(super) fn new(x: &[f64], window: usize, rule: DeviationRule) -> Self {
        match rule {
            DeviationRule::Running => Self::Known(running(x, window)),
            DeviationRule::Window => Self::OnDemand,
        }
    }

    /// Deviation of the window of `x` that ends at bar `i`; NaN before the first full window.
    pub(super) fn at(&self, x: &[f64], window: usize, i: usize) -> f64 {
        match self {
            Self::OnDemand => at(x, window, i),
            Self::Known(deviations) => deviations[i],
        }
    }
}

/// Sample standard deviation of one window: mean first, then squared deviations, left to right.
fn deviation(window: &[f64]) -> f64 {
    let (mut low, mut high, mut sum) = (f64::INFINITY, f64::NEG_INFINITY, 0.0);
    for &x in window {
        low = low.min(x);
        high = high.max(x);
        sum += x;
    }
    if sum.is_nan() || window.len() < 2 {
        return f64::NAN;
    }
    if low == high {
        return 0.0;
    }
    let mean = sum / window.len() as f64;
    let mut squares = 0.0;
    for &x in window {
        squares += (x - mean) * (x - mean);
    }
    (squares / (window.len() - 1) as f64).sqrt()
}

/// Deviation of the window that ends at bar `i`; NaN before the first full window.
pub(super) fn at(x: &[f64], window: usize, i: usize) -> f64 {
    match (i + 1).checked_sub(window) {
        Some(first) => deviation(&x[first..=i]),
        None => f64::NAN,
    }
}

/// Mean and sum of squared deviations, to which a value is added or from which one is taken (Welford 1962). As in the
/// sliding sum, arriving and leaving values have corrections of their own. Missing values are passed over.
struct RunningSquares {
    count: usize,
    mean: f64,
    squares: f64,
    add_error: f64,
    drop_error: f64,
    last: f64,
    repeats: usize,
}

impl RunningSquares {
    fn new() -> Self {
        Self { count: 0, mean: 0.0, squares: 0.0, add_error: 0.0, drop_error: 0.0, last: f64::NAN, repeats: 0 }
    }

    fn drop_value(&mut self, v: f64) {
        if !v.is_finite() {
            return;
        }
        self.count -= 1;
        if self.count == 0 {
            // The corrections stay, as the legacy engine's do.
            (self.mean, self.squares) = (0.0, 0.0);
            return;
        }
        let before = self.mean - self.drop_error;
        let y = v - self.drop_error;
        let t = y - self.mean;
        self.drop_error = t + self.mean - y;
        self.mean -= t / self.count as f64;
        self.squares -= (v - before) * (v - self.mean);
    }

    fn add_value(&mut self, v: f64) {
        if !v.is_finite() {
            return;
        }
        self.count += 1;
        self.repeats = if v == self.last { self.repeats + 1 } else { 1 };
        self.last = v;
        let before = self.mean - self.add_error;
        let y = v - self.add_error;
        let t = y - self.mean;
        self.add_error = t + self.mean - y;
        self.mean += t / self.count as f64;
        self.squares += (v - before) * (v - self.mean);
    }

    /// Deviation of a window of that many values; NaN while one of them is missing.
    fn deviation(&self, window: usize) -> f64 {
        if self.count < window || window < 2 {
            return f64::NAN;
        }
        if self.repeats >= window {
            return 0.0;
        }
        // Rounding may leave less than nothing.
        (self.squares / (window - 1) as f64).max(0.0).sqrt()
    }
}

/// Deviations of all windows of a series, one for each bar, from sums that run from the first value on.
fn running(x: &[f64], window: usize) -> Vec<f64> {
    let mut squares = RunningSquares::new();
    let mut out = Vec::with_capacity(x.len());
    for i in 0..x.len() {
        if i >= window {
            squares.drop_value(x[i - window]);
        }
        squares.add_value(x[i]);
        out.push(squares.deviation(window));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicators::bounds::walk;

    #[test]
    fn a_constant_window_has_no_deviation() {
        assert_eq!(at(&[0.1, 0.3, 0.3, 0.3], 3, 3), 0.0);
    }

    #[test]
    fn a_window_that_is_not_full_or_holds_one_value_has_no_deviation_that_is_a_number() {
        assert!(at(&[1.0, 2.0], 3, 1).is_nan() && at(&[1.0, 2.0], 1, 1).is_nan());
        assert_eq!(at(&[1.0, 2.0, 4.0], 2, 2), 2.0f64.sqrt());
        let one = running(&[1.0, 2.0], 1);
        let three = running(&[1.0, 2.0, 4.0], 3);
        assert!(one.iter().all(|d| d.is_nan()) && three[..2].iter().all(|d| d.is_nan()) && three[2] > 0.0);
    }

    #[test]
    fn both_rules_agree_but_for_rounding() {
        let mut x = walk(2_800);
        x[1_000] = f64::NAN;
        for window in [2, 3, 20, 300] {
            let (mut near, mut apart) = (0, 0);
            for (i, found) in running(&x, window).into_iter().enumerate() {
                let exact = at(&x, window, i);
                assert_eq!(found.is_nan(), exact.is_nan(), "window {window}, bar {i}");
                near += usize::from((found - exact).abs() <= 1e-9 * exact);
                apart += usize::from(found.to_bits() != exact.to_bits() && !exact.is_nan());
            }
            assert!(near > 1_000 && apart > 100, "window {window}: {near} near, {apart} apart");
        }
    }

    #[test]
    fn a_running_deviation_remembers_values_that_have_left_the_window_and_a_flat_window_forgets_them() {
        let x = [1.0e6, 0.1, 0.3, 0.2, 0.3, 0.3, 0.3];
        let (running, window) = (running(&x, 3), [4, 6].map(|i| at(&x, 3, i)));
        assert_ne!(running[4], window[0]);
        assert_eq!([running[6], window[1]], [0.0; 2]);
    }
}
