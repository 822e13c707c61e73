//! Deviations of trailing windows, computed only where they are asked for.
//!
//! The specification wants two passes over each window, which costs the window's length at every bar. A rule asks
//! whether a price lies outside a multiple of the deviation, and mostly it does not by far. So a lower bound of every
//! deviation is computed from running sums in one pass; where the bound already answers the question, nothing more is
//! done, and everywhere else the window is computed as specified. The answers are the same, bit for bit.

use omega_contract::strategy::Direction;

use super::sma;

/// Bars after which the running sums start afresh, which bounds their rounding error.
const BLOCK: usize = 512;
/// Share by which a bound stays below what it bounds; far above the rounding of either computation.
const MARGIN: f64 = 1.0 - 1e-6;

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

/// Rolling sample standard deviation as specified; NaN before the first full window.
pub fn rolling_deviation(x: &[f64], window: usize) -> Vec<f64> {
    (0..x.len()).map(|i| deviation_at(x, window, i)).collect()
}

fn deviation_at(x: &[f64], window: usize, i: usize) -> f64 {
    match (i + 1).checked_sub(window) {
        Some(first) => deviation(&x[first..=i]),
        None => f64::NAN,
    }
}

/// A number that no deviation of the window ending at each bar lies below. NaN where a value is missing, which
/// answers no comparison.
///
/// With y = x - x\[block start\], the variance is (sum y^2 - (sum y)^2 / w) / (w - 1). Each of at most `BLOCK + w`
/// additions errs by half an ulp of a sum that is at most w * peak^2, which gives `slack` below with a factor of two
/// to spare.
fn lower_bounds(x: &[f64], window: usize) -> Vec<f64> {
    let mut out = vec![f64::NAN; x.len()];
    if window < 2 {
        return out;
    }
    let (share, rest) = (1.0 / window as f64, 1.0 / (window - 1) as f64);
    let slack = 16.0 * (BLOCK + window) as f64 * f64::EPSILON;
    let mut start = window - 1;
    while start < x.len() {
        let origin = x[start];
        let (mut sum, mut squares, mut peak) = (0.0, 0.0, 0.0f64);
        let mut add = |y: f64, sum: &mut f64, squares: &mut f64| {
            *sum += y;
            *squares += y * y;
            peak = peak.max(y * y);
        };
        for &v in &x[start + 1 - window..start] {
            add(v - origin, &mut sum, &mut squares);
        }
        let end = (start + BLOCK).min(x.len());
        // The value that leaves is one bar behind the window: the first one leaves after the first bound.
        for i in start..end {
            add(x[i] - origin, &mut sum, &mut squares);
            let variance = (squares - sum * sum * share) * rest;
            out[i] = variance;
            let left = x[i + 1 - window] - origin;
            sum -= left;
            squares -= left * left;
        }
        let allowance = slack * peak;
        for bound in &mut out[start..end] {
            *bound = (*bound - allowance).max(0.0).sqrt() * MARGIN;
        }
        start = end;
    }
    // `max` swallows NaN: a bound of 0 there decides nothing either, except for comparisons with NaN residuals.
    out
}

/// Distance from a centre in deviations of that distance.
pub struct ZScore {
    residual: Vec<f64>,
    window: usize,
    bounds: Vec<f64>,
}

impl ZScore {
    /// Of `x` around `centre`, both of one length.
    pub fn new(x: &[f64], centre: &[f64], window: usize) -> Self {
        let residual: Vec<f64> = x.iter().zip(centre).map(|(v, c)| v - c).collect();
        let bounds = lower_bounds(&residual, window);
        Self { residual, window, bounds }
    }

    /// The score of one bar; NaN where the deviation is zero or unknown.
    pub fn at(&self, i: usize) -> f64 {
        let width = deviation_at(&self.residual, self.window, i);
        if width > 0.0 { self.residual[i] / width } else { f64::NAN }
    }

    /// Whether the score is finite and not above (long) or not below (short) a threshold.
    pub fn beyond(&self, i: usize, threshold: f64, direction: Direction) -> bool {
        let limit = threshold * self.bounds[i];
        let surely_not = match direction {
            Direction::Long => threshold < 0.0 && self.residual[i] > limit,
            Direction::Short => threshold > 0.0 && self.residual[i] < limit,
        };
        !surely_not && beyond(self.at(i), threshold, direction)
    }
}

/// Whether a score is finite and not above (long) or not below (short) a threshold.
pub fn beyond(score: f64, threshold: f64, direction: Direction) -> bool {
    score.is_finite()
        && match direction {
            Direction::Long => score <= threshold,
            Direction::Short => score >= threshold,
        }
}

