//! The one conversion from a Rust failure into a Python exception.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;

use omega_contract::{ConfigErrors, codes};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// Why there is no result text.
pub enum Failure {
    /// The configuration is refused.
    Config(ConfigErrors),
    /// A panic: our bug.
    Panic {
        /// What it said.
        message: String,
        /// File and line.
        place: String,
    },
}

thread_local! {
    /// Message and place of the last panic on this thread, while a call is in progress.
    static LAST: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
    static INSIDE: RefCell<bool> = const { RefCell::new(false) };
}

static HOOK: Once = Once::new();

fn note(info: &PanicHookInfo<'_>) {
    let text = info
        .payload()
        .downcast_ref::<&str>()
        .map(|s| (*s).to_string())
        .or_else(|| info.payload().downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_string());
    let place = info.location().map_or_else(
        || "unknown place".to_string(),
        |l| format!("{}:{}", l.file(), l.line()),
    );
    LAST.with(|last| *last.borrow_mut() = Some((text, place)));
}

/// Runs `work`; a panic becomes a failure with its message and source line, and the process stays usable.
pub fn guarded(work: impl FnOnce() -> Result<String, ConfigErrors>) -> Result<String, Failure> {
    HOOK.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if INSIDE.with(|inside| *inside.borrow()) {
                note(info)
            } else {
                previous(info)
            }
        }));
    });
    INSIDE.with(|inside| *inside.borrow_mut() = true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    INSIDE.with(|inside| *inside.borrow_mut() = false);
    match outcome {
        Ok(result) => result.map_err(Failure::Config),
        Err(_) => {
            let (message, place) = LAST.with(|last| last.borrow_mut().take()).unwrap_or_default();
            Err(Failure::Panic { message, place })
        }
    }
}

impl Failure {
    /// The exception of `bt.errors` that stands for this failure.
    pub fn raise(self, py: Python<'_>) -> PyErr {
        let (text, built) = match self {
            Self::Config(errors) => {
                let issues = serde_json::to_string(&errors.0).unwrap_or_else(|_| "[]".to_string());
                let text = errors.to_string();
                (
                    text.clone(),
                    exception(py, "ConfigError", "_from_native", (text, issues)),
                )
            }
            Self::Panic { message, place } => {
                let text = format!("[{}] panic at {place}: {message}", codes::FFI_PANIC_CAUGHT);
                (
                    text,
                    exception(py, "InternalError", "_from_native", (message, place)),
                )
            }
        };
        built.unwrap_or_else(|_| PyRuntimeError::new_err(text))
    }
}

fn exception(py: Python<'_>, class: &str, build: &str, args: (String, String)) -> PyResult<PyErr> {
    let class = py.import("bt.errors")?.getattr(class)?;
    Ok(PyErr::from_value(class.call_method1(build, args)?))
}
