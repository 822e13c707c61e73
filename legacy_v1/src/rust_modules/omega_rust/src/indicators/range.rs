//! True range and its average.

/// True range; the first bar and a bar after a gap have only high - low.
pub fn true_range(high: &[f64], low: &[f64], close: &[f64]) -> Vec<f64> {
    (0..high.len())
        .map(|i| {
            let span = (high[i] - low[i]).abs();
            if span.is_nan() {
                return f64::NAN;
            }
            let previous = if i == 0 { f64::NAN } else { close[i - 1] };
            if previous.is_nan() {
                return span;
            }
            span.max((high[i] - previous).abs()).max((low[i] - previous).abs())
        })
        .collect()
}

/// Wilder's average true range, seeded with the mean of the first `p` true ranges.
pub fn atr(high: &[f64], low: &[f64], close: &[f64], p: usize) -> Vec<f64> {
    let tr = true_range(high, low, close);
    let mut out = vec![f64::NAN; tr.len()];
    let Some(first) = tr.iter().position(|x| x.is_finite()) else {
        return out;
    };
    let seed_at = first + p - 1;
    if seed_at >= tr.len() || tr[first..=seed_at].iter().any(|x| x.is_nan()) {
        return out;
    }
    let mut total = 0.0;
    for x in &tr[first..=seed_at] {
        total += x;
    }
    let mut average = total / p as f64;
    out[seed_at] = average;
    for i in seed_at + 1..tr.len() {
        if tr[i].is_finite() {
            average = (average * (p as f64 - 1.0) + tr[i]) / p as f64;
        }
        out[i] = average;
    }
    out
}
