//! Scenario 5: volatility regimes by one-dimensional k-means.

use omega_contract::strategy::{MeanReversion, VolatilityFeature};

use crate::volatility::{self, Garch};

const ROUNDS: usize = 30;
const NAMES: [&str; 5] = ["low", "mid", "high", "very_high", "extreme"];
const DEFAULT_LOOKBACK: usize = 500;

/// Which regime a bar lies in, and whether trading is allowed in it.
pub struct Regimes {
    feature: VolatilityFeature,
    lookback: usize,
    window: usize,
    k: usize,
    log: bool,
    min_points: usize,
    hysteresis: usize,
    allowed: Vec<String>,
}

impl Regimes {
    pub fn new(p: &MeanReversion) -> Self {
        let lookback = p.intraday_vol_garch_lookback;
        Self {
            feature: p.intraday_vol_feature,
            lookback: if lookback > 0 { lookback as usize } else { DEFAULT_LOOKBACK },
            window: p.intraday_vol_cluster_window as usize,
            k: p.intraday_vol_cluster_k as usize,
            log: p.intraday_vol_log_transform,
            min_points: p.intraday_vol_min_points as usize,
            hysteresis: p.cluster_hysteresis_bars as usize,
            allowed: p.intraday_vol_allowed.clone(),
        }
    }

    /// Whether the regime of bar `i` is allowed and has held for the last bars, all by one clustering.
    pub fn allow(&self, i: usize, close: &[f64], range: &[f64], garch: &Garch) -> bool {
        let values = self.values(i, close, range, garch);
        if values.len() < self.k.max(self.hysteresis).max(1) {
            return false;
        }
        let (centres, labels) = k_means(&values, self.k);
        let last = labels[labels.len() - 1];
        if self.hysteresis > 1 && labels[labels.len() - self.hysteresis..].iter().any(|label| *label != last) {
            return false;
        }
        // Rank among the centres; equal ones keep their order.
        let below = |j: &usize| centres[*j] < centres[last] || (centres[*j] == centres[last] && *j < last);
        let rank = (0..centres.len()).filter(below).count();
        let name = NAMES.get(rank).map_or_else(|| format!("cluster_{rank}"), |name| (*name).to_string());
        self.allowed.contains(&name)
    }

    /// The last values of the feature at bar `i`; none when there are too few.
    fn values(&self, i: usize, close: &[f64], range: &[f64], garch: &Garch) -> Vec<f64> {
        let mut values = match self.feature {
            VolatilityFeature::AtrPoints => range[..=i].to_vec(),
            VolatilityFeature::GarchForecast => {
                volatility::garch(&close[(i + 1).saturating_sub(self.lookback)..=i], garch)
            }
        };
        values.retain(|x| !x.is_nan());
        if values.len() < self.min_points {
            return vec![];
        }
        values.drain(..values.len().saturating_sub(self.window));
        if self.log {
            values.iter_mut().for_each(|x| *x = x.max(1e-12).ln());
        }
        values
    }
}

/// Sum in the order in which NumPy adds (pairwise over blocks of 128, eight lanes inside a block): V1's centres are
/// NumPy means, and a centre decides labels.
fn numpy_sum(x: &[f64]) -> f64 {
    let n = x.len();
    if n < 8 {
        return x.iter().fold(0.0, |sum, v| sum + v);
    }
    if n <= 128 {
        let mut lanes = [0.0; 8];
        lanes.copy_from_slice(&x[..8]);
        let whole = n - n % 8;
        for chunk in x[8..whole].chunks_exact(8) {
            for (lane, v) in lanes.iter_mut().zip(chunk) {
                *lane += v;
            }
        }
        let [a, b, c, d, e, f, g, h] = lanes;
        let sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
        return x[whole..].iter().fold(sum, |sum, v| sum + v);
    }
    let mut half = n / 2;
    half -= half % 8;
    numpy_sum(&x[..half]) + numpy_sum(&x[half..])
}

