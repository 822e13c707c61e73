//! Random slippage: one sequential stream as V1 has it, or a draw keyed by order and occasion.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::mersenne::Mersenne;

/// When a price slips.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// At the fill.
    Entry,
    /// At the exit.
    Exit,
}

/// Source of draws.
pub enum Draws {
    /// Every draw depends on how many came before.
    Stream(Box<Mersenne>),
    /// ChaCha8 keyed by (seed, order id, occasion): independent of all other draws.
    Keyed(u64),
}

impl Draws {
    /// The source a run uses.
    pub fn new(seed: u64, keyed: bool) -> Self {
        if keyed { Self::Keyed(seed) } else { Self::Stream(Box::new(Mersenne::new(seed))) }
    }

    /// Uniform in \[0, 1) with 53 bits.
    pub fn unit(&mut self, order: i64, occasion: Occasion) -> f64 {
        match self {
            Self::Stream(generator) => generator.random(),
            Self::Keyed(seed) => {
                let mut key = [0u8; 32];
                key[..8].copy_from_slice(&seed.to_le_bytes());
                key[8..16].copy_from_slice(&order.to_le_bytes());
                key[16] = if occasion == Occasion::Entry { 1 } else { 2 };
                let bits = ChaCha8Rng::from_seed(key).next_u64() >> 11;
                bits as f64 * (1.0 / 9_007_199_254_740_992.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyed_draw_does_not_depend_on_other_draws() {
        let mut busy = Draws::new(7, true);
        for order in 0..10 {
            busy.unit(order, Occasion::Exit);
        }
        let mut fresh = Draws::new(7, true);
        assert_eq!(busy.unit(3, Occasion::Entry), fresh.unit(3, Occasion::Entry));
        assert_ne!(fresh.unit(3, Occasion::Entry), fresh.unit(3, Occasion::Exit));
        assert!((0.0..1.0).contains(&fresh.unit(4, Occasion::Entry)));
    }
}
