//! Time the last call of this thread spent computing, without argument and IPC handling.

use std::cell::Cell;
use std::time::Instant;

use pyo3::prelude::*;

thread_local! {
    static LAST_NS: Cell<u64> = const { Cell::new(0) };
}

/// Runs the computing part of a call and remembers how long it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let value = work();
    LAST_NS.with(|cell| cell.set(start.elapsed().as_nanos() as u64));
    value
}

/// Nanoseconds the last call on this thread spent computing.
#[pyfunction]
pub fn last_kernel_ns() -> u64 {
    LAST_NS.with(Cell::get)
}
