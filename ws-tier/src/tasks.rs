//! The tasks of a node: they end with it, and none ends unnoticed.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

/// Starts tasks that end with their node.
#[derive(Clone)]
pub(crate) struct Tasks {
    stop: CancellationToken,
    failed: CancellationToken,
}

impl Tasks {
    pub fn new() -> Tasks {
        Tasks { stop: CancellationToken::new(), failed: CancellationToken::new() }
    }

    /// Starts a piece of work. A panic is logged and counted.
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                ended = AssertUnwindSafe(work).catch_unwind() => {
                    if ended.is_err() {
                        note_failure(name);
                    }
                }
                () = stop.cancelled() => {}
            }
        });
    }

    /// Starts a task without which the node cannot work. When it panics or ends, the node drains and the process ends.
    pub fn essential(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let (stop, failed) = (self.stop.clone(), self.failed.clone());
        tokio::spawn(async move {
            tokio::select! {
                _ = AssertUnwindSafe(task).catch_unwind() => {
                    note_failure(name);
                    failed.cancel();
                }
                () = stop.cancelled() => {}
            }
        });
    }

    /// Ends all tasks.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Returns once a task has ended without which the node cannot work.
    pub async fn failed(&self) {
        self.failed.cancelled().await;
    }
}

fn note_failure(task: &'static str) {
    metrics::counter!("palaver_task_failures_total", "task" => task).increment(1);
    tracing::error!(task, "a background task ended unexpectedly");
}
