//! The sample standard deviation of a trailing window, as specified: two passes over the window, left to right.
//!
//! It costs the window's length at every bar. `bounds` says where it need not be computed.

/// Sample standard deviation of one window: mean first, then squared deviations.
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

/// Deviation of the window that ends at bar `i`; NaN before the first full window.
pub(super) fn at(x: &[f64], window: usize, i: usize) -> f64 {
    match (i + 1).checked_sub(window) {
        Some(first) => deviation(&x[first..=i]),
        None => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_window_has_no_deviation() {
        assert_eq!(at(&[0.1, 0.3, 0.3, 0.3], 3, 3), 0.0);
    }

    #[test]
    fn a_window_that_is_not_full_or_holds_one_value_has_no_deviation_that_is_a_number() {
        assert!(at(&[1.0, 2.0], 3, 1).is_nan() && at(&[1.0, 2.0], 1, 1).is_nan());
        assert_eq!(at(&[1.0, 2.0, 4.0], 2, 2), 2.0f64.sqrt());
    }
}
