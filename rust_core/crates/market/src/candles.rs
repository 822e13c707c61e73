//! Columns of candles.

use omega_contract::inputs::{Ohlc, Pair};

/// Raw rows of one file. Prices in quote currency, times in ns since the epoch (UTC), bar open.
#[derive(Debug, Clone, Default)]
pub struct Candles {
    pub ts: Vec<i64>,
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

    /// The rows at `index`, in that order.
    pub fn pick(&self, index: &[usize]) -> Self {
        let take = |column: &[f64]| index.iter().map(|&i| column[i]).collect();
        Self {
            ts: index.iter().map(|&i| self.ts[i]).collect(),
            open: take(&self.open),
            high: take(&self.high),
            low: take(&self.low),
            close: take(&self.close),
            volume: take(&self.volume),
        }
    }
}

/// Inner join on time; both sides must rise strictly.
pub fn join(bid: Candles, ask: Candles) -> Pair {
    let whole = |c: Candles| Ohlc { open: c.open, high: c.high, low: c.low, close: c.close };
    if bid.ts == ask.ts {
        return Pair { ts: bid.ts.clone(), bid: whole(bid), ask: whole(ask) };
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
    let (bid, ask) = (bid.pick(&left), ask.pick(&right));
    Pair { ts: bid.ts.clone(), bid: whole(bid), ask: whole(ask) }
}

/// Keeps the bars of a range.
pub fn keep(pair: &mut Pair, range: std::ops::Range<usize>) {
    let cut = |column: &mut Vec<f64>| {
        column.truncate(range.end);
        column.drain(..range.start);
    };
    pair.ts.truncate(range.end);
    pair.ts.drain(..range.start);
    for side in [&mut pair.bid, &mut pair.ask] {
        cut(&mut side.open);
        cut(&mut side.high);
        cut(&mut side.low);
        cut(&mut side.close);
    }
}
