//! The native module `bt._native`: JSON in, JSON out, nothing else.
//!
//! A table of contents, not a program. The GIL is released while a backtest runs; nothing here keeps a Python
//! object, so nothing can call back.

mod errors;

use errors::Failure;
use mimalloc::MiMalloc;
use omega_backtest::{run_json, shielded};
use pyo3::prelude::*;

/// A run allocates a hundred megabytes of columns and gives them back; the system's allocator would fetch every page
/// from the kernel anew each time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Runs one backtest.
///
/// Takes a configuration as JSON text, returns the result or a run-time error as JSON text.
/// Raises `bt.ConfigError` for a configuration that is refused and `bt.InternalError` for a panic.
#[pyfunction]
fn run_backtest(py: Python<'_>, config_json: &str) -> PyResult<String> {
    py.detach(|| match shielded(|| run_json(config_json)) {
        Ok(answer) => answer.map_err(Failure::Config),
        Err(panic) => Err(Failure::Panic(panic)),
    })
    .map_err(|failure| failure.raise(py))
}

#[pymodule]
fn _native(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", omega_backtest::VERSION)?;
    m.add("__debug_build__", cfg!(debug_assertions))?;
    m.add_function(wrap_pyfunction!(run_backtest, m)?)
}
