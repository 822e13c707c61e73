//! Two things at once.

/// Both results, the second one from a thread of its own.
pub fn join<A, B: Send>(one: impl FnOnce() -> A, other: impl FnOnce() -> B + Send) -> (A, B) {
    std::thread::scope(|scope| {
        let other = scope.spawn(other);
        let first = one();
        (first, other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}
