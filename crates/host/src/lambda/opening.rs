//! Opens what a function needs to answer while the runtime already asks for the first event: a cold start waits only for
//! the slower of the two, not for both in turn.
//!
//! Never gives up: if opening fails, the next caller retries.

use std::fmt::Display;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::OnceCell;

/// All clones share one opening.
pub struct Opening<T, E>(Arc<Inner<T, E>>);

struct Inner<T, E> {
    opened: OnceCell<T>,
    open: Box<dyn Fn() -> Opened<T, E> + Send + Sync>,
}

type Opened<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

impl<T, E> Opening<T, E>
where
    T: Clone + Send + Sync + 'static,
    E: Display + Send + 'static,
{
    /// Starts opening.
    pub fn start<F>(open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let opening = Opening(Arc::new(Inner { opened: OnceCell::new(), open: Box::new(move || Box::pin(open())) }));
        let begun = Opening(opening.0.clone());
        tokio::spawn(async move {
            // The next caller retries and gets the error; the log has the reason.
            let _ = begun.get().await;
        });
        opening
    }

    /// Returns what was opened; waits for it, and retries if it failed before. If several callers wait, only one opens.
    pub async fn get(&self) -> Result<T, E> {
        let Inner { opened, open } = &*self.0;
        let opened = opened.get_or_try_init(open).await;
        opened
            .cloned()
            .inspect_err(|error| tracing::error!(%error, "the function could not start, the next event will retry"))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// An opening that fails this many times and then succeeds with the number of tries.
    fn after(failures: u32) -> Opening<u32, String> {
        let tries = Arc::new(AtomicU32::new(0));
        Opening::start(move || {
            let tried = tries.fetch_add(1, Ordering::Relaxed) + 1;
            async move { if tried > failures { Ok(tried) } else { Err(format!("try {tried}")) } }
        })
    }

    #[tokio::test]
    async fn it_opens_once_and_before_the_first_caller() {
        let opening = after(0);
        while !opening.0.opened.initialized() {
            tokio::task::yield_now().await;
        }
        assert_eq!((opening.get().await, opening.get().await), (Ok(1), Ok(1)));
    }

    #[tokio::test]
    async fn the_next_caller_retries_a_failed_opening() {
        let opening = after(2);
        let mut answers = Vec::new();
        while !matches!(answers.last(), Some(Ok(_))) {
            answers.push(opening.get().await);
        }
        // The background opening makes the first try, if it runs first.
        assert!(answers.len() <= 3, "{answers:?}");
        assert_eq!(answers.last(), Some(&Ok(3)));
    }
}
