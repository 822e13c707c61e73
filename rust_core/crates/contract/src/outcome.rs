//! What a finished run says: plain data, ready to be serialised.

use serde::Serialize;

use crate::strategy::{Direction, OrderKind};

/// Why a position was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExitReason {
    /// Target reached.
    TakeProfit,
    /// Initial stop reached, or any stop on the fill bar.
    StopLoss,
    /// An edited stop reached.
    BreakEvenStopLoss,
    /// Held too long.
    Timeout,
}

/// A closed position. Times are nanoseconds since the epoch (UTC), money is in account currency.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Trade {
    /// Placement or fill, by the switch `pending_entry_time`.
    pub entry_time_ns: i64,
    /// Bar of the exit.
    pub exit_time_ns: i64,
    /// Bar of the fill.
    pub trigger_time_ns: i64,
    /// Side.
    pub direction: Direction,
    /// Instrument.
    pub symbol: String,
    /// Kind of order.
    pub order_type: OrderKind,
    /// Fill price.
    pub entry_price: f64,
    /// Exit price.
    pub exit_price: f64,
    /// Stop at the fill.
    pub initial_stop_loss: f64,
    /// Stop at the end.
    pub stop_loss: f64,
    /// Target at the end.
    pub take_profit: f64,
    /// Lots.
    pub size: f64,
    /// Profit before fees.
    pub result: f64,
    /// Profit in units of initial risk.
    pub r_multiple: f64,
    /// Fee at the fill.
    pub entry_fee: f64,
    /// Fee at the exit.
    pub exit_fee: f64,
    /// Why it was closed.
    pub reason: ExitReason,
    /// Label of the rule.
    pub scenario: Option<String>,
    /// What else identifies the order.
    pub meta: TradeMeta,
}

/// What else identifies the order of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TradeMeta {
    /// Index of the order.
    pub order_id: i64,
}

/// An order or position that was still alive after the last bar.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OpenPosition {
    /// Index of the order.
    pub order_id: i64,
    /// `pending` or `open`.
    pub status: &'static str,
    /// Placement or fill.
    pub entry_time_ns: i64,
    /// Bar of the fill; null while pending.
    pub trigger_time_ns: Option<i64>,
    /// Side.
    pub direction: Direction,
    /// Instrument.
    pub symbol: String,
    /// Kind of order.
    pub order_type: OrderKind,
    /// Level or fill price.
    pub entry_price: f64,
    /// Stop at the fill.
    pub initial_stop_loss: f64,
    /// Stop in force.
    pub stop_loss: f64,
    /// Target in force.
    pub take_profit: f64,
    /// Lots; 0 while pending.
    pub size: f64,
    /// Fee at the fill.
    pub entry_fee: f64,
    /// Label of the rule.
    pub scenario: Option<String>,
    /// Profit at the last mark, before fees; 0 unless `equity_mark` is `v2`.
    pub unrealised: f64,
}

/// An order that was refused.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RejectedOrder {
    /// Index of the order.
    pub order_id: i64,
    /// Bar on which it was refused.
    pub time_ns: i64,
    /// Side.
    pub direction: Direction,
    /// Kind of order.
    pub order_type: OrderKind,
    /// Price it would have been filled at.
    pub price: f64,
    /// Stop.
    pub stop_loss: f64,
    /// Target.
    pub take_profit: f64,
    /// Rule that refused it.
    pub rule: &'static str,
    /// Why, in one sentence.
    pub message: String,
    /// Label of the rule that wanted it.
    pub scenario: Option<String>,
}

/// Equity in columns.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EquityCurve {
    /// Bar of each point.
    pub timestamp_ns: Vec<i64>,
    /// Cash, plus open profit when `equity_mark` is `v2`.
    pub equity: Vec<f64>,
    /// Cash.
    pub balance: Vec<f64>,
}

/// What a metric means.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Definition {
    /// Unit.
    pub unit: &'static str,
    /// What it is.
    pub description: &'static str,
    /// What it is computed over.
    pub domain: &'static str,
    /// Where its formula comes from.
    pub source: &'static str,
    /// JSON type.
    #[serde(rename = "type")]
    pub kind: &'static str,
}
