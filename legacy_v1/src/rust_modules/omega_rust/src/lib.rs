//! V1's native module: many small calls from Python's event loop, data as Arrow IPC.
//!
//! A table of contents; what each call does is in the module named beside it.

mod bars;
mod batch;
mod codes;
mod columns;
mod errors;
mod execution;
mod fees;
mod indicators;
mod ipc;
mod kernel;
mod portfolio;
mod position;
mod schema_defs;
mod schema_table;

use pyo3::prelude::*;

#[pymodule]
fn omega_rust(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add_class::<bars::BarRust>()?;
    m.add_class::<position::PositionRust>()?;
    m.add_class::<fees::FeeRequestRust>()?;
    m.add_class::<portfolio::PortfolioRust>()?;
    m.add_class::<portfolio::BatchResult>()?;
    m.add_function(wrap_pyfunction!(codes::get_error_code_constants, m)?)?;
    m.add_function(wrap_pyfunction!(ipc::schema_fingerprints, m)?)?;
    m.add_function(wrap_pyfunction!(kernel::last_kernel_ns, m)?)?;
    m.add_function(wrap_pyfunction!(execution::calculate_slippage, m)?)?;
    m.add_function(wrap_pyfunction!(execution::check_entry_trigger, m)?)?;
    m.add_function(wrap_pyfunction!(execution::check_exit, m)?)?;
    m.add_function(wrap_pyfunction!(fees::calculate_fee, m)?)?;
    m.add_function(wrap_pyfunction!(batch::calculate_slippage_batch, m)?)?;
    m.add_function(wrap_pyfunction!(batch::calculate_fee_batch, m)?)?;
    m.add_function(wrap_pyfunction!(batch::check_entry_trigger_batch, m)?)?;
    m.add_function(wrap_pyfunction!(batch::check_exit_batch, m)?)?;
    m.add_function(wrap_pyfunction!(indicators::api::sma, m)?)?;
    m.add_function(wrap_pyfunction!(indicators::api::ema, m)?)?;
    m.add_function(wrap_pyfunction!(indicators::api::ema_stepwise, m)?)?;
    m.add_function(wrap_pyfunction!(indicators::api::bollinger, m)?)?;
    m.add_function(wrap_pyfunction!(indicators::api::atr, m)?)?;
    m.add_function(wrap_pyfunction!(indicators::api::zscore, m)?)?;
    m.add_function(wrap_pyfunction!(indicators::api::kalman_mean, m)?)?;
    m.add_function(wrap_pyfunction!(indicators::api::kalman_zscore, m)?)?;
    use indicators::api_extra as extra;
    m.add_function(wrap_pyfunction!(extra::garch_volatility, m)?)?;
    m.add_function(wrap_pyfunction!(extra::garch_volatility_local, m)?)?;
    m.add_function(wrap_pyfunction!(extra::kalman_garch_zscore, m)?)?;
    m.add_function(wrap_pyfunction!(extra::kalman_garch_zscore_local, m)?)?;
    m.add_function(wrap_pyfunction!(extra::bollinger_stepwise, m)?)?;
    m.add_function(wrap_pyfunction!(extra::kalman_zscore_stepwise, m)?)?;
    m.add_function(wrap_pyfunction!(extra::rsi, m)?)?;
    m.add_function(wrap_pyfunction!(extra::macd, m)?)?;
    m.add_function(wrap_pyfunction!(extra::roc, m)?)?;
    m.add_function(wrap_pyfunction!(extra::dmi, m)?)?;
    m.add_function(wrap_pyfunction!(extra::choppiness, m)?)?;
    Ok(())
}
