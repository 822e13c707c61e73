//! An order from its placement to its end.

use omega_contract::outcome::OpenPosition;
use omega_contract::strategy::{Direction, OrderKind};

/// What a strategy asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub id: i64,
    pub direction: Direction,
    pub kind: OrderKind,
    /// Price of the signal (market) or level (pending).
    pub price: f64,
    pub sl: f64,
    pub tp: f64,
    pub scenario: Option<String>,
}

/// Bar of the fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    pub bar: usize,
    pub ts: i64,
    /// Counted over the whole run.
    pub number: usize,
}

/// A live order.
#[derive(Debug, Clone)]
pub struct Order {
    pub request: Request,
    pub placed_bar: usize,
    pub placed_ts: i64,
    /// None while pending.
    pub fill: Option<Fill>,
    /// Level while pending, fill price afterwards.
    pub entry: f64,
    pub initial_sl: f64,
    pub sl: f64,
    pub tp: f64,
    pub size: f64,
    pub entry_fee: f64,
    pub done: bool,
}

impl Order {
    pub fn new(request: Request, bar: usize, ts: i64) -> Self {
        Self {
            placed_bar: bar,
            placed_ts: ts,
            fill: None,
            entry: request.price,
            initial_sl: request.sl,
            sl: request.sl,
            tp: request.tp,
            size: 0.0,
            entry_fee: 0.0,
            done: false,
            request,
        }
    }

    pub fn is_long(&self) -> bool {
        self.request.direction == Direction::Long
    }

    pub fn is_open(&self) -> bool {
        self.fill.is_some() && !self.done
    }

    pub fn is_pending(&self) -> bool {
        self.fill.is_none() && !self.done
    }

    /// Profit in units of initial risk; 0 without risk.
    pub fn r_multiple(&self, exit: f64) -> f64 {
        let risk = (self.entry - self.initial_sl).abs();
        let gain = if self.is_long() { exit - self.entry } else { self.entry - exit };
        if risk > 0.0 { gain / risk } else { 0.0 }
    }

    /// Entry time as results show it.
    pub fn entry_ts(&self, at_fill: bool) -> i64 {
        match self.fill {
            Some(fill) if at_fill => fill.ts,
            _ => self.placed_ts,
        }
    }

    /// The order as it stands after the last bar.
    pub fn as_open(&self, symbol: &str, at_fill: bool, unrealised: f64) -> OpenPosition {
        OpenPosition {
            order_id: self.request.id,
            status: if self.fill.is_some() { "open" } else { "pending" },
            entry_time_ns: self.entry_ts(at_fill),
            trigger_time_ns: self.fill.map(|fill| fill.ts),
            direction: self.request.direction,
            symbol: symbol.to_string(),
            order_type: self.request.kind,
            entry_price: self.entry,
            initial_stop_loss: self.initial_sl,
            stop_loss: self.sl,
            take_profit: self.tp,
            size: self.size,
            entry_fee: self.entry_fee,
            scenario: self.request.scenario.clone(),
            unrealised,
        }
    }
}
