//! Metrics of a finished run: the legacy set or the current one.

mod current;
mod legacy;

use std::collections::BTreeMap;

use omega_contract::outcome::{Definition, Trade};
use serde::Serialize;
use serde_json::Value;

use crate::broker::Ledger;
use crate::curve::Figures;
use crate::policy::MetricSet;

/// Values and what they mean, by name.
#[derive(Debug, Clone, Serialize)]
pub struct MetricReport {
    /// Values: numbers, or `"n/a"`.
    pub values: BTreeMap<&'static str, Value>,
    /// Definitions of the same names.
    pub definitions: BTreeMap<&'static str, Definition>,
}

impl MetricReport {
    fn new() -> Self {
        Self { values: BTreeMap::new(), definitions: BTreeMap::new() }
    }

    fn add(&mut self, name: &'static str, value: Value, definition: Definition) {
        self.values.insert(name, value);
        self.definitions.insert(name, definition);
    }
}

pub(crate) fn compute(set: MetricSet, trades: &[Trade], ledger: &Ledger, figures: &Figures) -> MetricReport {
    match set {
        MetricSet::Legacy => legacy::compute(trades, ledger, figures),
        MetricSet::Current => current::compute(trades, ledger, figures),
    }
}

/// Mean of a sample; 0 for none.
fn mean(x: &[f64]) -> f64 {
    if x.is_empty() { 0.0 } else { x.iter().fold(0.0, |a, b| a + b) / x.len() as f64 }
}

/// Sample standard deviation (ddof 1), two passes.
fn deviation(x: &[f64]) -> f64 {
    let m = mean(x);
    (x.iter().fold(0.0, |a, b| a + (b - m) * (b - m)) / (x.len() as f64 - 1.0)).sqrt()
}

/// Root of the mean squared losses, over all samples.
fn downside(x: &[f64]) -> f64 {
    (x.iter().fold(0.0, |a, b| a + b.min(0.0) * b.min(0.0)) / x.len() as f64).sqrt()
}
