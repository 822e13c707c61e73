//! Exponential smoothing.

/// EMA with weight `a`, in pandas' order of operations; on a gap the output repeats and the old weight decays.
pub fn ema_weighted(values: &[f64], a: f64) -> Vec<f64> {
    let mut out = Vec::with_capacity(values.len());
    let mut y = f64::NAN;
    let mut old = 1.0;
    for &x in values {
        if y.is_nan() {
            y = x;
        } else {
            old *= 1.0 - a;
            if !x.is_nan() {
                // Equal values are left alone: the mean below would round.
                if y != x {
                    y = (old * y + a * x) / (old + a);
                }
                old = 1.0;
            }
        }
        out.push(y);
    }
    out
}

/// EMA over `p` bars: weight 2 / (p + 1), seeded with the first finite value.
pub fn ema(values: &[f64], p: usize) -> Vec<f64> {
    ema_weighted(values, 2.0 / (p as f64 + 1.0))
}

/// The indicator on the values at `steps` only, written back there and carried forward.
pub fn stepwise(values: &[f64], steps: &[usize], indicator: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let reduced: Vec<f64> = steps.iter().map(|&i| values[i]).collect();
    let computed = indicator(&reduced);
    let mut out = vec![f64::NAN; values.len()];
    for (k, &from) in steps.iter().enumerate() {
        let until = steps.get(k + 1).copied().unwrap_or(values.len());
        out[from..until].fill(computed[k]);
    }
    out
}
