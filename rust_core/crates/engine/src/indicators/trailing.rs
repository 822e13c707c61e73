//! Deviations of trailing windows, computed only where they are asked for.
//!
//! The specification wants two passes over each window, which costs the window's length at every bar. A rule asks
//! whether a price lies outside a multiple of the deviation, and mostly it does not by far. So a lower bound of every
//! deviation is computed from running sums in one pass; where the bound already answers the question, nothing more is
//! done; where an upper bound answers it the other way, neither; and only in the sliver between the two the window is
//! computed as specified. The answers are the same, bit for bit.

use std::borrow::Cow;

use omega_contract::strategy::Direction;

use super::marks::{Known, Marks, STRETCH, answers};
use super::{SlidingSum, sma};

/// Bars after which the running sums start afresh, which bounds their rounding error.
const BLOCK: usize = STRETCH;
/// Share by which a bound stays below what it bounds; far above the rounding of either computation.
const MARGIN: f64 = 1.0 - 1e-6;
/// What takes a lower bound above what it bounds, but for the allowance.
const STRETCHED: f64 = 1.0 / (MARGIN * MARGIN);

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

/// Bars that end a full window, with what was found about them.
struct Stretch<'a, T> {
    /// The first of them.
    start: usize,
    /// For each a number that its window's deviation does not lie below.
    bounds: &'a [f64],
    /// The allowance for rounding that is in the bounds (see `above`).
    allowance: f64,
    /// What `beside` said at each.
    beside: &'a [T],
}

/// Whether there is a window of which a deviation could be told.
fn has_windows(bars: usize, window: usize) -> bool {
    (2..=bars).contains(&window)
}

/// Calls `each` with stretches of bars that end a full window.
///
/// The running sums wait for themselves most of the time, so `beside`, which is called at each bar with the value that
/// enters the window and the one that leaves it afterwards, costs little more than nothing.
///
/// With y = x - x\[block start\], the variance is (sum y^2 - (sum y)^2 / w) / (w - 1). Each of at most `BLOCK + w`
/// additions errs by half an ulp of a sum that is at most w * peak^2, which gives `slack` below with a factor of two
/// to spare.
fn lower_bounds<T: Copy + Default>(
    x: &[f64],
    window: usize,
    mut beside: impl FnMut(f64, f64) -> T,
    mut each: impl FnMut(Stretch<T>),
) {
    if !has_windows(x.len(), window) {
        return;
    }
    let (share, rest) = (1.0 / window as f64, 1.0 / (window - 1) as f64);
    let slack = 16.0 * (BLOCK + window) as f64 * f64::EPSILON;
    let (mut variance, mut said) = ([0.0; BLOCK], [T::default(); BLOCK]);
    for start in (window - 1..x.len()).step_by(BLOCK) {
        let origin = x[start];
        let (mut sum, mut squares, mut peak) = (0.0, 0.0, 0.0f64);
        for v in &x[start + 1 - window..start] {
            let y = v - origin;
            (sum, squares, peak) = (sum + y, squares + y * y, peak.max(y * y));
        }
        let end = (start + BLOCK).min(x.len());
        let pairs = x[start..end].iter().zip(&x[start + 1 - window..]);
        for (((new, old), out), said) in pairs.zip(&mut variance).zip(&mut said) {
            *said = beside(*new, *old);
            let (y, left) = (new - origin, old - origin);
            (sum, squares, peak) = (sum + y, squares + y * y, peak.max(y * y));
            *out = (squares - sum * sum * share) * rest;
            (sum, squares) = (sum - left, squares - left * left);
        }
        let bounds = &mut variance[..end - start];
        for value in bounds.iter_mut() {
            // `max` turns NaN into a bound of 0, which is a bound as well.
            *value = (*value - slack * peak).max(0.0).sqrt() * MARGIN;
        }
        each(Stretch { start, bounds, allowance: slack * peak, beside: &said[..end - start] });
    }
}

