//! Candidate bars: the fast path of a rule. Bounds decide for most bars whether a rule may hold at them; long runs of
//! bars that are no candidates are passed over at once.

use omega_contract::strategy::Direction;

use super::bounds::{BLOCK, each_block};

/// A set of bars, 64 of them in a word.
#[derive(Debug, Clone, Default)]
pub struct BarSet(Vec<u64>);

impl BarSet {
    fn empty(bars: usize) -> Self {
        Self(vec![0; bars.div_ceil(64)])
    }

    /// Whether the set holds a bar; it holds none beyond the end.
    pub fn contains(&self, i: usize) -> bool {
        self.0.get(i / 64).is_some_and(|word| word >> (i % 64) & 1 == 1)
    }

    fn insert(&mut self, i: usize) {
        self.0[i / 64] |= 1 << (i % 64);
    }

    /// The first bar of the set from `i` on.
    pub fn next(&self, i: usize) -> Option<usize> {
        let first = self.0.get(i / 64)? & (u64::MAX << (i % 64));
        if first != 0 {
            return Some(i / 64 * 64 + first.trailing_zeros() as usize);
        }
        let later = self.0[i / 64 + 1..].iter().position(|word| *word != 0)?;
        let k = i / 64 + 1 + later;
        Some(k * 64 + self.0[k].trailing_zeros() as usize)
    }

    /// Bars of both sets.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }

    /// Bars of either set.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a | b).collect())
    }
}

/// One set for each direction.
#[derive(Debug, Clone)]
struct Sides {
    long: BarSet,
    short: BarSet,
}

impl Sides {
    fn empty(bars: usize) -> Self {
        Self { long: BarSet::empty(bars), short: BarSet::empty(bars) }
    }

    fn of(&self, direction: Direction) -> &BarSet {
        match direction {
            Direction::Long => &self.long,
            Direction::Short => &self.short,
        }
    }

    fn of_mut(&mut self, direction: Direction) -> &mut BarSet {
        match direction {
            Direction::Long => &mut self.long,
            Direction::Short => &mut self.short,
        }
    }
}

/// What bounds decide about bars without reading their windows.
#[derive(Debug, Clone)]
pub struct Candidates {
    candidates: Sides,
    certain: Sides,
}

impl Candidates {
    /// Of `bars` bars, none of which is a candidate.
    pub fn none(bars: usize) -> Self {
        Self { candidates: Sides::empty(bars), certain: Sides::empty(bars) }
    }

    /// The bars at which a rule holds that is known already.
    pub fn known(bars: usize, holds: impl Fn(usize, Direction) -> bool) -> Self {
        let mut found = Sides::empty(bars);
        for direction in [Direction::Long, Direction::Short] {
            for i in (0..bars).filter(|i| holds(*i, direction)) {
                found.of_mut(direction).insert(i);
            }
        }
        Self { candidates: found.clone(), certain: found }
    }

    /// What the bounds of a series' deviations decide about a rule.
    ///
    /// `decide` gives the `flags` of a bar from its value, what `each_bar` has computed, and both bounds; `keep` gets
    /// what `each_bar` has computed, block by block. A direction that is not `bounded` has no bound that decides
    /// anything.
    pub fn bounded<T: Copy + Default>(
        x: &[f64],
        window: usize,
        bounded: [bool; 2],
        each_bar: impl FnMut(f64, f64) -> T,
        mut keep: impl FnMut(&[T]),
        decide: impl Fn(f64, T, f64, f64) -> u64,
    ) -> Self {
        let mut found = Self::none(x.len());
        each_block(x, window, each_bar, |block| {
            keep(block.computed);
            let bars = x[block.start..].iter().zip(block.computed).zip(block.lower);
            let decided = bars.map(|((x, computed), lower)| decide(*x, *computed, *lower, block.upper(*lower)));
            found.add(block.start, bounded, decided);
        });
        found
    }

    /// Bars at which the rule may hold; at no other bar does it hold.
    pub fn of(&self, direction: Direction) -> &BarSet {
        self.candidates.of(direction)
    }

    /// Whether the rule holds at a bar. `exact` is asked only where the bounds leave it open.
    pub fn decide(&self, i: usize, direction: Direction, exact: impl FnOnce() -> bool) -> bool {
        self.of(direction).contains(i) && (self.is_certain(i, direction) || exact())
    }

    /// Whether the bounds alone show that the rule holds at a bar.
    pub fn is_certain(&self, i: usize, direction: Direction) -> bool {
        self.certain.of(direction).contains(i)
    }

    /// Adds the bars of a block, of `BLOCK` bars at most, from their `flags`. Each bar of a direction that is not
    /// `bounded` is a candidate and none is certain.
    fn add(&mut self, start: usize, bounded: [bool; 2], flags: impl Iterator<Item = u64>) {
        let [long, short] = bounded.map(u64::from);
        let (always, never) = ((1 - long) | ((1 - short) << 1), ((1 - long) << 2) | ((1 - short) << 3));
        // First all bars without a branch, several at once, and then only the few that have a flag.
        let mut block = [0; BLOCK];
        for (slot, flags) in block.iter_mut().zip(flags) {
            *slot = (flags | always) & !never;
        }
        for (i, flags) in block.iter().enumerate().filter(|(_, flags)| **flags != 0) {
            for (sides, bits) in [(&mut self.candidates, flags & 3), (&mut self.certain, flags >> 2)] {
                for (direction, bit) in [(Direction::Long, 1), (Direction::Short, 2)] {
                    if bits & bit != 0 {
                        sides.of_mut(direction).insert(start + i);
                    }
                }
            }
        }
    }
}

/// Flags of a bar in four bits: candidate (long, short), certain (long, short). `inside` and `outside` say for both
/// directions what the bounds show; a bar that is not shown to lie inside is a candidate.
pub fn flags(inside: [bool; 2], outside: [bool; 2]) -> u64 {
    let pair = |sides: [bool; 2]| u64::from(sides[0]) | (u64::from(sides[1]) << 1);
    (3 ^ pair(inside)) | (pair(outside) << 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_bar_of_a_set_is_found_across_words() {
        let mut set = BarSet::empty(300);
        for i in [0, 63, 64, 299] {
            set.insert(i);
        }
        let mut seen = vec![];
        let mut from = 0;
        while let Some(i) = set.next(from) {
            seen.push(i);
            from = i + 1;
        }
        assert_eq!(seen, [0, 63, 64, 299]);
        assert!(!set.contains(1_000));
    }

    #[test]
    fn a_direction_without_bounds_has_only_candidates_and_no_certain_bar() {
        let mut found = Candidates::none(3);
        let all = [flags([true; 2], [false; 2]), flags([false; 2], [true; 2]), flags([false; 2], [false; 2])];
        found.add(0, [true, false], all.into_iter());
        let bars = |direction| [0, 1, 2].map(|i| (found.of(direction).contains(i), found.is_certain(i, direction)));
        assert_eq!(bars(Direction::Long), [(false, false), (true, true), (true, false)]);
        assert_eq!(bars(Direction::Short), [(true, false); 3]);
    }
}
