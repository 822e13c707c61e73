//! A valid configuration, every default filled in. Built only by [`Config::from_json`].

use std::collections::BTreeMap;

use serde::Serialize;

use crate::semantics::Semantics;
use crate::strategy::Strategy;
use crate::time::{Clock, Day, Timeframe};

/// Longest configuration text that is read, in bytes.
pub const MAX_CONFIG_BYTES: usize = 64 << 20;

/// Everything a backtest needs to know. Times are UTC, prices in quote currency.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// Always `"2"`.
    pub schema_version: &'static str,
    /// Strategy and its parameters.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    pub strategy: Strategy,
    /// Instrument: 3 to 20 letters and digits.
    pub symbol: String,
    /// First day of trading.
    pub start_date: Day,
    /// Last day; how much of it counts is the switch `end_date`.
    pub end_date: Day,
    /// `dev` or `prod`.
    pub run_mode: RunMode,
    /// Only `candle`.
    pub data_mode: &'static str,
    /// Settings of all switches.
    pub semantics: Semantics,
    /// Bar lengths.
    pub timeframes: Timeframes,
    /// When a bar is known.
    pub timestamp_alignment: Alignment,
    /// Bars of history before `start_date`.
    pub warmup_bars: i64,
    /// Seed of random slippage; `None` in prod without a given seed.
    pub rng_seed: Option<u64>,
    /// Trading windows by bar close; null is always open.
    pub sessions: Option<Vec<Session>>,
    /// Windows relative to the opening of a market, or of several: inside any of them.
    pub anchored_sessions: Option<Anchors>,
    /// Pauses after trades.
    pub cooldown: Cooldown,
    /// Money.
    pub account: Account,
    /// Static FX rates by pair.
    pub rates: BTreeMap<String, f64>,
    /// Fees and slippage.
    pub costs: Costs,
    /// Pauses around news.
    pub news_filter: NewsFilter,
    /// Position manager.
    pub trade_management: TradeManagement,
    /// What the result holds.
    pub output: Output,
    /// Keys that were not understood and accepted nevertheless.
    #[serde(skip)]
    pub ignored_keys: Vec<String>,
}

/// `dev`: reproducible; `prod`: the seed comes from the operating system unless given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RunMode {
    /// Reproducible.
    Dev,
    /// Unseeded unless a seed is given.
    Prod,
}

/// Primary and higher timeframes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Timeframes {
    /// Bars the strategy trades on.
    pub primary: Timeframe,
    /// Higher timeframes, each from its own file.
    pub additional: Vec<Timeframe>,
    /// Only `separate_parquet`.
    pub additional_source: &'static str,
}

/// When a bar is known, and how long a higher bar stays visible.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Alignment {
    /// Decision at the bar's open label or at its close.
    pub entry_timestamp_mode: EntryTimestamp,
    /// Primary bars after which a higher bar is stale; 0 is automatic.
    pub stale_bar_limit_bars: i64,
    /// The look-ahead guard.
    pub use_previous_completed_higher_tf: bool,
    /// Floors timestamps to the grid of their timeframe.
    pub normalize_to_timeframe: bool,
    /// Timeframes whose bars are labelled by their close.
    pub higher_tf_timestamps_mode: BTreeMap<String, EntryTimestamp>,
}

/// Open label or close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum EntryTimestamp {
    /// By the bar's open time.
    Open,
    /// By the bar's close time.
    Close,
}

/// One daily window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Session {
    /// From.
    pub start: Clock,
    /// To; not after `start` means over midnight.
    pub end: Clock,
}

/// Windows around one market's opening, or around those of several markets.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Anchors {
    /// Of one market.
    One(AnchoredSessions),
    /// Of several; open inside any of them.
    Several(Vec<AnchoredSessions>),
}

impl Anchors {
    /// Of each market.
    pub fn all(&self) -> &[AnchoredSessions] {
        match self {
            Self::One(anchored) => std::slice::from_ref(anchored),
            Self::Several(list) => list,
        }
    }
}

/// Windows relative to the opening of a market.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AnchoredSessions {
    /// Market.
    pub anchor: Anchor,
    /// Offsets in minutes.
    pub windows: Vec<OffsetWindow>,
}

/// One window in minutes from the anchor.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OffsetWindow {
    /// From.
    pub start_offset_minutes: i64,
    /// To.
    pub end_offset_minutes: i64,
}

/// Market whose local opening anchors the windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// 08:00 in London.
    London,
    /// 09:30 in New York.
    NewYork,
    /// 09:00 in Tokyo.
    Tokyo,
    /// 08:00 in Sydney.
    Sydney,
    /// 08:00 in Frankfurt.
    Frankfurt,
    /// As Tokyo.
    Asia,
    /// As London.
    Europe,
}

/// Pauses after trades.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cooldown {
    /// Bars since the last entry.
    pub candles: i64,
    /// Minutes since the last entry.
    pub minutes_after_entry: f64,
    /// Minutes since the last exit.
    pub minutes_after_exit: f64,
}

/// Money of the account.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Account {
    /// Start, in account currency.
    pub initial_balance: f64,
    /// ISO code.
    pub account_currency: String,
    /// Account currency at risk between fill and stop.
    pub risk_per_trade: f64,
    /// Cap on open positions.
    pub max_positions: Option<i64>,
}

/// Fees and slippage.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Costs {
    /// Off: no fee, no slippage.
    pub enabled: bool,
    /// Scales fees and minimum fees.
    pub fee_multiplier: f64,
    /// Scales slippage.
    pub slippage_multiplier: f64,
    /// Overrides the cost file.
    pub slippage: Option<Slippage>,
    /// Exit buffer in pips.
    pub pip_buffer_factor: f64,
}

/// `fixed + U(0, random)` pips; a missing half comes from the cost file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Slippage {
    /// Pips.
    pub fixed_pips: Option<f64>,
    /// Pips.
    pub random_pips: Option<f64>,
}

/// Impact of a news event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Impact {
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
}

/// Pauses around news.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewsFilter {
    /// Reads the calendar.
    pub enabled: bool,
    /// Minutes before an event.
    pub minutes_before: f64,
    /// Minutes after an event.
    pub minutes_after: f64,
    /// Least impact that counts.
    pub min_impact: Impact,
    /// Currencies that count; null: both halves of the symbol.
    pub currencies: Option<Vec<String>>,
}

/// Position manager.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TradeManagement {
    /// Runs at all.
    pub enabled: bool,
    /// Closes what is held this long.
    pub max_holding_minutes: Option<f64>,
    /// Only these scenarios; empty: all.
    pub only_scenarios: Vec<String>,
}

/// What the equity part of a result holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum EquityOutput {
    /// Nothing.
    None,
    /// A point for each bar on which a trade closed, and the last bar.
    Trades,
    /// A point for each bar.
    Bars,
}

/// What the result holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Output {
    /// Equity points.
    pub equity: EquityOutput,
    /// The event trace.
    pub events: bool,
}
