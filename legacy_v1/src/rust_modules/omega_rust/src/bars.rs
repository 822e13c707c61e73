//! One candle of one side, as it crosses for a single-record call.

use chrono::{DateTime, Utc};
use pyo3::prelude::*;

/// Bar of one side, labelled by its open time (UTC). Prices in quote currency.
#[pyclass(frozen, get_all)]
pub struct BarRust {
    pub timestamp: DateTime<Utc>,
    pub open: f64,
    pub high: f64,
    pub low: f64,
    pub close: f64,
    pub volume: f64,
}

#[pymethods]
impl BarRust {
    #[new]
    fn new(timestamp: DateTime<Utc>, open: f64, high: f64, low: f64, close: f64, volume: f64) -> Self {
        Self { timestamp, open, high, low, close, volume }
    }

    /// (field, Rust type) pairs, held against `shared.protocols.Bar`.
    #[staticmethod]
    fn contract() -> Vec<(&'static str, &'static str)> {
        vec![
            ("timestamp", "DateTime<Utc>"),
            ("open", "f64"),
            ("high", "f64"),
            ("low", "f64"),
            ("close", "f64"),
            ("volume", "f64"),
        ]
    }
}
