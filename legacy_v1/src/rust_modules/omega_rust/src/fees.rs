//! Commission of one order, booked in cents.

use std::str::FromStr;

use pyo3::prelude::*;
use rust_decimal::Decimal;

use crate::errors::{OmegaError, Result, guard};
use crate::kernel::timed;

macro_rules! fee_request {
    ($($field:ident : $ty:ty),+ $(,)?) => {
        /// What one commission depends on. An FX path is a list of `(rate, inverse)` steps.
        #[pyclass(frozen, get_all)]
        #[derive(Clone)]
        pub struct FeeRequestRust { $(pub $field: $ty),+ }

        #[pymethods]
        impl FeeRequestRust {
            #[new]
            #[allow(clippy::too_many_arguments)] // a record
            fn new($($field: $ty),+) -> Self { Self { $($field),+ } }

            /// (field, Rust type) pairs, held against `shared.protocols.FeeRequest`.
            #[staticmethod]
            fn contract() -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($field), stringify!($ty))),+]
            }
        }
    };
}

fee_request! {
    fee_schema: String,
    price: f64,
    lots: f64,
    contract_size: f64,
    per_lot: f64,
    rate_per_million: f64,
    pct: f64,
    min_fee: f64,
    multiplier: f64,
    sides: f64,
    quote_to_fee: Vec<(f64, bool)>,
    fee_to_account: Vec<(f64, bool)>,
}

fn convert(amount: f64, path: &[(f64, bool)]) -> f64 {
    path.iter().fold(amount, |x, &(rate, inverse)| if inverse { x / rate } else { x * rate })
}

/// Fee in account currency, rounded half-even to cents.
#[pyfunction]
pub fn calculate_fee(request: &FeeRequestRust) -> Result<Decimal> {
    guard(|| {
        let text = timed(|| cents_text(request))?;
        Decimal::from_str(&text).map_err(|_| OmegaError::InvalidArgument(format!("fee {text} is out of range")))
    })
}

/// The same amount as a float, without the boundary around it.
pub fn in_cents(request: &FeeRequestRust) -> Result<f64> {
    cents_text(request)?.parse().map_err(|_| OmegaError::NotFinite("the fee".to_string()))
}

/// Formatting rounds the exact binary value, half to even, as Python's round does.
fn cents_text(request: &FeeRequestRust) -> Result<String> {
    let fee = unrounded(request)?;
    if fee.is_finite() {
        return Ok(format!("{fee:.2}"));
    }
    Err(OmegaError::NotFinite("the fee".to_string()))
}

fn unrounded(r: &FeeRequestRust) -> Result<f64> {
    let notional_quote = (r.price * r.contract_size) * r.lots;
    let notional_fee = convert(notional_quote, &r.quote_to_fee);
    let base = match r.fee_schema.as_str() {
        "per_lot" => r.per_lot * r.lots,
        "per_million_notional" => notional_fee / 1e6 * r.rate_per_million,
        "percent_of_notional" => r.pct * notional_fee,
        other => return Err(OmegaError::InvalidArgument(format!("unknown commission schema {other:?}"))),
    };
    let multiplier = if r.multiplier > 0.0 { r.multiplier } else { 0.0 };
    let charged = base * multiplier;
    let floor = r.min_fee * multiplier;
    let fee = if floor > charged { floor } else { charged } * r.sides;
    Ok(convert(fee, &r.fee_to_account))
}
