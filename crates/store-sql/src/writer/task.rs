//! SQLite: the task that writes. It takes waiting jobs, commits them in one transaction, and answers them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::limits::GROUP_ENTRIES;
use tokio::sync::{mpsc, oneshot};

use super::group::Group;
use super::{Counters, Job};
use crate::database::Connection;
use crate::dialect::{self, Kind};
use crate::error::Failure;
use crate::settings::SqlSettings;
use crate::sqlite::{self, BEGIN_WRITE, CHECKPOINT};

/// How long the task waits before it reconnects, so that a broken disk does not keep it busy.
const RECONNECT: Duration = Duration::from_millis(100);

pub struct Task {
    /// The connection, or `None` after a failure that leaves its state in doubt.
    connection: Option<Connection>,
    path: PathBuf,
    settings: SqlSettings,
    counters: Arc<Counters>,
}

/// A message in the queue.
pub enum Order {
    Job(Job),
    /// Accept nothing more. Answered when the connection is closed.
    Close(oneshot::Sender<()>),
}

impl Task {
    pub fn new(connection: Connection, path: &Path, settings: &SqlSettings, counters: Arc<Counters>) -> Task {
        Task { connection: Some(connection), path: path.to_owned(), settings: settings.clone(), counters }
    }

    /// Runs until the queue is closed and empty. While one group is being written to the disk the next one gathers.
    pub async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
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
                let is_full = group.len() >= self.settings.group || entries(&group) >= GROUP_ENTRIES;
                next = if is_full { None } else { orders.try_recv().ok() };
            }
            self.commit(group).await;
        }
        if let Some(mut connection) = self.connection.take() {
            let moved = connection.run(CHECKPOINT).await;
            if let Err(error) = moved.and(connection.close().await) {
                tracing::warn!(%error, "database not closed cleanly, no data is lost");
            }
        }
        for asked in closed {
            let _ = asked.send(());
        }
    }

    /// Commits a group and answers it. If one row cannot be written, each job gets its own transaction, so that only
    /// the one with that row fails.
    async fn commit(&mut self, mut group: Group) {
        if group.len() == 0 {
            return;
        }
        match self.transact(&mut group).await {
            Ok(()) => group.answer(Ok(())),
            Err(Failure::Row(why)) if group.len() > 1 => {
                tracing::warn!(why, jobs = group.len(), "a row cannot be written, will commit each job on its own");
                for mut alone in split(group) {
                    let ended = self.transact(&mut alone).await;
                    alone.answer(ended.as_ref().map(|_| ()));
                }
            }
            Err(failure) => {
                tracing::warn!(?failure, jobs = group.len(), "transaction did not commit");
                group.answer(Err(&failure));
            }
        }
    }

    async fn transact(&mut self, group: &mut Group) -> Result<(), Failure> {
        let connection = connected(&mut self.connection, &self.path, &self.settings).await?;
        if let Err(error) = connection.run(BEGIN_WRITE).await {
            // A lock of another process is temporary; anything else may be a fault of the connection.
            if dialect::kind(&error) != Kind::Busy {
                self.connection = None;
            }
            return Err(Failure::of_statement(&error));
        }
        match group.fill(connection).await {
            Ok(entries) => {
                if let Err(error) = connection.run("COMMIT").await {
                    self.roll_back().await;
                    return Err(Failure::of_commit(&error));
                }
                self.counters.transactions.fetch_add(1, Ordering::Relaxed);
                self.counters.entries.fetch_add(entries, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => {
                self.roll_back().await;
                Err(Failure::of_statement(&error))
            }
        }
    }

    /// Rolls back. If that fails, drops the connection, which rolls back as well.
    async fn roll_back(&mut self) {
        let Some(connection) = &mut self.connection else { return };
        match connection.run("ROLLBACK").await {
            Ok(()) => {}
            Err(error) if sqlite::was_rolled_back(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "rollback failed, will reconnect");
                self.connection = None;
            }
        }
    }
}

fn entries(group: &Group) -> usize {
    group.appends.iter().map(|append| append.rows.len()).sum()
}

/// Splits a group into its jobs, in the same order.
fn split(group: Group) -> impl Iterator<Item = Group> {
    let appends = group.appends.into_iter().map(|append| Group { appends: vec![append], writes: Vec::new() });
    let writes = group.writes.into_iter().map(|write| Group { appends: Vec::new(), writes: vec![write] });
    appends.chain(writes)
}

async fn connected<'a>(
    slot: &'a mut Option<Connection>,
    path: &Path,
    settings: &SqlSettings,
) -> Result<&'a mut Connection, Failure> {
    if slot.is_none() {
        tokio::time::sleep(RECONNECT).await;
        let connected = sqlite::connect_writer(path, settings).await;
        *slot = Some(connected.map_err(|error| Failure::of_statement(&error))?);
    }
    Ok(slot.as_mut().expect("the line above filled it"))
}
