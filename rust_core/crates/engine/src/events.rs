//! The trace that localises a difference: what happened, with the numbers that decided it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// One event. `bar` counts from the first tradable bar.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// Kind: signal, order_placed, order_rejected, triggered, filled, exit_checked, closed, fee, equity.
    pub event: &'static str,
    /// Bar.
    pub bar: usize,
    /// Bar's open, ns since the epoch (UTC).
    pub timestamp_ns: i64,
    /// Order, where there is one.
    pub order: Option<i64>,
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
            self.events.push(Event { event, bar: self.bar, timestamp_ns: self.time, order, numbers });
        }
    }
}
