//! What a run is fed with: columns of candles, symbol data, commission, news. Filled by `market`, read by `engine`.

use std::ops::{Deref, Range};

use crate::config::Impact;
use crate::time::Timeframe;

/// A column that can be narrowed to a range of its rows without copying them.
#[derive(Debug, Clone, Default)]
pub struct Column<T> {
    rows: Vec<T>,
    skipped: usize,
}

impl<T> Column<T> {
    /// Leaves only the rows of `range`, counted from the first visible row.
    pub fn narrow(&mut self, range: Range<usize>) {
        self.rows.truncate(self.skipped + range.end);
        self.skipped = (self.skipped + range.start).min(self.rows.len());
    }
}

impl<T> From<Vec<T>> for Column<T> {
    fn from(rows: Vec<T>) -> Self {
        Self { rows, skipped: 0 }
    }
}

impl<T> Deref for Column<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.rows[self.skipped..]
    }
}

/// Price columns of one side, all of one length.
#[derive(Debug, Clone, Default)]
pub struct Ohlc {
    /// Open.
    pub open: Column<f64>,
    /// High.
    pub high: Column<f64>,
    /// Low.
    pub low: Column<f64>,
    /// Close.
    pub close: Column<f64>,
}

/// Bid and ask on common times.
#[derive(Debug, Clone, Default)]
pub struct Pair {
    /// Bar open, ns since the epoch (UTC), strictly rising.
    pub ts: Column<i64>,
    /// Bid side.
    pub bid: Ohlc,
    /// Ask side.
    pub ask: Ohlc,
}

impl Pair {
    /// Number of bars.
    pub fn len(&self) -> usize {
        self.ts.len()
    }

    /// Whether there is no bar.
    pub fn is_empty(&self) -> bool {
        self.ts.is_empty()
    }
}

/// A higher timeframe: its bars, and the one that each primary bar may see, by side.
#[derive(Debug, Clone)]
pub struct Higher {
    /// Length.
    pub timeframe: Timeframe,
    /// Bars.
    pub bars: Pair,
    /// Index into `bars` for each primary bar.
    pub visible: Vec<Option<u32>>,
}

/// What a commission is charged on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeeSchema {
    /// Per lot.
    PerLot,
    /// Per million of notional.
    PerMillionNotional,
    /// Share of notional.
    PercentOfNotional,
}

/// Commission of one symbol.
#[derive(Debug, Clone, PartialEq)]
pub struct Commission {
    /// Base.
    pub schema: FeeSchema,
    /// Charged at the entry.
    pub at_entry: bool,
    /// Charged at the exit.
    pub at_exit: bool,
    /// Amount for a lot.
    pub per_lot: f64,
    /// Amount for a million of notional.
    pub rate_per_million: f64,
    /// Share of notional.
    pub pct: f64,
    /// Least fee.
    pub min_fee: f64,
    /// Currency of the amounts; account currency when absent.
    pub currency: Option<String>,
}

/// Trading data of one symbol.
#[derive(Debug, Clone, PartialEq)]
pub struct SymbolSpec {
    /// Units of one lot.
    pub contract_size: f64,
    /// Price grid.
    pub tick_size: f64,
    /// Smallest volume.
    pub volume_min: f64,
    /// Volume grid.
    pub volume_step: f64,
    /// Largest volume.
    pub volume_max: f64,
    /// Quote currency.
    pub quote_currency: String,
    /// Pip in price units.
    pub pip: f64,
    /// Least distance between fill and stop.
    pub min_sl_distance_pips: f64,
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct NewsEvent {
    /// Time, ns since the epoch (UTC).
    pub ts: i64,
    /// Weight.
    pub impact: Impact,
    /// Three upper-case letters.
    pub currency: String,
}
