//! Logarithms to twice the precision of a float, for what must be rounded as the legacy engine's library rounded it.
//!
//! A number is a pair: its nearest float, and what that one lacks. The building blocks are Dekker's (1971).

/// ln 2 and 1 / ln 10 as pairs.
const LN_2: (f64, f64) = (std::f64::consts::LN_2, 2.319_046_813_846_299_6e-17);
const LOG10_E: (f64, f64) = (std::f64::consts::LOG10_E, 1.098_319_650_216_765e-17);
/// Terms of the series: the last one is below 2^-106 of the first.
const TERMS: u32 = 24;

/// a + b, where a is not smaller than b.
fn joined(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    (sum, b - (sum - a))
}

fn sum(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    let whole = a.0 + b.0;
    let part = whole - a.0;
    joined(whole, (a.0 - (whole - part)) + (b.0 - part) + (a.1 + b.1))
}

/// The upper and the lower half of a float's digits.
fn halves(x: f64) -> (f64, f64) {
    let scaled = 134_217_729.0 * x;
    let upper = scaled - (scaled - x);
    (upper, x - upper)
}

fn product(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    let whole = a.0 * b.0;
    let ((au, al), (bu, bl)) = (halves(a.0), halves(b.0));
    let lost = ((au * bu - whole) + au * bl + al * bu) + al * bl;
    joined(whole, lost + (a.0 * b.1 + a.1 * b.0))
}

fn quotient(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    let first = a.0 / b.0;
    let rest = sum(a, product((-first, 0.0), b));
    joined(first, rest.0 / b.0)
}

/// The natural logarithm of a normal positive number.
pub fn ln(x: f64) -> (f64, f64) {
    let mut exponent = ((x.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    let mut part = f64::from_bits((x.to_bits() & !(0x7ff << 52)) | (1023 << 52));
    if part > std::f64::consts::SQRT_2 {
        (part, exponent) = (part / 2.0, exponent + 1);
    }
    // ln x = 2 artanh s, s = (x - 1) / (x + 1).
    let s = quotient((part - 1.0, 0.0), sum((part, 0.0), (1.0, 0.0)));
    let square = product(s, s);
    let mut series = (0.0, 0.0);
    for k in (0..TERMS).rev() {
        series = sum(product(series, square), quotient((1.0, 0.0), (f64::from(2 * k + 1), 0.0)));
    }
    let of_part = product((2.0 * s.0, 2.0 * s.1), series);
    sum(product((f64::from(exponent), 0.0), LN_2), of_part)
}

/// The decimal logarithm of a normal positive number, correctly rounded; NaN of any other.
pub fn log10(x: f64) -> f64 {
    if x.is_normal() && x > 0.0 { product(ln(x), LOG10_E).0 } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_ten_have_whole_logarithms() {
        for n in -300..=300 {
            let x: f64 = format!("1e{n}").parse().unwrap();
            assert_eq!(log10(x), f64::from(n), "1e{n}");
        }
        assert!([0.0, -1.0, f64::NAN, f64::INFINITY].into_iter().all(|x| log10(x).is_nan()));
    }

    #[test]
    fn logarithms_are_rounded_to_the_nearest_float() {
        // To 60 digits by another program. A platform's own log10 misses some of these by a unit.
        for (x, decimal) in [
            (3.403_717_016_735_131, 0.531_953_445_895_775),
            (6.331_360_308_769_556, 0.801_497_029_310_095_9),
            (8.444_362_457_146_374, 0.926_566_866_246_256_8),
            (7.430_014_849_611_922, 0.870_989_681_741_473_2),
            (6.228_796_663_450_541, 0.794_404_153_737_719),
            (3.910_141_276_125_698_6, 0.592_192_449_041_236_4),
        ] {
            assert_eq!(log10(x), decimal, "{x}");
        }
        assert_eq!(ln(2.0), LN_2);
        assert_eq!(ln(1.0), (0.0, 0.0));
    }

    #[test]
    fn what_a_logarithm_lacks_is_below_half_a_unit_and_beyond_that_exact() {
        for i in 1..2_000 {
            let x = f64::from(i) * 0.000_737;
            let (near, rest) = ln(x);
            let unit = (f64::from_bits(near.to_bits() + 1) - near).abs();
            assert!(rest.abs() <= unit / 2.0, "{x}");
            // ln x^2 = 2 ln x, where x^2 is taken with what it lacks: (1 + d) x^2 has d more.
            let square = product((x, 0.0), (x, 0.0));
            let twice = sum(ln(square.0), (square.1 / square.0, 0.0));
            let difference = sum(twice, (-2.0 * near, -2.0 * rest)).0.abs();
            assert!(difference <= 1e-29 * near.abs().max(1.0), "{x}: {difference}");
        }
    }
}
