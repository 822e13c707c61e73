//! Turns a panic into a value: nothing unwinds out of a backtest.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;

/// A panic: our bug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panic {
    /// What it said.
    pub message: String,
    /// File and line.
    pub place: String,
}

thread_local! {
    static LAST: RefCell<Option<Panic>> = const { RefCell::new(None) };
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

fn note(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let message = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_string())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_string());
    let place =
        info.location().map_or_else(|| "unknown place".to_string(), |at| format!("{}:{}", at.file(), at.line()));
    LAST.with(|last| *last.borrow_mut() = Some(Panic { message, place }));
}

/// Runs `work`; a panic on this thread becomes an error with its message and source line, and is not printed.
///
/// # Errors
/// The panic.
pub fn shielded<T>(work: impl FnOnce() -> T) -> Result<T, Panic> {
    HOOK.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| if INSIDE.with(Cell::get) { note(info) } else { previous(info) }));
    });
    INSIDE.with(|inside| inside.set(true));
    let outcome = catch_unwind(AssertUnwindSafe(work));
    INSIDE.with(|inside| inside.set(false));
    outcome.map_err(|_| {
        let unknown = || Panic { message: "no message".to_string(), place: "unknown place".to_string() };
        LAST.with(|last| last.borrow_mut().take()).unwrap_or_else(unknown)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_message_and_line_and_the_thread_goes_on() {
        for round in 0..3 {
            let caught = shielded(|| panic!("broken in round {round}")).map(|()| "fine");
            let panic = caught.expect_err("it panicked");
            assert_eq!(panic.message, format!("broken in round {round}"));
            assert!(panic.place.contains("shield.rs:"), "{}", panic.place);
            assert_eq!(shielded(|| 2 + 2), Ok(4));
        }
    }

    #[test]
    fn threads_keep_their_panics_apart() {
        let workers: Vec<_> = (0..8)
            .map(|n| std::thread::spawn(move || shielded(|| -> u8 { panic!("{n}") }).map_err(|p| p.message)))
            .collect();
        for (n, worker) in workers.into_iter().enumerate() {
            assert_eq!(worker.join().expect("the thread lives"), Err(n.to_string()));
        }
    }
}
