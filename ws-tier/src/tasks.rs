//! The tasks of a node: they end with it, and none ends unnoticed.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use parking_lot::Mutex;
use service::supervisor::{Policy, Supervised, Supervisor};
use tokio_util::sync::CancellationToken;

/// Starts tasks that end with their node.
#[derive(Clone)]
pub(crate) struct Tasks {
    stop: CancellationToken,
    supervisor: Supervisor,
    supervised: Arc<Mutex<Vec<Supervised>>>,
}

impl Tasks {
    /// Returns the tasks of a node in a process that `supervisor` may end.
    pub fn new(supervisor: Supervisor) -> Tasks {
        Tasks { stop: CancellationToken::new(), supervisor, supervised: Arc::default() }
    }

    /// Starts a piece of work. A panic is logged and counted.
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                ended = AssertUnwindSafe(work).catch_unwind() => {
                    if ended.is_err() {
                        metrics::counter!("palaver_task_failures_total", "task" => name).increment(1);
                        tracing::error!(task = name, "a task panicked, not restarting it");
                    }
                }
                () = stop.cancelled() => {}
            }
        });
    }

    /// Starts a task that cannot be restarted. When it panics or ends, the process drains and ends.
    pub fn essential(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let mut task = Some(task);
        let once = move || task.take().expect("a task that ends the process is started only once");
        self.keep(self.supervisor.supervise(name, Policy::EndProcess, once));
    }

    /// Starts a task that is restarted with a backoff when it panics or ends; one that fails too often ends the process.
    pub fn restarted<F>(&self, name: &'static str, make: impl FnMut() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.keep(self.supervisor.supervise(name, Policy::Restart, make));
    }

    /// Ends all tasks.
    pub fn stop(&self) {
        self.stop.cancel();
        self.supervised.lock().clear();
    }

    fn keep(&self, task: Supervised) {
        self.supervised.lock().push(task);
    }
}
