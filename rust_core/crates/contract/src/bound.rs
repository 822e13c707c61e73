//! Which numbers a key takes: one value that the parser checks, messages show and the schema writes.
//!
//! Decides what lies inside. Leaves out what a number outside means: that is the parser's fault to report.

use std::fmt;

/// Numbers that a key takes, and the words for them. Display gives the sentence of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    noun: &'static str,
    limits: Limits,
}

/// The limits of a [`Bound`]; every limit in use is a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// No limit.
    None,
    /// The number itself and all above it.
    AtLeast(i64),
    /// All above the number.
    Above(i64),
    /// All below the number.
    Below(i64),
    /// Whole numbers from the first to the second, both included.
    Whole(i64, i64),
}

impl Bound {
    /// Any number.
    pub const NUMBER: Self = Self::new("a number", Limits::None);
    /// 0 and above.
    pub const NOT_NEGATIVE: Self = Self::new("a number", Limits::AtLeast(0));
    /// Above 0.
    pub const POSITIVE: Self = Self::new("a number", Limits::Above(0));
    /// Below 0.
    pub const NEGATIVE: Self = Self::new("a number", Limits::Below(0));
    /// A price.
    pub const PRICE: Self = Self::new("a price", Limits::Above(0));
    /// A scenario of `mean_reversion_z_score`.
    pub const SCENARIO: Self = Self::new("", Limits::Whole(1, 6));

    const fn new(noun: &'static str, limits: Limits) -> Self {
        Self { noun, limits }
    }

    /// Whole numbers from `low` to `high`, both included.
    pub const fn whole(low: i64, high: i64) -> Self {
        Self::new("a whole number", Limits::Whole(low, high))
    }

    /// The limits alone.
    pub fn limits(self) -> Limits {
        self.limits
    }

    /// Whether `x` lies inside; neither NaN nor an infinite number does.
    pub fn holds(self, x: f64) -> bool {
        x.is_finite()
            && match self.limits {
                Limits::None => true,
                Limits::AtLeast(low) => x >= low as f64,
                Limits::Above(low) => x > low as f64,
                Limits::Below(high) => x < high as f64,
                Limits::Whole(low, high) => x.fract() == 0.0 && x >= low as f64 && x <= high as f64,
            }
    }

    /// Whether the whole number `n` lies inside; exact where a float is not.
    pub fn holds_whole(self, n: i64) -> bool {
        match self.limits {
            Limits::None => true,
            Limits::AtLeast(low) => n >= low,
            Limits::Above(low) => n > low,
            Limits::Below(high) => n < high,
            Limits::Whole(low, high) => (low..=high).contains(&n),
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = self.noun;
        match self.limits {
            Limits::None => f.write_str(noun),
            Limits::AtLeast(low) => write!(f, "{noun} of at least {low}"),
            Limits::Above(low) => write!(f, "{noun} above {low}"),
            Limits::Below(high) => write!(f, "{noun} below {high}"),
            Limits::Whole(low, high) if noun.is_empty() => write!(f, "{low} to {high}"),
            Limits::Whole(low, high) => write!(f, "{noun} from {low} to {high}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_takes_exactly_the_numbers_it_names() {
        for (bound, text, inside, outside) in [
            (Bound::NUMBER, "a number", vec![-1e300, 0.0, 1e300], vec![]),
            (Bound::NOT_NEGATIVE, "a number of at least 0", vec![-0.0, 0.0, 0.5], vec![-1e-300, -1.0]),
            (Bound::POSITIVE, "a number above 0", vec![1e-300, 2.0], vec![-0.0, 0.0, -1.0]),
            (Bound::NEGATIVE, "a number below 0", vec![-1e-300], vec![-0.0, 0.0, 1.0]),
            (Bound::PRICE, "a price above 0", vec![1.1], vec![0.0]),
            (Bound::SCENARIO, "1 to 6", vec![1.0, 6.0], vec![0.0, 1.5, 7.0]),
            (Bound::whole(-1, 9), "a whole number from -1 to 9", vec![-1.0, 0.0, 9.0], vec![-2.0, 0.5, 10.0]),
        ] {
            assert_eq!(bound.to_string(), text);
            assert!(inside.iter().all(|x| bound.holds(*x)), "{text}: {inside:?}");
            let never = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
            assert!(!outside.iter().chain(&never).any(|x| bound.holds(*x)), "{text}: {outside:?}");
            for x in inside.iter().chain(&outside).filter(|x| x.fract() == 0.0 && x.abs() < 1e15) {
                assert_eq!(bound.holds_whole(*x as i64), bound.holds(*x), "{text}: {x}");
            }
        }
        assert!(!Bound::whole(0, i64::MAX - 1).holds_whole(i64::MAX), "whole numbers are not rounded to a float");
    }
}
