//! What a run is fed with. Plain references: whoever has the files and the clock keeps the data.

use omega_contract::RunError;
use omega_contract::config::Config;
use omega_contract::inputs::{Commission, Higher, NewsEvent, Pair, SymbolSpec};

/// Everything a run is fed with.
pub struct Inputs<'a> {
    /// Configuration.
    pub config: &'a Config,
    /// Primary bars, history included.
    pub bars: &'a Pair,
    /// Index of the first tradable bar.
    pub start: usize,
    /// Higher timeframes.
    pub higher: &'a [Higher],
    /// Symbol data.
    pub spec: &'a SymbolSpec,
    /// With what the first order fails, where nothing is known about the symbol.
    pub unknown_symbol: Option<&'a RunError>,
    /// Commission.
    pub commission: &'a Commission,
    /// Fixed and random slippage of the cost file, in pips.
    pub slippage: (f64, f64),
    /// News events in time order.
    pub news: &'a [NewsEvent],
    /// Seed of random slippage.
    pub seed: u64,
}