/// Linear interpolation between order statistics (NumPy's default quantile).
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = (sorted.len() - 1) as f64 * q;
    let low = at.floor() as usize;
    let (a, b) = (sorted[low], sorted[(low + 1).min(sorted.len() - 1)]);
    let t = at - low as f64;
    if t >= 0.5 { b - (b - a) * (1.0 - t) } else { a + (b - a) * t }
}

fn nearest(x: f64, centres: &[f64]) -> usize {
    let mut best = 0;
    for j in 1..centres.len() {
        if (x - centres[j]).abs() < (x - centres[best]).abs() {
            best = j;
        }
    }
    best
}

/// (centres, labels). Starts at the quantiles i/(k+1); ties go to the lowest index; labels are those from before the
/// last move, unless the rounds run out.
pub fn k_means(values: &[f64], k: usize) -> (Vec<f64>, Vec<usize>) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut distinct = sorted.clone();
    distinct.dedup();
    let k = k.min(distinct.len());
    if k <= 1 {
        return (vec![numpy_sum(values) / values.len() as f64], vec![0; values.len()]);
    }
    let mut centres: Vec<f64> = (1..=k).map(|i| quantile(&sorted, i as f64 / (k + 1) as f64)).collect();
    for _ in 0..ROUNDS {
        let labels: Vec<usize> = values.iter().map(|x| nearest(*x, &centres)).collect();
        let moved: Vec<f64> = (0..k)
            .map(|j| {
                let members: Vec<f64> = values.iter().zip(&labels).filter(|(_, l)| **l == j).map(|(x, _)| *x).collect();
                if members.is_empty() { centres[j] } else { numpy_sum(&members) / members.len() as f64 }
            })
            .collect();
        let settled = moved.iter().zip(&centres).all(|(new, old)| (new - old).abs() <= 1e-6 + 1e-4 * old.abs());
        centres = moved;
        if settled {
            return (centres, labels);
        }
    }
    let labels = values.iter().map(|x| nearest(*x, &centres)).collect();
    (centres, labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_groups_are_told_apart() {
        let (centres, labels) = k_means(&[1.0, 1.1, 0.9, 5.0, 5.1], 2);
        assert_eq!(labels, [0, 0, 0, 1, 1]);
        assert!((centres[0] - 1.0).abs() < 1e-9 && (centres[1] - 5.05).abs() < 1e-9);
    }

    #[test]
    fn one_distinct_value_is_one_cluster() {
        let (centres, labels) = k_means(&[0.3; 10], 3);
        assert_eq!(labels, [0; 10]);
        assert_eq!(centres, [0.299_999_999_999_999_93]); // as NumPy's mean of ten times 0.3
    }

    #[test]
    fn a_regime_has_held_when_the_last_values_have_one_label_in_the_clustering_of_now() {
        let garch = Garch::from_parameters((0.1, 0.8, None), true, 1.0, 1, 1e-6);
        let regimes = |hysteresis: usize, allowed: &str| Regimes {
            feature: VolatilityFeature::AtrPoints,
            lookback: 500,
            window: 3,
            k: 2,
            log: false,
            min_points: 2,
            hysteresis,
            allowed: vec![allowed.to_string()],
        };
        let allow =
            |range: &[f64], hysteresis, name| regimes(hysteresis, name).allow(range.len() - 1, &[], range, &garch);
        // On its own bar 1.2 was the higher of two; beside 5.0 it is a low one.
        assert!(allow(&[1.0, 1.2], 0, "mid") && allow(&[1.0, 1.2, 5.0], 1, "mid"));
        assert!(!allow(&[1.0, 1.2, 5.0], 2, "mid") && allow(&[1.0, 5.0, 5.2], 2, "mid"));
        assert!(!allow(&[1.0, 1.2, 5.0], 2, "low") && allow(&[5.0, 1.0, 1.2], 2, "low"));
        // Of a window of three values four cannot have one label.
        assert!(allow(&[9.0, 1.0, 1.0, 1.0], 3, "low") && !allow(&[9.0, 1.0, 1.0, 1.0, 1.0], 4, "low"));
    }
}
