//! Yes or no for every bar, 64 of them in a word, so that long stretches of no are passed over at once.

use omega_contract::strategy::Direction;

/// One answer for each bar.
#[derive(Debug, Clone, Default)]
pub struct Marks(Vec<u64>);

impl Marks {
    fn none(bars: usize) -> Self {
        Self(vec![0; bars.div_ceil(64)])
    }

    /// Whether a bar is marked; none beyond the end is.
    pub fn at(&self, i: usize) -> bool {
        self.0.get(i / 64).is_some_and(|word| word >> (i % 64) & 1 == 1)
    }

    fn set(&mut self, i: usize) {
        self.0[i / 64] |= 1 << (i % 64);
    }

    /// The first marked bar from `i` on.
    pub fn next(&self, i: usize) -> Option<usize> {
        let first = self.0.get(i / 64)? & (u64::MAX << (i % 64));
        if first != 0 {
            return Some(i / 64 * 64 + first.trailing_zeros() as usize);
        }
        let later = self.0[i / 64 + 1..].iter().position(|word| *word != 0)?;
        let k = i / 64 + 1 + later;
        Some(k * 64 + self.0[k].trailing_zeros() as usize)
    }

    /// Bars that are marked in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }

    /// Bars that are marked in either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a | b).collect())
    }
}

/// Marks for both directions.
#[derive(Debug, Clone)]
pub struct Sides {
    long: Marks,
    short: Marks,
}

impl Sides {
    /// For `bars` bars, none of them marked.
    pub fn none(bars: usize) -> Self {
        Self { long: Marks::none(bars), short: Marks::none(bars) }
    }

    /// The marks of one direction.
    pub fn of(&self, direction: Direction) -> &Marks {
        match direction {
            Direction::Long => &self.long,
            Direction::Short => &self.short,
        }
    }

    /// Marks a bar for one direction.
    pub fn set(&mut self, direction: Direction, i: usize) {
        match direction {
            Direction::Long => self.long.set(i),
            Direction::Short => self.short.set(i),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_mark_is_found_across_words() {
        let mut marks = Marks::none(300);
        for i in [0, 63, 64, 299] {
            marks.set(i);
        }
        let mut seen = vec![];
        let mut from = 0;
        while let Some(i) = marks.next(from) {
            seen.push(i);
            from = i + 1;
        }
        assert_eq!(seen, [0, 63, 64, 299]);
        assert!(!marks.at(1_000));
    }
}
