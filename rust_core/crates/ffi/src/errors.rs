//! The one conversion from a Rust failure into a Python exception.

use omega_backtest::Panic;
use omega_contract::{ConfigErrors, codes};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// Why there is no result text.
pub enum Failure {
    /// The configuration is refused.
    Config(ConfigErrors),
    /// Our bug.
    Panic(Panic),
}

impl Failure {
    /// The exception of `bt.errors` that stands for this failure.
    pub fn raise(self, py: Python<'_>) -> PyErr {
        let (text, built) = match self {
            Self::Config(errors) => {
                let issues = serde_json::to_string(&errors.0).unwrap_or_else(|_| "[]".to_string());
                let text = errors.to_string();
                (text.clone(), exception(py, "ConfigError", (text, issues)))
            }
            Self::Panic(Panic { message, place }) => {
                let text = format!("[{}] panic at {place}: {message}", codes::FFI_PANIC_CAUGHT);
                (text, exception(py, "InternalError", (message, place)))
            }
        };
        built.unwrap_or_else(|_| PyRuntimeError::new_err(text))
    }
}

fn exception(py: Python<'_>, class: &str, args: (String, String)) -> PyResult<PyErr> {
    let class = py.import("bt.errors")?.getattr(class)?;
    Ok(PyErr::from_value(class.call_method1("_from_native", args)?))
}
