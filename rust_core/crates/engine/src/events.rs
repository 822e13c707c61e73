//! The trace that localises a difference: what happened, with the numbers that decided it.

use std::collections::BTreeMap;

use omega_contract::strategy::Direction;
use serde::Serialize;
use serde_json::Value;

/// A gate: a rule that keeps the strategy from trading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// The bar closes outside the daily sessions. Ends at the start of the next one.
    Session,
    /// The bar closes outside the windows around a market's opening. Ends at the start of the next one.
    Anchor,
    /// The minutes after the last exit have not passed. Ends when they have.
    CooldownExit,
    /// The minutes after the last entry have not passed. Ends when they have.
    CooldownEntry,
    /// The bars after the last entry have not passed. Ends at the first bar after them, if the data goes that far.
    CooldownCandles,
    /// The decision lies within the pause around news. Ends with the pause, whose last moment still belongs to it.
    News,
    /// A position is open, and the strategy holds one at a time. The end is not known.
    PositionLimit,
    /// A rule's own condition holds, but not the bias of a higher timeframe. The end is not known.
    Trend,
    /// Scenario 6: the condition holds on the primary timeframe, but not on the chain. The end is not known.
    Chain,
}

/// What a `gate` event says: the first gate that keeps the strategy from trading on a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stop {
    /// In a `gate` event: the gate.
    pub gate: Gate,
    /// Side of an order or a gate; null: the gate stops both.
    pub direction: Option<Direction>,
    /// In a `gate` event: when this gate by itself lets the strategy trade again, null where that is not known.
    /// Counted in times of decision (sessions and anchors: of bar closes), ns since the epoch (UTC).
    pub until_ns: Option<i64>,
}

impl Stop {
    /// Of both directions.
    pub fn both(gate: Gate, until_ns: Option<i64>) -> Self {
        Self { gate, direction: None, until_ns }
    }
}

/// One event. `bar` counts from the first tradable bar.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// Kind: gate, signal, order_placed, order_rejected, triggered, filled, exit_checked, closed, fee, equity.
    pub event: &'static str,
    /// Bar.
    pub bar: usize,
    /// Bar's open, ns since the epoch (UTC).
    pub timestamp_ns: i64,
    /// Order, where there is one.
    pub order: Option<i64>,
    /// What stops the strategy, in a `gate` event.
    #[serde(flatten)]
    pub stop: Option<Stop>,
    /// The numbers behind it.
    #[serde(flatten)]
    pub numbers: BTreeMap<&'static str, Value>,
}

/// Collects events when it is switched on, and costs a branch when it is not.
#[derive(Default)]
pub struct Trace {
    on: bool,
    bar: usize,
    time: i64,
    pub events: Vec<Event>,
}

impl Trace {
    pub fn new(on: bool) -> Self {
        Self { on, ..Self::default() }
    }

    pub fn is_on(&self) -> bool {
        self.on
    }

    pub fn at(&mut self, bar: usize, time: i64) {
        self.bar = bar;
        self.time = time;
    }

    pub fn add<const K: usize>(
        &mut self,
        event: &'static str,
        order: Option<i64>,
        numbers: impl FnOnce() -> [(&'static str, Value); K],
    ) {
        if self.on {
            let numbers = numbers().into_iter().collect();
            self.push(event, order, None, numbers);
        }
    }

    /// Records what stops the strategy on this bar. To be asked for only when the trace is on.
    pub fn stop(&mut self, stop: Stop) {
        self.push("gate", None, Some(stop), BTreeMap::new());
    }

    fn push(
        &mut self,
        event: &'static str,
        order: Option<i64>,
        stop: Option<Stop>,
        numbers: BTreeMap<&'static str, Value>,
    ) {
        self.events.push(Event { event, bar: self.bar, timestamp_ns: self.time, order, stop, numbers });
    }
}
