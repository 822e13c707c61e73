//! Bollinger rule: whether a price lies on or outside a band around its mean.

use std::borrow::Cow;

use omega_contract::strategy::Direction;

use super::bounds::has_windows;
use super::candidates::{BarSet, Candidates, flags};
use super::deviation::{DeviationRule, Deviations};
use super::{SlidingSum, sma};

/// Bollinger bands: a mean, and `factor` deviations on both sides of it.
pub struct Bands<'a> {
    x: Cow<'a, [f64]>,
    mid: Vec<f64>,
    factor: f64,
    window: usize,
    deviations: Deviations,
    candidates: Candidates,
}

impl<'a> Bands<'a> {
    /// Of a series; the mean runs from its first value.
    pub fn new(x: impl Into<Cow<'a, [f64]>>, window: usize, factor: f64, rule: DeviationRule) -> Self {
        let x = x.into();
        let deviations = Deviations::new(&x, window, rule);
        let mut bands = Self { x, mid: vec![], factor, window, deviations, candidates: Candidates::none(0) };
        match rule {
            DeviationRule::Window => (bands.mid, bands.candidates) = bounded(&bands.x, window, factor),
            DeviationRule::Running => {
                bands.mid = sma(&bands.x, window);
                bands.candidates = Candidates::known(bands.x.len(), |i, direction| bands.crossed(i, direction));
            }
        }
        bands
    }

    /// The mean at one bar.
    pub fn mid(&self, i: usize) -> f64 {
        self.mid[i]
    }

    /// The lower band for longs, the upper band for shorts.
    pub fn edge(&self, i: usize, direction: Direction) -> f64 {
        let width = self.deviations.at(&self.x, self.window, i);
        let sign = if direction == Direction::Long { -1.0 } else { 1.0 };
        self.mid[i] + sign * (self.factor * width)
    }

    /// Bars at which the series may lie on or outside its band; at no other bar does it.
    pub fn candidates(&self, direction: Direction) -> &BarSet {
        self.candidates.of(direction)
    }

    /// Whether the series itself lies on or outside the lower band (long) or the upper band (short).
    pub fn outside(&self, i: usize, direction: Direction) -> bool {
        self.candidates.decide(i, direction, || self.crossed(i, direction))
    }

    fn crossed(&self, i: usize, direction: Direction) -> bool {
        crosses(self.x[i], self.edge(i, direction), direction)
    }
}

/// Means of a series, and what the bounds of its deviations decide.
fn bounded(x: &[f64], window: usize, factor: f64) -> (Vec<f64>, Candidates) {
    let mut sum = SlidingSum::new();
    let mut mid = Vec::with_capacity(x.len());
    if !has_windows(x.len(), window) {
        return (sma(x, window), Candidates::none(x.len()));
    }
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
    let decide = |x: f64, mid: f64, lower: f64, upper: f64| {
        let (least, most) = (factor * lower, factor * upper);
        flags([x > mid - least, x < mid + least], [x <= mid - most, x >= mid + most])
    };
    // A negative factor turns the bands round, so the bounds decide nothing.
    let bounded = [factor >= 0.0; 2];
    let candidates = Candidates::bounded(x, window, bounded, mean, |means| mid.extend_from_slice(means), decide);
    (mid, candidates)
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
    use crate::indicators::bounds::{steps, walk};

    const DIRECTIONS: [Direction; 2] = [Direction::Long, Direction::Short];

    const RULES: [DeviationRule; 2] = [DeviationRule::Running, DeviationRule::Window];

    #[test]
    fn the_fast_path_gives_the_answers_of_the_full_computation() {
        let x = walk(7_000);
        for rule in RULES {
            let (mut outside, mut passed_over, mut certain) = (0, 0, 0);
            for window in [2, 20, 100] {
                for factor in [1.8, -0.6, f64::MIN_POSITIVE] {
                    let bands = Bands::new(&x[..], window, factor, rule);
                    for (i, price) in x.iter().enumerate() {
                        for direction in DIRECTIONS {
                            let full = crosses(*price, bands.edge(i, direction), direction);
                            assert_eq!(bands.outside(i, direction), full, "{rule:?}, window {window}, bar {i}");
                            outside += usize::from(full);
                            passed_over += usize::from(!bands.candidates(direction).contains(i));
                            certain += usize::from(bands.candidates.is_certain(i, direction));
                        }
                    }
                }
            }
            assert!(outside > 1_000 && passed_over > 10_000 && certain > 1_000, "{outside} {passed_over} {certain}");
        }
    }

    #[test]
    fn the_fast_path_is_exact_where_prices_differ_by_their_last_digits() {
        for rule in RULES {
            let mut outside = 0;
            for scale in [1e-15, 1e-14, 1e-13, 1e-12] {
                let x = steps(4_000, |_| scale);
                for window in [20, 300, 2_000] {
                    let bands = Bands::new(&x[..], window, 1.5, rule);
                    for (i, price) in x.iter().enumerate() {
                        let full = crosses(*price, bands.edge(i, Direction::Long), Direction::Long);
                        assert_eq!(bands.outside(i, Direction::Long), full, "scale {scale}, window {window}, bar {i}");
                        outside += usize::from(full);
                    }
                }
            }
            assert!(outside > 1_000, "{outside}");
        }
    }

    #[test]
    fn a_price_on_a_band_of_the_one_rule_may_lie_inside_that_of_the_other() {
        // The window is flat but for a rounding that values before it have left behind.
        let x = [1.0e6, 0.1, 0.3, 0.2, 0.3];
        let found = RULES.map(|rule| Bands::new(&x[..], 3, 1.0, rule).edge(4, Direction::Long).to_bits());
        assert_ne!(found[0], found[1]);
    }

    #[test]
    fn means_computed_with_the_bounds_are_simple_moving_averages() {
        let mut x = walk(3_000);
        x[1_700] = f64::NAN;
        let bits = |x: &[f64]| x.iter().map(|v| v.to_bits()).collect::<Vec<u64>>();
        for window in [1, 2, 20, 600, 3_000, 3_001] {
            assert_eq!(
                bits(&Bands::new(&x[..], window, 2.0, DeviationRule::Window).mid),
                bits(&sma(&x, window)),
                "window {window}"
            );
        }
    }

    #[test]
    fn no_price_is_outside_while_a_value_of_its_window_is_missing() {
        let mut x = walk(300);
        x[100] = f64::NAN;
        for rule in RULES {
            let bands = Bands::new(&x[..], 20, 0.0, rule);
            for i in 100..120 {
                assert!(DIRECTIONS.iter().all(|direction| !bands.outside(i, *direction)));
            }
        }
    }
}
