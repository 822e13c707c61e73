//! The native module `bt._native`: JSON in, JSON out, nothing else.
//!
//! A table of contents, not a program. The GIL is released while a backtest runs; nothing here keeps a Python
//! object, so nothing can call back.

mod errors;

use std::ffi::c_long;

use errors::Failure;
use mimalloc::MiMalloc;
use omega_backtest::{run_json, shielded};
use pyo3::prelude::*;

/// A run allocates a hundred megabytes of columns and gives them back; the system's allocator would fetch every page
/// from the kernel anew each time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// mimalloc's option `purge_delay`, which its Rust bindings do not name.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
/// Milliseconds for which freed memory stays at hand.
const KEPT_MS: c_long = 60_000;

/// Keeps the memory of a run for the next one. Nothing is given back before the allocator is called again anyway, so all
/// that its own second brings is that a run which comes later fetches every page anew, at a tenth of its time. The
/// environment's `MIMALLOC_PURGE_DELAY` has precedence.
#[allow(unsafe_code)]
fn keep_memory() {
    // SAFETY: writes a number into a table of options; the function checks the place and touches no memory of ours.
    unsafe { libmimalloc_sys::mi_option_set_default(PURGE_DELAY, KEPT_MS) }
}

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
    keep_memory();
    m.add("__version__", omega_backtest::VERSION)?;
    m.add("__debug_build__", cfg!(debug_assertions))?;
    m.add_function(wrap_pyfunction!(run_backtest, m)?)
}
