//! Kalman filter of a random walk seen with noise.

/// Filtered mean: measurement variance `r`, process variance `q`. A missing value ends the series.
pub fn mean(values: &[f64], r: f64, q: f64) -> Vec<f64> {
    let mut out = vec![f64::NAN; values.len()];
    let Some(first) = values.iter().position(|x| x.is_finite()) else {
        return out;
    };
    let mut x = values[first];
    let mut p = r;
    out[first] = x;
    for i in first + 1..values.len() {
        let prior = p + q;
        let gain = prior / (prior + r);
        x += gain * (values[i] - x);
        p = (1.0 - gain) * prior;
        if values[i].is_nan() {
            p = f64::NAN;
        }
        out[i] = x;
    }
    out
}
