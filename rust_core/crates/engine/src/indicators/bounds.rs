//! Lower and upper bounds of the deviations of trailing windows, for a few operations per bar.
//!
//! A rule asks whether a price lies outside a multiple of the deviation. Mostly it lies far inside, and a lower bound
//! of the deviation shows that. Where it lies far outside, an upper bound shows it. Only in between the window itself
//! is read (`deviation`). So the answers are those of the full computation, bit for bit.
//!
//! # Why the bounds hold
//!
//! Let w be the window, B = `BLOCK`, u = 2^-53 (half of `f64::EPSILON`), y = x - origin with one origin for each
//! block, P the largest y^2 of the block, and S = sum y^2 - (sum y)^2 / w. The variance is V = S / (w - 1), its root
//! is d.
//!
//! 1. *Running sums.* A block starts its sums afresh, so each of them takes at most w + 2B additions. Each addition errs
//!    by at most u times the largest sum: w P for the squares, w sqrt(P) for the values. The squares are off by at most
//!    (w + 2B) u w P, (sum y)^2 / w by twice that, and the rounding of y, of the products and of the difference adds
//!    7 u w P. Since w / (w - 1) <= 2, the computed variance is off by at most (6w + 12B + 18) u P. The *allowance* is
//!    32 (w + B) u P, more than twice as much.
//! 2. *Lower bound.* V is at least the computed variance less the allowance. `lower` is the root of that, times
//!    `MARGIN`. So lower <= MARGIN d. Where the difference is negative or NaN the bound is 0.
//! 3. *Upper bound.* Where lower > 0, V is at most (lower / MARGIN)^2 + 2 allowance, and a root of a sum is at most the
//!    sum of the roots. `upper` is lower / MARGIN^2 + sqrt(2 allowance) / MARGIN^2. So d <= MARGIN upper.
//! 4. *The specified deviation* is rounded, too. Its second pass errs by at most (w / 2 + 4) u of itself. Its mean errs
//!    by e, at most w u times the largest |x|, which widens it to sqrt(d^2 + 2 e^2) at most. That is no harm to the
//!    lower bound. An upper bound is given only where lower > 2000 w u |x|: there d is widened by less than
//!    d / 4,000,000.
//! 5. *Multiples.* A rule multiplies a bound where the specification divides by the deviation or multiplies it. That is
//!    two more roundings.
//!
//! `MARGIN` leaves a millionth for 4 and 5, which is enough for every window below 10^9. The argument needs every y^2
//! that is not 0 to be a normal number (|y| above 10^-150). Prices do not come near that.

/// Bars after which the running sums start afresh.
pub const BLOCK: usize = 512;
/// What a bound is moved by, down for a lower one, for the rounding that the allowance does not cover.
const MARGIN: f64 = 1.0 - 1e-6;
/// What takes a lower bound to an upper one, but for the allowance.
const WIDENED: f64 = 1.0 / (MARGIN * MARGIN);
/// Lower bounds at most this multiple of w EPSILON |x| give no upper bound.
const LEAST: f64 = 1_000.0;

/// Bounds for some bars, each of which ends a full window.
pub struct Block<'a, T> {
    /// The first of the bars.
    pub start: usize,
    /// For each bar a number that its deviation is not below.
    pub lower: &'a [f64],
    /// What `each_bar` returned at each bar.
    pub computed: &'a [T],
    allowance_root: f64,
    least: f64,
}

impl<T> Block<'_, T> {
    /// The upper bound that belongs to a lower bound; NaN where nothing is known.
    pub fn upper(&self, lower: f64) -> f64 {
        if lower > self.least { lower * WIDENED + self.allowance_root } else { f64::NAN }
    }
}

/// Whether there is a window that has a deviation.
pub fn has_windows(bars: usize, window: usize) -> bool {
    (2..=bars).contains(&window)
}

