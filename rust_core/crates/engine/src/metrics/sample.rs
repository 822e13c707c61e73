//! Statistics of a sample, as both sets of metrics use them.

/// Mean of a sample; 0 for none.
pub(super) fn mean(x: &[f64]) -> f64 {
    if x.is_empty() { 0.0 } else { x.iter().fold(0.0, |a, b| a + b) / x.len() as f64 }
}

/// Sample standard deviation (ddof 1), two passes.
pub(super) fn deviation(x: &[f64]) -> f64 {
    let m = mean(x);
    (x.iter().fold(0.0, |a, b| a + (b - m) * (b - m)) / (x.len() as f64 - 1.0)).sqrt()
}

/// Root of the mean squared losses, over all samples.
pub(super) fn downside(x: &[f64]) -> f64 {
    (x.iter().fold(0.0, |a, b| a + b.min(0.0) * b.min(0.0)) / x.len() as f64).sqrt()
}