/// Numbers that the deviations with these lower bounds do not lie above: each is `bound * STRETCHED` plus this.
///
/// A bound is MARGIN times the square root of the variance less the allowance, so the deviation is at most
/// sqrt((bound / MARGIN)^2 + 2 * allowance), and a root of a sum is at most the sum of the roots.
fn above(allowance: f64) -> f64 {
    (2.0 * allowance).sqrt() * STRETCHED
}

/// Distance from a centre in deviations of that distance.
pub struct ZScore {
    residual: Vec<f64>,
    window: usize,
    thresholds: [f64; 2],
    known: Known,
}

impl ZScore {
    /// Of `x` around `centre`, both of one length.
    pub fn around(x: &[f64], centre: &[f64], window: usize, thresholds: [f64; 2]) -> Self {
        Self::new(x.iter().zip(centre).map(|(v, c)| v - c).collect(), window, thresholds)
    }

    /// Of distances from the centre; `thresholds` are those of longs and of shorts.
    pub fn new(residual: Vec<f64>, window: usize, thresholds: [f64; 2]) -> Self {
        let [long, short] = thresholds;
        let mut known = Known::nothing(residual.len());
        // With a threshold on the other side of zero a wider deviation makes a hit likelier: no bound helps.
        let helps = [long < 0.0, short > 0.0];
        let nothing = |_, _| ();
        lower_bounds(&residual, window, nothing, |Stretch { start, bounds, allowance, .. }| {
            let more = above(allowance);
            let found = residual[start..].iter().zip(bounds).map(|(r, bound)| {
                let (most, told) = (bound * STRETCHED + more, *bound > 0.0);
                let inside = [*r > long * bound, *r < short * bound];
                answers(inside, [told & (*r <= long * most), told & (*r >= short * most)])
            });
            known.note(start, helps, found);
        });
        Self { residual, window, thresholds, known }
    }

    /// The score of one bar; NaN where the deviation is zero or unknown.
    pub fn at(&self, i: usize) -> f64 {
        let width = deviation_at(&self.residual, self.window, i);
        if width > 0.0 { self.residual[i] / width } else { f64::NAN }
    }

    /// Bars whose score may be beyond its threshold; none is left out wrongly.
    pub fn maybe(&self, direction: Direction) -> &Marks {
        self.known.maybe.of(direction)
    }

    /// Whether the score is finite and not above (long) or not below (short) its threshold.
    pub fn beyond(&self, i: usize, direction: Direction) -> bool {
        let threshold = self.thresholds[usize::from(direction == Direction::Short)];
        self.maybe(direction).at(i)
            && (self.known.surely.of(direction).at(i) || beyond(self.at(i), threshold, direction))
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
pub struct Bands<'a> {
    x: Cow<'a, [f64]>,
    mid: Vec<f64>,
    factor: f64,
    window: usize,
    known: Known,
}

impl<'a> Bands<'a> {
    /// Of a series; the mean runs from its first value.
    pub fn new(x: impl Into<Cow<'a, [f64]>>, window: usize, factor: f64) -> Self {
        let x = x.into();
        let mut known = Known::nothing(x.len());
        if !has_windows(x.len(), window) {
            return Self { mid: sma(&x, window), x, factor, window, known };
        }
        let mut sum = SlidingSum::new();
        let mut mid = Vec::with_capacity(x.len());
        for v in &x[..window - 1] {
            sum.add_value(*v);
            mid.push(sum.mean(window));
        }
        let mean = |new, old| {
            sum.add_value(new);
            let mean = sum.mean(window);
            sum.drop_value(old);
            mean
        };
        // A negative width turns the bands round, and then no bound helps.
        let helps = factor >= 0.0;
        lower_bounds(&x, window, mean, |Stretch { start, bounds, allowance, beside: means }| {
            mid.extend_from_slice(means);
            let more = above(allowance);
            let found = x[start..].iter().zip(means).zip(bounds).map(|((x, mid), bound)| {
                let (reach, most) = (factor * bound, factor * (bound * STRETCHED + more));
                answers([*x > mid - reach, *x < mid + reach], [*x <= mid - most, *x >= mid + most])
            });
            known.note(start, [helps; 2], found);
        });
        Self { x, mid, factor, window, known }
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

    /// Bars on which the series may lie on or outside its band; none is left out wrongly.
    pub fn maybe(&self, direction: Direction) -> &Marks {
        self.known.maybe.of(direction)
    }

    /// Whether the series itself lies on or outside the lower band (long) or the upper band (short).
    pub fn outside(&self, i: usize, direction: Direction) -> bool {
        self.maybe(direction).at(i)
            && (self.known.surely.of(direction).at(i) || crosses(self.x[i], self.edge(i, direction), direction))
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
            let exact = rolling_deviation(&x, window);
            let (mut close, mut seen) = (0, 0);
            let nothing = |_, _| ();
            lower_bounds(&x, window, nothing, |Stretch { start, bounds, allowance, .. }| {
                for (i, bound) in bounds.iter().enumerate() {
                    let exact = exact[start + i];
                    assert!(*bound <= exact, "window {window}, bar {}: {bound} > {exact}", start + i);
                    let above = bound * STRETCHED + above(allowance);
                    assert!(above >= exact, "window {window}, bar {}: {above} < {exact}", start + i);
                    close += usize::from(*bound > 0.99 * exact && above < 1.01 * exact);
                    seen += 1;
                }
            });
            assert_eq!(seen, x.len() + 1 - window);
            assert!(close > x.len() / 4, "window {window}: only {close} bounds are close");
        }
    }