/// Calls `each_block` with the bounds of all bars that end a full window, in order.
///
/// `each_bar` is called at each of these bars with the value that enters the window and the one that leaves it
/// afterwards. The running sums are chains of operations that wait for each other, so a second chain costs next to
/// nothing.
pub fn each_block<T: Copy + Default>(
    x: &[f64],
    window: usize,
    mut each_bar: impl FnMut(f64, f64) -> T,
    mut each_block: impl FnMut(Block<T>),
) {
    if !has_windows(x.len(), window) {
        return;
    }
    let (share, rest) = (1.0 / window as f64, 1.0 / (window - 1) as f64);
    let slack = 16.0 * (BLOCK + window) as f64 * f64::EPSILON;
    let (mut lower, mut computed) = ([0.0; BLOCK], [T::default(); BLOCK]);
    for start in (window - 1..x.len()).step_by(BLOCK) {
        let origin = x[start];
        let (mut sum, mut squares, mut peak) = (0.0, 0.0, 0.0f64);
        for v in &x[start + 1 - window..start] {
            let y = v - origin;
            (sum, squares, peak) = (sum + y, squares + y * y, peak.max(y * y));
        }
        let end = (start + BLOCK).min(x.len());
        let pairs = x[start..end].iter().zip(&x[start + 1 - window..]);
        for (((new, old), variance), computed) in pairs.zip(&mut lower).zip(&mut computed) {
            *computed = each_bar(*new, *old);
            let (y, left) = (new - origin, old - origin);
            (sum, squares, peak) = (sum + y, squares + y * y, peak.max(y * y));
            *variance = (squares - sum * sum * share) * rest;
            (sum, squares) = (sum - left, squares - left * left);
        }
        let allowance = slack * peak;
        let lower = &mut lower[..end - start];
        for value in lower.iter_mut() {
            // `max` turns NaN into 0.
            *value = (*value - allowance).max(0.0).sqrt() * MARGIN;
        }
        each_block(Block {
            start,
            lower,
            computed: &computed[..end - start],
            allowance_root: (2.0 * allowance).sqrt() * WIDENED,
            least: LEAST * window as f64 * f64::EPSILON * (origin.abs() + peak.sqrt()),
        });
    }
}

/// A walk with quiet, flat and wild stretches, without any library.
#[cfg(test)]
pub(super) fn walk(n: usize) -> Vec<f64> {
    steps(n, |i| [1e-5, 0.0, 1e-3, 1e-9, 3.0][i / 700 % 5])
}

/// A walk whose step at each bar is at most half of `scale`.
#[cfg(test)]
pub(super) fn steps(n: usize, scale: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut state = 1u64;
    let mut price = 1.1;
    (0..n)
        .map(|i| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let noise = (state >> 33) as f64 / f64::from(1u32 << 31) - 0.5;
            price = (price + noise * scale(i)).max(1e-3);
            price
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicators::deviation;

    /// (bars, bars whose bounds are within a hundredth), after every bound was checked.
    fn check(x: &[f64], window: usize) -> (usize, usize) {
        let (mut seen, mut close) = (0, 0);
        each_block(
            x,
            window,
            |_, _| (),
            |block| {
                for (k, lower) in block.lower.iter().enumerate() {
                    let (bar, upper) = (block.start + k, block.upper(*lower));
                    let exact = deviation::at(x, window, bar);
                    assert!(*lower <= exact, "window {window}, bar {bar}: {lower} > {exact}");
                    assert!(upper.is_nan() || upper >= exact, "window {window}, bar {bar}: {upper} < {exact}");
                    seen += 1;
                    close += usize::from(*lower > 0.99 * exact && upper < 1.01 * exact);
                }
            },
        );
        (seen, close)
    }

    #[test]
    fn every_deviation_lies_between_its_bounds_which_are_close_where_it_matters() {
        let x = walk(7_000);
        for window in [2, 3, 20, 100, 600] {
            let (seen, close) = check(&x, window);
            assert_eq!(seen, x.len() + 1 - window);
            assert!(close > x.len() / 4, "window {window}: only {close} bounds are close");
        }
    }

    #[test]
    fn bounds_hold_where_the_mean_errs_by_more_than_the_deviation() {
        for scale in [1e-15, 1e-14, 1e-13, 1e-12, 1e-11] {
            let x = steps(4_000, |_| scale);
            for window in [2, 20, 300, 2_000] {
                check(&x, window);
            }
        }
    }
}
