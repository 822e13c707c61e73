//! A position from its placement to its end. Python keeps the object across bars.

use chrono::{DateTime, Utc};
use pyo3::prelude::*;

macro_rules! position {
    ($($field:ident : $ty:ty),+ $(,)?) => {
        /// An order that waits (`pending`), a live position (`open`) or a finished one (`closed`).
        #[pyclass(get_all, set_all)]
        #[derive(Clone)]
        pub struct PositionRust { $(pub $field: $ty),+ }

        const CONTRACT: &[(&str, &str)] = &[$((stringify!($field), stringify!($ty))),+];
    };
}

position! {
    order_id: i64,
    entry_time: DateTime<Utc>,
    trigger_time: Option<DateTime<Utc>>,
    exit_time: Option<DateTime<Utc>>,
    direction: String,
    symbol: String,
    order_type: String,
    entry_price: f64,
    exit_price: Option<f64>,
    initial_sl: f64,
    current_sl: f64,
    tp: f64,
    size: f64,
    result: Option<f64>,
    r_multiple: f64,
    reason: Option<String>,
    status: String,
    entry_fee: f64,
    exit_fee: f64,
    scenario: Option<String>,
}

impl PositionRust {
    pub fn is_long(&self) -> bool {
        self.direction == "long"
    }
}

#[pymethods]
impl PositionRust {
    #[new]
    #[pyo3(signature = (order_id, entry_time, direction, symbol, order_type, entry_price, sl, tp, scenario=None))]
    #[allow(clippy::too_many_arguments)] // one argument for each column of a new order
    fn new(
        order_id: i64,
        entry_time: DateTime<Utc>,
        direction: String,
        symbol: String,
        order_type: String,
        entry_price: f64,
        sl: f64,
        tp: f64,
        scenario: Option<String>,
    ) -> Self {
        Self {
            order_id,
            entry_time,
            trigger_time: None,
            exit_time: None,
            direction,
            symbol,
            order_type,
            entry_price,
            exit_price: None,
            initial_sl: sl,
            current_sl: sl,
            tp,
            size: 0.0,
            result: None,
            r_multiple: 0.0,
            reason: None,
            status: "pending".to_string(),
            entry_fee: 0.0,
            exit_fee: 0.0,
            scenario,
        }
    }

    /// Pending -> open at `time`; the stop in force becomes the initial one.
    fn fill(&mut self, time: DateTime<Utc>, size: f64) {
        self.status = "open".to_string();
        self.trigger_time = Some(time);
        self.size = size;
        self.initial_sl = self.current_sl;
    }

    /// (field, Rust type) pairs, held against `shared.protocols.Position`.
    #[staticmethod]
    fn contract() -> Vec<(&'static str, &'static str)> {
        CONTRACT.to_vec()
    }
}