    #[test]
    fn shortcuts_give_the_answers_of_the_full_computation() {
        let x = walk(7_000);
        let (mut hits, mut outside, mut spared, mut sure) = (0, 0, 0, 0);
        for window in [2, 20, 100] {
            for thresholds in [[-1.5, 1.5], [0.5, -0.5], [-1.0, f64::MIN_POSITIVE]] {
                let z = ZScore::around(&x, &sma(&x, 5), window, thresholds);
                let bands = Bands::new(&x[..], window, thresholds[1] * 1.2);
                for (i, price) in x.iter().enumerate() {
                    for (direction, threshold) in [(Direction::Long, thresholds[0]), (Direction::Short, thresholds[1])]
                    {
                        let full = beyond(z.at(i), threshold, direction);
                        assert_eq!(z.beyond(i, direction), full, "window {window}, bar {i}");
                        hits += usize::from(full);
                        let full = crosses(*price, bands.edge(i, direction), direction);
                        assert_eq!(bands.outside(i, direction), full, "window {window}, bar {i}");
                        outside += usize::from(full);
                        spared += usize::from(!z.maybe(direction).at(i));
                        sure +=
                            usize::from(z.known.surely.of(direction).at(i) && bands.known.surely.of(direction).at(i));
                    }
                }
            }
        }
        assert!(hits > 1_000 && outside > 1_000, "{hits} {outside}");
        assert!(spared > 10_000 && sure > 100, "{spared} {sure}");
    }

    #[test]
    fn means_beside_bounds_are_simple_moving_averages() {
        let mut x = walk(3_000);
        x[1_700] = f64::NAN;
        let bits = |x: &[f64]| x.iter().map(|v| v.to_bits()).collect::<Vec<u64>>();
        for window in [1, 2, 20, 600, 3_000, 3_001] {
            assert_eq!(bits(&Bands::new(&x[..], window, 2.0).mid), bits(&sma(&x, window)), "window {window}");
        }
    }

    #[test]
    fn a_missing_value_makes_every_window_that_holds_it_answer_no() {
        let mut x = walk(300);
        x[100] = f64::NAN;
        let z = ZScore::around(&x, &[1.0; 300], 20, [0.5, 0.5]);
        let bands = Bands::new(&x[..], 20, 0.0);
        for i in 100..120 {
            assert!(z.at(i).is_nan());
            assert!(!z.beyond(i, Direction::Long) && !bands.outside(i, Direction::Short));
        }
    }

    #[test]
    fn a_constant_window_has_no_deviation_and_no_score() {
        let x = [0.1, 0.3, 0.3, 0.3];
        assert_eq!(rolling_deviation(&x, 3)[3], 0.0);
        assert!(ZScore::around(&x, &[0.0; 4], 3, [-1.0, 1.0]).at(3).is_nan());
    }
}