/// Bollinger bands: a mean, and `factor` deviations on both sides of it.
pub struct Bands {
    x: Vec<f64>,
    mid: Vec<f64>,
    factor: f64,
    window: usize,
    bounds: Vec<f64>,
}

impl Bands {
    /// Of a series; the mean runs from its first value.
    pub fn new(x: &[f64], window: usize, factor: f64) -> Self {
        Self { mid: sma(x, window), bounds: lower_bounds(x, window), x: x.to_vec(), factor, window }
    }

    /// The mean at one bar.
    pub fn mid(&self, i: usize) -> f64 {
        self.mid[i]
    }

    /// The lower band for longs, the upper band for shorts.
    pub fn edge(&self, i: usize, direction: Direction) -> f64 {
        let width = deviation_at(&self.x, self.window, i);
        let sign = if direction == Direction::Long { -1.0 } else { 1.0 };
        self.mid[i] + sign * (self.factor * width)
    }

    /// Whether the series itself lies on or outside the lower band (long) or the upper band (short).
    pub fn outside(&self, i: usize, direction: Direction) -> bool {
        let (x, reach) = (self.x[i], self.factor * self.bounds[i]);
        let surely_not = self.factor >= 0.0
            && match direction {
                Direction::Long => x > self.mid[i] - reach,
                Direction::Short => x < self.mid[i] + reach,
            };
        !surely_not && crosses(x, self.edge(i, direction), direction)
    }
}

/// Whether a price lies on or outside an edge.
pub fn crosses(price: f64, edge: f64, direction: Direction) -> bool {
    match direction {
        Direction::Long => price <= edge,
        Direction::Short => price >= edge,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A walk with quiet, flat and wild stretches, without any library.
    fn walk(n: usize) -> Vec<f64> {
        let mut state = 1u64;
        let mut price = 1.1;
        (0..n)
            .map(|i| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let noise = (state >> 33) as f64 / f64::from(1u32 << 31) - 0.5;
                let scale = [1e-5, 0.0, 1e-3, 1e-9, 3.0][i / 700 % 5];
                price = (price + noise * scale).max(1e-3);
                price
            })
            .collect()
    }

    #[test]
    fn a_bound_never_lies_above_the_deviation_and_is_close_to_it_where_it_matters() {
        let x = walk(7_000);
        for window in [2, 3, 20, 100, 600] {
            let (exact, bound) = (rolling_deviation(&x, window), lower_bounds(&x, window));
            let mut close = 0;
            for i in window - 1..x.len() {
                assert!(bound[i] <= exact[i], "window {window}, bar {i}: {} > {}", bound[i], exact[i]);
                close += usize::from(bound[i] > 0.99 * exact[i]);
            }
            assert!(close > x.len() / 4, "window {window}: only {close} bounds are close");
        }
    }

    #[test]
    fn shortcuts_give_the_answers_of_the_full_computation() {
        let x = walk(7_000);
        let centre = sma(&x, 5);
        let (mut hits, mut outside) = (0, 0);
        for window in [2, 20, 100] {
            let (z, bands) = (ZScore::new(&x, &centre, window), Bands::new(&x, window, 1.5));
            for i in 0..x.len() {
                for (direction, threshold) in
                    [(Direction::Long, -1.5), (Direction::Short, 1.5), (Direction::Long, 0.5), (Direction::Short, -0.5)]
                {
                    let full = beyond(z.at(i), threshold, direction);
                    assert_eq!(z.beyond(i, threshold, direction), full, "window {window}, bar {i}");
                    hits += usize::from(full);
                    let full = crosses(x[i], bands.edge(i, direction), direction);
                    assert_eq!(bands.outside(i, direction), full, "window {window}, bar {i}");
                    outside += usize::from(full);
                }
            }
        }
        assert!(hits > 1_000 && outside > 1_000, "{hits} {outside}");
    }

    #[test]
    fn a_missing_value_makes_every_window_that_holds_it_answer_no() {
        let mut x = walk(300);
        x[100] = f64::NAN;
        let z = ZScore::new(&x, &vec![1.0; 300], 20);
        let bands = Bands::new(&x, 20, 0.0);
        for i in 100..120 {
            assert!(z.at(i).is_nan());
            assert!(!z.beyond(i, 0.5, Direction::Long) && !bands.outside(i, Direction::Short));
        }
    }

    #[test]
    fn a_constant_window_has_no_deviation_and_no_score() {
        let x = [0.1, 0.3, 0.3, 0.3];
        assert_eq!(rolling_deviation(&x, 3)[3], 0.0);
        assert!(ZScore::new(&x, &[0.0; 4], 3).at(3).is_nan());
    }
}
