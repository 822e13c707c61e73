//! Yes or no for every bar, 64 of them in a word, so that long stretches of no are passed over at once.

use omega_contract::strategy::Direction;

/// Bars looked at together, at most.
pub const STRETCH: usize = 512;

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

/// What is known about bars without looking at their windows.
#[derive(Debug, Clone)]
pub struct Known {
    /// Bars that may lie outside; none is left out wrongly.
    pub maybe: Sides,
    /// Bars that do.
    pub surely: Sides,
}

impl Known {
    /// About `bars` bars.
    pub fn nothing(bars: usize) -> Self {
        Self { maybe: Sides::none(bars), surely: Sides::none(bars) }
    }

    /// Notes for each bar of a stretch, of `STRETCH` bars at most, its answers (see `answers`); where no bound helps a direction, every bar of it
    /// may lie outside and none is known to.
    pub fn note(&mut self, start: usize, helps: [bool; 2], answers: impl Iterator<Item = u64>) {
        let [long, short] = helps.map(u64::from);
        let (always, never) = ((1 - long) | ((1 - short) << 1), ((1 - long) << 2) | ((1 - short) << 3));
        // First all of them without a branch, several bars at once, and then only the few that are marked.
        let mut flags = [0; STRETCH];
        for (flag, answer) in flags.iter_mut().zip(answers) {
            *flag = (answer | always) & !never;
        }
        for (i, flag) in flags.iter().enumerate().filter(|(_, flag)| **flag != 0) {
            for (marks, bits) in [(&mut self.maybe, flag & 3), (&mut self.surely, flag >> 2)] {
                for (direction, bit) in [(Direction::Long, 1), (Direction::Short, 2)] {
                    if bits & bit != 0 {
                        marks.set(direction, start + i);
                    }
                }
            }
        }
    }
}

/// A bar's answers in four bits: may lie outside (long, short), does (long, short). It may where it is not known to lie
/// `inside`.
pub fn answers(inside: [bool; 2], outside: [bool; 2]) -> u64 {
    let pair = |answer: [bool; 2]| u64::from(answer[0]) | (u64::from(answer[1]) << 1);
    (3 ^ pair(inside)) | (pair(outside) << 2)
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
