//! GARCH(1,1) volatility (Bollerslev 1986) and the z-score in units of it.

use omega_contract::strategy::MeanReversion;

use crate::indicators::kalman_mean;

/// Parameters of the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Garch {
    alpha: f64,
    beta: f64,
    omega: f64,
    log_returns: bool,
    scale: f64,
    min_periods: usize,
    floor: f64,
}

impl Garch {
    pub fn new(p: &MeanReversion) -> Self {
        let weights = (p.garch_alpha, p.garch_beta, p.garch_omega);
        let periods = p.garch_min_periods as usize;
        Self::from_parameters(weights, p.garch_use_log_returns, p.garch_scale, periods, p.garch_sigma_floor)
    }

    /// From alpha, beta and omega (none: automatic), the factor on returns, the returns before the first volatility
    /// and the least volatility of scaled returns.
    pub fn from_parameters(
        (alpha, beta, omega): (f64, f64, Option<f64>),
        log_returns: bool,
        scale: f64,
        min_periods: usize,
        floor: f64,
    ) -> Self {
        let automatic = 1e-6 * (1.0 - alpha - beta).max(1e-6);
        Self { alpha, beta, omega: omega.unwrap_or(automatic), log_returns, scale, min_periods, floor: floor * floor }
    }
}

/// Return of each value on the one before; simple returns see gaps filled forward.
pub fn returns(x: &[f64], log: bool) -> Vec<f64> {
    let mut previous = f64::NAN;
    let mut out = Vec::with_capacity(x.len());
    for &value in x {
        let current = if !log && value.is_nan() { previous } else { value };
        out.push(if log { (current / previous).ln() } else { current / previous - 1.0 });
        previous = current;
    }
    out
}

/// Conditional volatility of a series' returns at each bar.
pub fn garch(x: &[f64], g: &Garch) -> Vec<f64> {
    garch_of(returns(x, g.log_returns), g)
}

/// The square as the platform's power function gives it, which V1 was measured to take. It is one unit in the last place
/// off the product at one number in a thousand. The exponent is hidden from the compiler, which would write the product.
fn squared(x: f64) -> f64 {
    x.powf(std::hint::black_box(2.0))
}

/// Conditional volatility of returns at each of them.
pub fn garch_of(returns: Vec<f64>, g: &Garch) -> Vec<f64> {
    let mut out = vec![f64::NAN; returns.len()];
    if g.alpha + g.beta >= 1.0 {
        return out;
    }
    let r: Vec<f64> = returns.into_iter().map(|r| g.scale * r).collect();
    let Some(first) = r.iter().position(|r| r.is_finite()) else {
        return out;
    };
    let (mu, mut surprise, mut variance) = (r[first], 0.0, f64::max(1e-6, g.floor));
    for i in first..r.len() {
        if i > first && r[i].is_finite() {
            variance = (g.omega + g.alpha * surprise + g.beta * variance).max(g.floor);
            surprise = squared(r[i] - mu);
        }
        if i >= first + g.min_periods {
            out[i] = variance.sqrt() / g.scale;
        }
    }
    out
}

/// Distance from a mean in units of price volatility; NaN where that is 0.
pub fn z_score(x: &[f64], mean: &[f64], sigma: &[f64]) -> Vec<f64> {
    let one = |((x, m), s): ((&f64, &f64), &f64)| {
        let unit = x.abs() * s;
        if unit == 0.0 { f64::NAN } else { (x - m) / unit }
    };
    x.iter().zip(mean).zip(sigma).map(one).collect()
}

/// The z-score of the last value of a window, everything seeded afresh; none where the window is too short or flat.
pub fn local_z(window: &[f64], noise: f64, drift: f64, g: &Garch) -> Option<f64> {
    if window.len() < 2 {
        return None;
    }
    let mean = *kalman_mean(window, noise, drift).last()?;
    let first = returns(window, g.log_returns).iter().position(|r| r.is_finite())?;
    if mean.is_nan() || window.len() - 1 - first < g.min_periods {
        return None;
    }
    let sigma = *garch(window, g).last()?;
    let x = *window.last()?;
    let z = (x - mean) / (x.abs() * sigma);
    (sigma > 0.0 && z.is_finite()).then_some(z)
}

#[cfg(test)]
mod tests {
    use super::*;

    const G: Garch =
        Garch { alpha: 0.1, beta: 0.8, omega: 1e-5, log_returns: true, scale: 100.0, min_periods: 2, floor: 1e-12 };

    #[test]
    fn volatility_begins_after_the_warm_up_and_rises_with_a_surprise() {
        let out = garch(&[1.0, 1.0, 1.0, 1.0, 1.1, 1.1], &G);
        assert!(out[..3].iter().all(|x| x.is_nan()));
        assert!(out[5] > out[4] && out[3] > 0.0);
    }

    #[test]
    fn an_unstable_model_says_nothing() {
        let out = garch(&[1.0, 1.1, 1.2, 1.3], &Garch { alpha: 0.2, ..G });
        assert!(out.iter().all(|x| x.is_nan()));
    }
}
