//! The task that writes. It takes waiting jobs, commits them in one transaction, and answers them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use super::connection::SqliteConnection;
use super::{BEGIN_WRITE, CHECKPOINT, append, blocking, kind};
use crate::database::run;
use crate::error::{Failure, Kind};
use crate::jobs::{Group, Job, Rejected, Stats};
use crate::limits::GROUP_ENTRIES;
use crate::settings::SqlSettings;

/// How long the task waits before it reconnects, so that a broken disk does not keep it busy.
const RECONNECT: Duration = Duration::from_millis(100);

/// Access to the task, which owns the only connection that writes.
pub struct Writer {
    queue: mpsc::Sender<Order>,
    stats: Arc<Mutex<Stats>>,
}

impl Writer {
    /// Starts the task.
    pub fn new(connection: SqliteConnection, path: &Path, settings: &SqlSettings) -> Writer {
        let (queue, orders) = mpsc::channel(settings.writer_queue);
        let (path, settings, stats) = (path.to_owned(), settings.clone(), Arc::<Mutex<Stats>>::default());
        let database = Database { connection: Some(connection), path, settings, stats: stats.clone() };
        tokio::spawn(write(orders, database));
        Writer { queue, stats }
    }

    /// Puts a job into the queue.
    pub fn start(&self, job: Job) -> Result<(), Rejected> {
        self.queue.try_send(Order::Job(job)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Rejected::FULL,
            mpsc::error::TrySendError::Closed(_) => Rejected::CLOSED,
        })
    }

    pub fn stats(&self) -> Stats {
        *self.stats.lock()
    }

    /// Commits waiting jobs and accepts no further ones.
    pub async fn close(&self) {
        let (answer, answered) = oneshot::channel();
        // Already closed, if either fails.
        if self.queue.send(Order::Close(answer)).await.is_ok() {
            let _ = answered.await;
        }
    }

    /// Returns how many jobs wait, without those that the task has already taken.
    #[cfg(test)]
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }
}

/// A message in the queue.
enum Order {
    Job(Job),
    /// Accept nothing more. Answered when the connection is closed.
    Close(oneshot::Sender<()>),
}

/// Runs until the queue is closed and empty. While one group is being written to the disk, on a thread that may wait for
/// it, the next one gathers.
async fn write(mut orders: mpsc::Receiver<Order>, mut database: Database) {
    let mut closed = Vec::new();
    while let Some(first) = orders.recv().await {
        // Callers that the previous group answered submit again now: they join this group.
        tokio::task::yield_now().await;
        let mut group = Group::default();
        let mut next = Some(first);
        while let Some(order) = next {
            match order {
                Order::Job(job) => group.add(job),
                Order::Close(asked) => {
                    closed.push(asked);
                    orders.close();
                }
            }
            let is_full = len(&group) >= database.settings.group || entries(&group) >= GROUP_ENTRIES;
            next = if is_full { None } else { orders.try_recv().ok() };
        }

        let committed = blocking(async move {
            database.commit(group).await;
            database
        });
        database = committed.await;
    }

    database.close().await;
    for asked in closed {
        let _ = asked.send(());
    }
}

/// The connection that writes.
struct Database {
    /// `None` after a failure that leaves its state in doubt.
    connection: Option<SqliteConnection>,
    path: PathBuf,
    settings: SqlSettings,
    stats: Arc<Mutex<Stats>>,
}

impl Database {
    /// Commits a group and answers it. If one row cannot be written, each job gets its own transaction, so that only
    /// the one with that row fails.
    async fn commit(&mut self, mut group: Group) {
        if len(&group) == 0 {
            return;
        }
        match self.transact(&mut group).await {
            Ok(()) => group.answer(Ok(())),
            Err(Failure::Row(why)) if len(&group) > 1 => {
                tracing::warn!(why, jobs = len(&group), "a row cannot be written, will commit each job on its own");
                for mut alone in split(group) {
                    let ended = self.transact(&mut alone).await;
                    alone.answer(ended.as_ref().map(|_| ()));
                }
            }
            Err(failure) => {
                tracing::warn!(?failure, jobs = len(&group), "transaction did not commit");
                group.answer(Err(&failure));
            }
        }
    }

    async fn transact(&mut self, group: &mut Group) -> Result<(), Failure> {
        let connection = connected(&mut self.connection, &self.path, &self.settings).await?;
        if let Err(error) = run(connection, BEGIN_WRITE).await {
            // A lock of another process is temporary; anything else may be a fault of the connection.
            if kind(&error) != Kind::Busy {
                self.connection = None;
            }
            return Err(of_statement(&error));
        }

        match fill(connection, group).await {
            Ok(entries) => {
                if let Err(error) = run(connection, "COMMIT").await {
                    self.roll_back().await;
                    return Err(of_commit(&error));
                }
                self.stats.lock().count(entries);
                Ok(())
            }
            Err(error) => {
                self.roll_back().await;
                Err(of_statement(&error))
            }
        }
    }

    /// Moves everything into the database file and closes it.
    async fn close(mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        let closed = blocking(async move {
            let moved = run(&mut connection, CHECKPOINT).await;
            moved.and(connection.close())
        });
        if let Err(error) = closed.await {
            tracing::warn!(%error, "database not closed cleanly, no data is lost");
        }
    }

    /// Rolls back. If that fails, drops the connection, which rolls back as well.
    async fn roll_back(&mut self) {
        let Some(connection) = &mut self.connection else { return };
        match run(connection, "ROLLBACK").await {
            Ok(()) => {}
            Err(error) if was_rolled_back(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "rollback failed, will reconnect");
                self.connection = None;
            }
        }
    }
}

async fn fill(connection: &mut SqliteConnection, group: &mut Group) -> Result<u64, sqlx::Error> {
    append::decide(connection, &mut group.appends).await?;
    group.write(connection).await
}

fn len(group: &Group) -> usize {
    group.appends.len() + group.calls.len()
}

fn entries(group: &Group) -> usize {
    group.appends.iter().map(|append| append.rows.len()).sum()
}

/// Splits a group into its jobs, in the same order.
fn split(group: Group) -> impl Iterator<Item = Group> {
    let appends = group.appends.into_iter().map(|append| Group { appends: vec![append], calls: Vec::new() });
    let calls = group.calls.into_iter().map(|call| Group { appends: Vec::new(), calls: vec![call] });
    appends.chain(calls)
}

async fn connected<'a>(
    slot: &'a mut Option<SqliteConnection>,
    path: &Path,
    settings: &SqlSettings,
) -> Result<&'a mut SqliteConnection, Failure> {
    if slot.is_none() {
        tokio::time::sleep(RECONNECT).await;
        let connected = super::connect_writer(path, settings).await;
        *slot = Some(connected.map_err(|error| of_statement(&error))?);
    }
    Ok(slot.as_mut().expect("the line above filled it"))
}

fn of_statement(error: &sqlx::Error) -> Failure {
    Failure::of_statement(kind(error), error.to_string())
}

/// Classifies the error of the commit itself. A full disk is reported before the last page is written; after any other
/// error it is unknown what reached the disk.
fn of_commit(error: &sqlx::Error) -> Failure {
    match kind(error) {
        kind @ (Kind::Full | Kind::Busy) => Failure::unavailable(kind, error.to_string()),
        Kind::Row | Kind::Race | Kind::Failed => Failure::Unclear(error.to_string()),
    }
}

/// Returns whether a `ROLLBACK` failed only because the database had already rolled back by itself (it does after a
/// full disk).
fn was_rolled_back(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.message().contains("no transaction is active"))
}
