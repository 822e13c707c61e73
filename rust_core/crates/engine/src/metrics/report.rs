//! Metrics by name, with their definitions.

use std::collections::BTreeMap;

use omega_contract::outcome::Definition;
use serde::Serialize;
use serde_json::Value;

/// Values and what they mean, by name.
#[derive(Debug, Clone, Serialize)]
pub struct MetricReport {
    /// Values: numbers, or `"n/a"`.
    pub values: BTreeMap<&'static str, Value>,
    /// Definitions of the same names.
    pub definitions: BTreeMap<&'static str, Definition>,
}

impl MetricReport {
    pub(super) fn new() -> Self {
        Self { values: BTreeMap::new(), definitions: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, name: &'static str, value: Value, definition: Definition) {
        self.values.insert(name, value);
        self.definitions.insert(name, definition);
    }
}
