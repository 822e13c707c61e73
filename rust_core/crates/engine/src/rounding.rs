//! Decimal rounding.

/// The correctly rounded decimal with `digits` places, ties of the binary value to even (Python's `round`).
pub fn half_even(x: f64, digits: usize) -> f64 {
    if !x.is_finite() {
        return x;
    }
    // Scaling errs by less than 2e-7 below 1e9, so away from a tie the nearest whole number is the right one, and a
    // whole number over a power of ten is the correctly rounded decimal.
    let scale = POWERS.get(digits).copied().unwrap_or(f64::INFINITY);
    let scaled = x * scale;
    let nearest = scaled.round();
    if scaled.abs() < 1e9 && (scaled - nearest).abs() < 0.499_999 {
        return nearest / scale;
    }
    half_even_by_text(x, digits)
}

/// Powers of ten that a float holds exactly.
const POWERS: [f64; 9] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];

/// The rounding itself: Rust prints decimals correctly rounded.
fn half_even_by_text(x: f64, digits: usize) -> f64 {
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
    fn the_short_way_to_round_gives_what_the_text_gives_bit_for_bit() {
        let mut state = 7u64;
        let mut short = 0;
        for i in 0..200_000u32 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let unit = (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
            let digits = (i % 9) as usize;
            // Numbers of every size, and some that lie on a tie or a hair off it.
            let x = match i % 4 {
                0 => unit * 4.0,
                1 => unit * 1e12,
                2 => ((unit * 1e6).round() + 0.5) / POWERS[digits],
                _ => f64::from_bits((((unit * 1e6).round() + 0.5) / POWERS[digits]).to_bits() + 1),
            };
            assert_eq!(half_even(x, digits).to_bits(), half_even_by_text(x, digits).to_bits(), "{x:e} to {digits}");
            short += u32::from((x * POWERS[digits]).abs() < 1e9);
        }
        assert!(short > 100_000);
    }

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
