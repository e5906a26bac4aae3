//! Threads of the stores.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{Builder, JoinHandle};

/// How much less of a busy processor a thread gets that can wait: a third of what the others get.
const NICE: i32 = 5;

/// Starts a thread without which nothing can be stored.
///
/// A bug that ends it ends the process, aloud: what it had in hand may be stored or not, and
/// nobody may be told either. The next start finds out.
pub(crate) fn vital(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let own = name.to_owned();
    Builder::new().name(name.to_owned()).spawn(move || {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
            tracing::error!(
                "the thread {own} has failed, which is a bug; ending: {}",
                said(&*panic)
            );
            std::process::exit(101);
        }
    })
}

/// Has the calling thread take the processor only for what is left of it by those on whom somebody
/// waits.
pub(crate) fn stand_back() {
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!("a thread keeps its priority: {error}");
    }
}

/// Does what others can do without. A bug there is told to the operator, and gives `None`.
pub(crate) fn guarded<T>(what: &str, work: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => Some(done),
        Err(panic) => {
            tracing::error!("{what} has failed, which is a bug: {}", said(&*panic));
            None
        }
    }
}

fn said(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it said nothing")
}
