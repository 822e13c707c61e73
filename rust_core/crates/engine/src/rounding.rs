//! Decimal rounding.

/// The correctly rounded decimal with `digits` places, ties of the binary value to even (Python's `round`).
pub fn half_even(x: f64, digits: usize) -> f64 {
    if !x.is_finite() {
        return x;
    }
    format!("{x:.digits$}").parse().unwrap_or(x)
}

/// Ties away from zero, on the scaled value.
pub fn half_away(x: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    let scaled = x * scale;
    if scaled.is_finite() { scaled.round() / scale } else { x }
}

/// `count` steps of a grid. Grids of one over a whole number divide, so that the result is the nearest decimal.
fn steps(count: f64, step: f64) -> f64 {
    let per_unit = (1.0 / step).round();
    let is_reciprocal = per_unit >= 1.0 && (per_unit * step - 1.0).abs() < 1e-9;
    if is_reciprocal { count / per_unit } else { count * step }
}

/// Nearest price on a tick grid; ties to even. On a decimal grid this is the correctly rounded decimal.
pub fn to_tick(x: f64, tick: f64) -> f64 {
    if let Some(digits) = (0..=8).find(|d| (10f64.powi(*d) * tick - 1.0).abs() < 1e-12) {
        return half_even(x, digits as usize);
    }
    steps((x / tick).round_ties_even(), tick)
}

/// Largest volume on a grid that is not above `x`, with a hair of tolerance for binary noise.
pub fn floor_to_step(x: f64, step: f64) -> f64 {
    steps((x / step + 1e-9).floor(), step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_even_rounds_as_python_does() {
        for (x, digits, wanted) in
            [(0.125, 2, 0.12), (0.375, 2, 0.38), (2.675, 2, 2.67), (1.005, 2, 1.0), (0.5, 0, 0.0), (-0.125, 2, -0.12)]
        {
            assert_eq!(half_even(x, digits), wanted, "{x}");
        }
    }

    #[test]
    fn grids_give_clean_decimals() {
        assert_eq!(to_tick(1.098_104_9, 1e-5), 1.098_10);
        assert_eq!(to_tick(17_123.24, 0.5), 17_123.0);
        assert_eq!(to_tick(1.085_125, 1e-5), half_even(1.085_125, 5));
        assert_eq!(floor_to_step(0.30, 0.1), 0.3);
        assert_eq!(floor_to_step(1.669, 0.01), 1.66);
        assert_eq!(floor_to_step(7.9, 3.0), 6.0);
    }
}
