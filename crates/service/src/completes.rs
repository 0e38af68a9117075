//! Work that finishes even if its caller stops waiting.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// A future that a task of its own finishes if the caller drops it early. As long as the caller waits, it costs no task.
pub(crate) struct Completes<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    rest: Option<Pin<Box<F>>>,
}

impl<F> Completes<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    /// Returns `work` as such a future.
    pub fn new(work: F) -> Completes<F> {
        Completes { rest: Some(Box::pin(work)) }
    }
}

impl<F> Future for Completes<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Some(rest) = &mut self.rest else { return Poll::Pending };
        let polled = rest.as_mut().poll(context);
        if polled.is_ready() {
            self.rest = None;
        }
        polled
    }
}

impl<F> Drop for Completes<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    fn drop(&mut self) {
        // Without a runtime the process ends, and the work with it.
        if let Some(rest) = self.rest.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_finishes_although_its_caller_has_left() {
        let (go, gone) = oneshot::channel::<u32>();
        let (done, is_done) = oneshot::channel();
        let mut work = Completes::new(async move { done.send(gone.await.expect("sent")).expect("the test waits") });
        tokio::select! {
            biased;
            () = &mut work => unreachable!("it waits"),
            () = std::future::ready(()) => {}
        }
        drop(work);
        go.send(7).expect("the work waits");
        assert_eq!(is_done.await, Ok(7));
    }

    #[tokio::test]
    async fn a_caller_that_waits_gets_the_result() {
        assert_eq!(Completes::new(async { 7 }).await, 7);
    }
}
