//! Z-score rule: whether a distance from a centre, in deviations of that distance, is beyond a threshold.

use omega_contract::strategy::Direction;

use super::candidates::{BarSet, Candidates, flags};
use super::deviation::{DeviationRule, Deviations};

/// Distance from a centre in deviations of that distance.
pub struct ZScore {
    residual: Vec<f64>,
    window: usize,
    thresholds: [f64; 2],
    deviations: Deviations,
    candidates: Candidates,
}

impl ZScore {
    /// Of `x` around `centre`, both of one length.
    pub fn around(x: &[f64], centre: &[f64], window: usize, thresholds: [f64; 2], rule: DeviationRule) -> Self {
        Self::new(x.iter().zip(centre).map(|(v, c)| v - c).collect(), window, thresholds, rule)
    }

    /// Of distances from the centre; `thresholds` are those of longs and of shorts.
    pub fn new(residual: Vec<f64>, window: usize, thresholds: [f64; 2], rule: DeviationRule) -> Self {
        let deviations = Deviations::new(&residual, window, rule);
        let mut scores = Self { residual, window, thresholds, deviations, candidates: Candidates::none(0) };
        scores.candidates = match rule {
            DeviationRule::Window => bounded(&scores.residual, window, thresholds),
            DeviationRule::Running => {
                Candidates::known(scores.residual.len(), |i, direction| scores.passes(i, direction))
            }
        };
        scores
    }

    /// The score of one bar; NaN where the deviation is zero or unknown.
    pub fn at(&self, i: usize) -> f64 {
        let width = self.deviations.at(&self.residual, self.window, i);
        if width > 0.0 { self.residual[i] / width } else { f64::NAN }
    }

    /// Bars whose score may be beyond its threshold; no other bar's is.
    pub fn candidates(&self, direction: Direction) -> &BarSet {
        self.candidates.of(direction)
    }

    /// Whether the score is finite and not above (long) or not below (short) its threshold.
    pub fn beyond(&self, i: usize, direction: Direction) -> bool {
        self.candidates.decide(i, direction, || self.passes(i, direction))
    }

    fn passes(&self, i: usize, direction: Direction) -> bool {
        let threshold = self.thresholds[usize::from(direction == Direction::Short)];
        beyond(self.at(i), threshold, direction)
    }
}

/// What the bounds of the distances' deviations decide.
fn bounded(residual: &[f64], window: usize, [long, short]: [f64; 2]) -> Candidates {
    // Across zero a wider deviation brings a score nearer to its threshold, so the bounds decide nothing.
    let bounded = [long < 0.0, short > 0.0];
    let decide = |r: f64, (): (), lower: f64, upper: f64| {
        flags([r > long * lower, r < short * lower], [r <= long * upper, r >= short * upper])
    };
    Candidates::bounded(residual, window, bounded, |_, _| (), |_| (), decide)
}

/// Whether a score is finite and not above (long) or not below (short) a threshold.
pub fn beyond(score: f64, threshold: f64, direction: Direction) -> bool {
    score.is_finite()
        && match direction {
            Direction::Long => score <= threshold,
            Direction::Short => score >= threshold,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicators::bounds::{steps, walk};
    use crate::indicators::sma;

    const DIRECTIONS: [Direction; 2] = [Direction::Long, Direction::Short];

    const RULES: [DeviationRule; 2] = [DeviationRule::Running, DeviationRule::Window];

    #[test]
    fn the_fast_path_gives_the_answers_of_the_full_computation() {
        let x = walk(7_000);
        for rule in RULES {
            let (mut hits, mut passed_over, mut certain) = (0, 0, 0);
            for window in [2, 20, 100] {
                for thresholds in [[-1.5, 1.5], [0.5, -0.5], [-1.0, f64::MIN_POSITIVE]] {
                    let z = ZScore::around(&x, &sma(&x, 5), window, thresholds, rule);
                    for i in 0..x.len() {
                        for (direction, threshold) in DIRECTIONS.into_iter().zip(thresholds) {
                            let full = beyond(z.at(i), threshold, direction);
                            assert_eq!(z.beyond(i, direction), full, "{rule:?}, window {window}, bar {i}");
                            hits += usize::from(full);
                            passed_over += usize::from(!z.candidates(direction).contains(i));
                            certain += usize::from(z.candidates.is_certain(i, direction));
                        }
                    }
                }
            }
            assert!(hits > 1_000 && passed_over > 10_000 && certain > 1_000, "{hits} {passed_over} {certain}");
        }
    }

    #[test]
    fn the_fast_path_is_exact_where_values_differ_by_their_last_digits() {
        for rule in RULES {
            let mut hits = 0;
            for scale in [1e-15, 1e-14, 1e-13, 1e-12] {
                let x = steps(4_000, |_| scale);
                for window in [20, 300, 2_000] {
                    let z = ZScore::new(x.clone(), window, [-1.5, 1.5], rule);
                    for i in 0..x.len() {
                        let full = beyond(z.at(i), 1.5, Direction::Short);
                        assert_eq!(z.beyond(i, Direction::Short), full, "scale {scale}, window {window}, bar {i}");
                        hits += usize::from(full);
                    }
                }
            }
            assert!(hits > 1_000, "{hits}");
        }
    }

    #[test]
    fn no_score_is_beyond_while_a_value_of_its_window_is_missing() {
        let mut x = walk(300);
        x[100] = f64::NAN;
        for rule in RULES {
            let z = ZScore::around(&x, &[1.0; 300], 20, [0.5, 0.5], rule);
            for i in 100..120 {
                assert!(z.at(i).is_nan() && DIRECTIONS.iter().all(|direction| !z.beyond(i, *direction)));
            }
        }
    }

    #[test]
    fn a_constant_window_has_no_score() {
        for rule in RULES {
            assert!(ZScore::around(&[0.1, 0.3, 0.3, 0.3], &[0.0; 4], 3, [-1.0, 1.0], rule).at(3).is_nan());
        }
    }
}
