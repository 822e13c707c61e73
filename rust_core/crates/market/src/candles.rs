//! Columns of candles.

use std::sync::Arc;

use omega_contract::inputs::{Ohlc, Pair};

/// Raw rows of one file. Prices in quote currency, times in ns since the epoch (UTC), bar open; both sides may share
/// them.
#[derive(Debug, Clone, Default)]
pub struct Candles {
    pub ts: Arc<Vec<i64>>,
    pub open: Vec<f64>,
    pub high: Vec<f64>,
    pub low: Vec<f64>,
    pub close: Vec<f64>,
    pub volume: Vec<f64>,
}

impl Candles {
    pub fn len(&self) -> usize {
        self.ts.len()
    }

    /// Lets go of the volume, which nothing reads once a file is checked.
    pub fn forget_volume(&mut self) {
        self.volume = vec![];
    }

    /// The rows at `index`, in that order.
    pub fn pick(&self, index: &[usize]) -> Self {
        let take = |column: &[f64]| index.iter().map(|&i| column[i]).collect();
        Self {
            ts: Arc::new(index.iter().map(|&i| self.ts[i]).collect()),
            open: take(&self.open),
            high: take(&self.high),
            low: take(&self.low),
            close: take(&self.close),
            volume: if self.volume.is_empty() { vec![] } else { take(&self.volume) },
        }
    }
}

/// Times of both sides before a join that lost some.
pub type Apart = (Arc<Vec<i64>>, Arc<Vec<i64>>);

/// Inner join on time; both sides must rise strictly. The times of the sides are handed back where they differ.
pub fn join(bid: Candles, ask: Candles) -> (Pair, Option<Apart>) {
    if Arc::ptr_eq(&bid.ts, &ask.ts) || bid.ts == ask.ts {
        return (pair(bid, ask), None);
    }
    let (mut left, mut right) = (vec![], vec![]);
    let (mut i, mut j) = (0, 0);
    while i < bid.len() && j < ask.len() {
        match bid.ts[i].cmp(&ask.ts[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                left.push(i);
                right.push(j);
                i += 1;
                j += 1;
            }
        }
    }
    (pair(bid.pick(&left), ask.pick(&right)), Some((bid.ts, ask.ts)))
}

fn pair(bid: Candles, ask: Candles) -> Pair {
    let side = |open: Vec<f64>, high: Vec<f64>, low: Vec<f64>, close: Vec<f64>| Ohlc {
        open: open.into(),
        high: high.into(),
        low: low.into(),
        close: close.into(),
    };
    drop(ask.ts);
    Pair {
        ts: Arc::unwrap_or_clone(bid.ts).into(),
        bid: side(bid.open, bid.high, bid.low, bid.close),
        ask: side(ask.open, ask.high, ask.low, ask.close),
    }
}

/// Keeps the bars of a range.
pub fn keep(pair: &mut Pair, range: &std::ops::Range<usize>) {
    pair.ts.narrow(range.clone());
    for side in [&mut pair.bid, &mut pair.ask] {
        for column in [&mut side.open, &mut side.high, &mut side.low, &mut side.close] {
            column.narrow(range.clone());
        }
    }
}
