use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::*;
use crate::limits::{TASK_FAILURE_WINDOW, TASK_FAILURES};

/// Supervises a task that panics so many times, then runs until it is asked to end.
fn failing(
    times: usize,
    runs: &Arc<AtomicUsize>,
    end: &Arc<Notify>,
) -> impl FnMut() -> futures_util::future::BoxFuture<'static, ()> + use<> {
    let (runs, end) = (runs.clone(), end.clone());
    move || {
        let (run, end) = (runs.fetch_add(1, Ordering::SeqCst), end.clone());
        Box::pin(async move {
            assert!(run >= times, "failure {run} of the test");
            end.notified().await;
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_panics_is_restarted() {
    let (supervisor, runs, end) = (Supervisor::new(), Arc::default(), Arc::new(Notify::new()));
    let task = supervisor.supervise("test", Policy::Restart, failing(TASK_FAILURES - 1, &runs, &end));
    assert!(timeout(TASK_FAILURE_WINDOW, supervisor.failed()).await.is_err(), "it goes on");
    assert_eq!(runs.load(Ordering::SeqCst), TASK_FAILURES);
    task.may_end();
    end.notify_one();
    task.ended().await;
    assert_eq!((supervisor.failure(), runs.load(Ordering::SeqCst)), (None, TASK_FAILURES));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_keeps_panicking_ends_the_process() {
    let (supervisor, runs, end) = (Supervisor::new(), Arc::default(), Arc::new(Notify::new()));
    let task = supervisor.supervise("test", Policy::Restart, failing(usize::MAX, &runs, &end));
    let failure = supervisor.clone().failed().await;
    assert_eq!((failure.task, runs.load(Ordering::SeqCst)), ("test", TASK_FAILURES));
    assert!(failure.why.contains("failure 4 of the test"), "{failure}");
    task.ended().await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_ends_early_counts_as_failed_until_it_may_end() {
    let supervisor = Supervisor::new();
    let (runs, end): (Arc<AtomicUsize>, _) = (Arc::default(), Arc::new(Notify::new()));
    let task = supervisor.supervise("test", Policy::Restart, failing(0, &runs, &end));
    end.notify_one();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(runs.load(Ordering::SeqCst), 2, "restarted");
    task.abort().await;
    let once = supervisor.supervise("needed", Policy::EndProcess, || async {});
    assert_eq!(supervisor.failed().await, TaskFailure { task: "needed", why: "it ended".into() });
    once.ended().await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_waits_for_its_restart_ends_at_once() {
    let (supervisor, runs, end) = (Supervisor::new(), Arc::default(), Arc::new(Notify::new()));
    let task = supervisor.supervise("test", Policy::Restart, failing(3, &runs, &end));
    tokio::time::sleep(Duration::from_millis(1)).await;
    timeout(Duration::from_millis(1), task.ended()).await.expect("it does not wait for its turn");
}
