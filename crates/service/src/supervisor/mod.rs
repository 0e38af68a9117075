//! Supervises background tasks: one that panics, or ends too early, is logged, counted and restarted; one that fails
//! too often ends the process.
//!
//! Never ends the process itself: a server waits for [`Supervisor::failed`] together with the signal to stop, closes
//! its connections, and exits with code 1. So a process supervisor starts another one, and nothing stays half alive.

mod restarts;

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use rand::Rng as _;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

pub use restarts::{Restarts, Verdict};

/// What happens when a task fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The task is restarted after a back-off, unless it failed too often.
    Restart,
    /// The process ends: without this task it would only look alive.
    EndProcess,
}

/// The reason why the process has to end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("background task {task} failed and will not be restarted: {why}")]
pub struct TaskFailure {
    /// The task's name.
    pub task: &'static str,
    /// How it failed the last time.
    pub why: String,
}

/// Starts background tasks and watches them. Clones watch for the same process.
#[derive(Debug, Clone)]
pub struct Supervisor {
    failed: watch::Sender<Option<TaskFailure>>,
}

impl Default for Supervisor {
    fn default() -> Self {
        Supervisor { failed: watch::Sender::new(None) }
    }
}

impl Supervisor {
    /// Returns a supervisor with no task.
    pub fn new() -> Supervisor {
        Supervisor::default()
    }

    /// Runs what `make` returns, and calls it again after a failure. `task` names it in the log and in
    /// `palaver_task_failures_total`. The task ends at its next await when the returned handle is dropped.
    pub fn supervise<F>(
        &self,
        task: &'static str,
        policy: Policy,
        mut make: impl FnMut() -> F + Send + 'static,
    ) -> Supervised
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (may_end, ending) = watch::channel(false);
        let failed = self.failed.clone();
        let running = tokio::spawn(async move {
            let (began, mut restarts) = (Instant::now(), Restarts::default());
            loop {
                let why = match caught(task, make()).await {
                    Ok(()) if *ending.borrow() => return,
                    Ok(()) => {
                        count(task);
                        "it ended".to_owned()
                    }
                    Err(panicked) => panicked,
                };
                let verdict = match policy {
                    Policy::Restart => restarts.failed(began.elapsed(), rand::rng().random()),
                    Policy::EndProcess => Verdict::GiveUp,
                };
                let Verdict::RestartAfter(pause) = verdict else {
                    tracing::error!(task, why, "background task failed, ending the process");
                    // The first failure is the one that explains the others.
                    failed.send_if_modified(|failed| {
                        let is_first = failed.is_none();
                        failed.get_or_insert(TaskFailure { task, why });
                        is_first
                    });
                    return;
                };
                tracing::error!(task, why, pause_ms = pause.as_millis() as u64, "background task failed, will restart");
                let mut ending = ending.clone();
                tokio::select! {
                    () = sleep(pause) => {}
                    Ok(_) = ending.wait_for(|ending| *ending) => return,
                }
            }
        });
        Supervised { may_end, running }
    }

    /// Returns why the process has to end, once a task has failed for good. Waits until then.
    pub async fn failed(&self) -> TaskFailure {
        let mut failed = self.failed.subscribe();
        // The sender lives as long as `self`.
        let failure = failed.wait_for(Option::is_some).await.ok().and_then(|failure| failure.clone());
        match failure {
            Some(failure) => failure,
            None => std::future::pending().await,
        }
    }

    /// Returns why the process has to end, if it has to.
    pub fn failure(&self) -> Option<TaskFailure> {
        self.failed.borrow().clone()
    }
}

/// A task that is watched.
#[derive(Debug)]
pub struct Supervised {
    may_end: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl Supervised {
    /// Allows the task to end by itself, without a restart. Call it before the task is asked to end.
    pub fn may_end(&self) {
        self.may_end.send_replace(true);
    }

    /// Returns once the task has ended by itself.
    pub async fn ended(mut self) {
        self.may_end();
        // The task itself catches panics.
        let _ = (&mut self.running).await;
    }

    /// Ends the task at its next await, and returns once it has ended.
    pub async fn abort(mut self) {
        self.running.abort();
        let _ = (&mut self.running).await;
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Runs one of many independent tasks. A panic is counted, and returned as its message.
pub(crate) async fn caught(task: &'static str, work: impl Future<Output = ()>) -> Result<(), String> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| {
        count(task);
        format!("it panicked: {}", message(&*panic))
    })
}

fn count(task: &'static str) {
    metrics::counter!("palaver_task_failures_total", "task" => task).increment(1);
}

/// Returns the text of a panic, if it has one.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests;
