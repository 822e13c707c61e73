//! Returns and GARCH(1,1) volatility.

/// Parameters of one GARCH(1,1) run.
#[derive(Clone, Copy)]
pub struct Garch {
    pub alpha: f64,
    pub beta: f64,
    /// None: 1e-6 * max(1e-6, 1 - alpha - beta).
    pub omega: Option<f64>,
    pub log_returns: bool,
    pub scale: f64,
    pub min_periods: usize,
    pub sigma_floor: f64,
}

/// Log or simple returns; simple ones forward-fill gaps first. The first value is NaN.
pub fn returns(values: &[f64], log: bool) -> Vec<f64> {
    let mut out = Vec::with_capacity(values.len());
    let mut filled = f64::NAN;
    for (i, &x) in values.iter().enumerate() {
        if log {
            out.push(if i == 0 { f64::NAN } else { (x / values[i - 1]).ln() });
        } else {
            let before = filled;
            if !x.is_nan() {
                filled = x;
            }
            out.push(if i == 0 { f64::NAN } else { filled / before - 1.0 });
        }
    }
    out
}

/// Index of the first finite return.
pub fn first_finite(values: &[f64]) -> Option<usize> {
    values.iter().position(|x| x.is_finite())
}

/// The square of libm's power function, as V1's `** 2` on a Python float took it: at one argument in a thousand one unit
/// off the product. The exponent is hidden from the compiler, which would write the product instead.
fn squared(x: f64) -> f64 {
    x.powf(std::hint::black_box(2.0))
}

/// Conditional volatility of each bar in units of returns.
pub fn garch(values: &[f64], g: &Garch) -> Vec<f64> {
    let mut out = vec![f64::NAN; values.len()];
    if g.alpha + g.beta >= 1.0 {
        return out;
    }
    let scaled: Vec<f64> = returns(values, g.log_returns).iter().map(|r| g.scale * r).collect();
    let Some(first) = first_finite(&scaled) else {
        return out;
    };
    let floor = g.sigma_floor * g.sigma_floor;
    let omega = g.omega.unwrap_or(1e-6 * f64::max(1e-6, 1.0 - g.alpha - g.beta));
    let mu = scaled[first];
    let mut surprise = 0.0;
    let mut variance = f64::max(1e-6, floor);
    for i in first..values.len() {
        if i > first && scaled[i].is_finite() {
            variance = f64::max(omega + g.alpha * surprise + g.beta * variance, floor);
            surprise = squared(scaled[i] - mu);
        }
        if i >= first + g.min_periods {
            out[i] = variance.sqrt() / g.scale;
        }
    }
    out
}

/// Residual against the Kalman mean over price times volatility; NaN where that is 0.
pub fn kalman_garch_z(values: &[f64], mean: &[f64], sigma: &[f64]) -> Vec<f64> {
    values
        .iter()
        .zip(mean)
        .zip(sigma)
        .map(|((x, m), s)| {
            let scale = x.abs() * s;
            if scale == 0.0 { f64::NAN } else { (x - m) / scale }
        })
        .collect()
}
