//! Two things at once.

use std::sync::atomic::{AtomicBool, Ordering};

/// Both results, on two threads. The second one takes `spare` steps, until none are left, while it waits for the first.
pub fn join<A, B: Send>(
    spare: &(dyn Fn() -> bool + Sync),
    one: impl FnOnce() -> A,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    let waiting = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let handle = scope.spawn(|| {
            let second = other();
            while !waiting.load(Ordering::Relaxed) && spare() {
                std::hint::spin_loop();
            }
            second
        });
        // Set also when `one` panics: the scope waits for the thread.
        let done = SetWhenDropped(&waiting);
        let first = one();
        drop(done);
        match handle.join() {
            Ok(second) => (first, second),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

struct SetWhenDropped<'a>(&'a AtomicBool);

impl Drop for SetWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
