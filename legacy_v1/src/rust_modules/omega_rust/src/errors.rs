//! One error type for the whole crate and its one conversion into V1's Python exceptions.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use thiserror::Error;

use crate::codes;

#[derive(Debug, Error)]
pub enum OmegaError {
    #[error("{0}")]
    InvalidArgument(String),
    #[error("{0}")]
    InvalidState(String),
    #[error("the batch holds no rows")]
    EmptyInput,
    #[error("{0}")]
    SizeMismatch(String),
    #[error("{0}")]
    SchemaMismatch(String),
    #[error("the bytes are not an Arrow IPC stream: {0}")]
    MalformedIpc(String),
    #[error("an IPC stream could not be written: {0}")]
    Serialise(String),
    #[error("{0} is not a finite amount")]
    NotFinite(String),
    #[error("panic caught at the boundary: {0}")]
    Panic(String),
}

pub type Result<T> = std::result::Result<T, OmegaError>;

impl OmegaError {
    pub fn code(&self) -> i64 {
        match self {
            Self::InvalidArgument(_) => codes::INVALID_ARGUMENT,
            Self::InvalidState(_) => codes::INVALID_STATE,
            Self::EmptyInput => codes::EMPTY_INPUT,
            Self::SizeMismatch(_) => codes::SIZE_MISMATCH,
            Self::SchemaMismatch(_) => codes::FFI_SCHEMA_MISMATCH,
            Self::MalformedIpc(_) => codes::DESERIALIZATION_FAILED,
            Self::Serialise(_) => codes::SERIALIZATION_FAILED,
            Self::NotFinite(_) => codes::NAN_RESULT,
            Self::Panic(_) => codes::FFI_PANIC_CAUGHT,
        }
    }
}

/// The class in `shared.exceptions` that the code's range selects.
fn class_for(code: i64) -> &'static str {
    match code / 1000 {
        1 => "ValidationError",
        2 => "ComputationError",
        3 => "IoError",
        5 => "FfiError",
        6 => "ResourceError",
        _ => "InternalError",
    }
}

impl From<OmegaError> for PyErr {
    fn from(error: OmegaError) -> PyErr {
        let code = error.code();
        let message = error.to_string();
        Python::attach(|py| {
            let build = || -> PyResult<PyErr> {
                let class = py.import("shared.exceptions")?.getattr(class_for(code))?;
                let kwargs = PyDict::new(py);
                kwargs.set_item("error_code", code)?;
                Ok(PyErr::from_value(class.call((message.as_str(),), Some(&kwargs))?))
            };
            build().unwrap_or_else(|_| PyRuntimeError::new_err(format!("[{code}] {message}")))
        })
    }
}

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

static QUIET: Once = Once::new();

/// Runs `work` and gives the text of its panic, if there was one; nothing is printed and nothing unwinds further.
fn caught<T>(work: impl FnOnce() -> T) -> std::result::Result<T, String> {
    QUIET.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !INSIDE.with(Cell::get) {
                previous(info);
            }
        }));
    });
    let outer = INSIDE.with(|inside| inside.replace(true));
    let outcome = catch_unwind(AssertUnwindSafe(work));
    INSIDE.with(|inside| inside.set(outer));
    outcome.map_err(|payload| {
        payload
            .downcast_ref::<&str>()
            .map(|s| (*s).to_string())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "unknown cause".to_string())
    })
}

/// Turns a panic into an error: nothing ever unwinds into the interpreter.
pub fn guard<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    caught(work).unwrap_or_else(|text| Err(OmegaError::Panic(text)))
}

/// Arrow's readers panic on some damaged streams: here that is malformed input like any other.
pub fn decoding<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    caught(work).unwrap_or_else(|text| Err(OmegaError::MalformedIpc(text)))
}
