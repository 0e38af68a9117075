//! The connections that write: each job has its own transaction, many at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::Backoff;
use parking_lot::Mutex;
use service::circuit::Open;
use service::log_throttle::LogThrottle;
use sqlx::pool::PoolConnection;
use sqlx::{Connection as _, PgConnection, PgPool, Postgres};
use tokio::sync::{Semaphore, TryAcquireError};

use super::link::Link;
use super::{append, is_rolled_back, kind};
use crate::database::run;
use crate::error::{Failure, Kind};
use crate::jobs::{Group, Job, Rejected, Span, Stats};
use crate::settings::SqlSettings;

/// Begins an append: it sees concurrent changes, and waits for the transaction that holds the log's row.
const BEGIN_APPEND: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// Begins work that decides by what it has read: a concurrent change makes it fail, and it is retried.
const BEGIN_WORK: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE";

/// How often a job is tried if other transactions interfere.
const TRIES: u32 = 12;
/// The pauses between tries, with full jitter, so that colliding jobs separate.
const BETWEEN_TRIES: Backoff = Backoff::new(Duration::from_millis(4), Duration::from_millis(40));

/// Runs jobs, as many at once as there are connections.
pub struct Writer {
    runner: Arc<Runner>,
    /// A permit for each job that may wait or run.
    room: Arc<Semaphore>,
    limit: u32,
}

impl Writer {
    pub fn new(pool: PgPool, link: Arc<Link>, settings: &SqlSettings) -> Writer {
        let limit = u32::try_from(settings.writer_queue).unwrap_or(u32::MAX);
        let patience = settings.statement_timeout + Duration::from_millis(500);
        let runner = Arc::new(Runner { pool, link, patience, stats: Mutex::default() });
        Writer { runner, room: Arc::new(Semaphore::new(limit as usize)), limit }
    }

    /// Starts a job, which runs to its end even if its caller has stopped waiting.
    pub fn start(&self, job: Job, span: Span) -> Result<(), Rejected> {
        let room = self.room.clone().try_acquire_owned().map_err(|error| match error {
            TryAcquireError::NoPermits => Rejected::FULL,
            TryAcquireError::Closed => Rejected::CLOSED,
        })?;
        let runner = self.runner.clone();
        tokio::spawn(async move {
            runner.commit(job, span).await;
            drop(room);
        });
        Ok(())
    }

    pub fn stats(&self) -> Stats {
        *self.runner.stats.lock()
    }

    /// Waits for running jobs and accepts no further ones.
    pub async fn close(&self) {
        // All permits are free when all jobs have ended.
        let _all = self.room.acquire_many(self.limit).await;
        self.room.close();
        self.runner.pool.close().await;
    }
}

struct Runner {
    pool: PgPool,
    link: Arc<Link>,
    /// How long a transaction waits for an answer. The server ends a statement earlier.
    patience: Duration,
    stats: Mutex<Stats>,
}

impl Runner {
    /// Commits a job and answers it.
    async fn commit(&self, job: Job, span: Span) {
        let begin = match span {
            Span::Append => Some(BEGIN_APPEND),
            Span::Transaction => Some(BEGIN_WORK),
            Span::Statement => None,
        };
        let mut group = Group::default();
        group.add(job);

        let (mut tries, mut backoff) = (1, BETWEEN_TRIES);
        let ended = loop {
            match self.transact(begin, &mut group).await {
                Err(Failure::Race(why)) if tries < TRIES => {
                    tracing::debug!(why, tries, "transaction lost to another one, will retry");
                    tokio::time::sleep(backoff.next_delay(rand::random_range(0.0..1.0))).await;
                    tries += 1;
                }
                ended => break ended,
            }
        };

        match &ended {
            Ok(()) => self.link.works(),
            Err(failure) => {
                static LINE: LogThrottle = LogThrottle::new();
                if let Some(repeated) = LINE.admit(&format!("{failure:?}"), Instant::now()) {
                    tracing::warn!(?failure, tries, repeated, "transaction did not commit");
                }
            }
        }

        group.answer(ended.as_ref().map(|_| ()));
    }

    /// Tries a job once. A connection in doubt is closed, which rolls back what it had begun.
    async fn transact(&self, begin: Option<&'static str>, group: &mut Group) -> Result<(), Failure> {
        let refused = |open: Open| Failure::Unavailable { why: open.why, retry_ms: open.retry_ms };
        self.link.admit().map_err(refused)?;
        let mut connection = match self.pool.acquire().await {
            Ok(acquired) => acquired,
            Err(error) => return Err(self.failure(error).await),
        };

        let filled = self.in_time(fill(&mut connection, begin, group)).await;
        let entries = match filled {
            Some(Ok(entries)) => entries,
            Some(Err(error)) => {
                let is_sound = kind(&error) != Kind::Failed && begin.is_some();
                let rolled_back =
                    is_sound && matches!(self.in_time(run(&mut *connection, "ROLLBACK")).await, Some(Ok(())));
                if !rolled_back && (begin.is_some() || kind(&error) == Kind::Failed) {
                    close(connection).await;
                }
                return Err(self.failure(error).await);
            }
            None => {
                self.link.is_silent();
                close(connection).await;
                return Err(Failure::unavailable(Kind::Failed, "the database does not answer".into()));
            }
        };

        if begin.is_some() {
            match self.in_time(run(&mut *connection, "COMMIT")).await {
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    close(connection).await;
                    return Err(if is_rolled_back(&error) {
                        Failure::of_statement(kind(&error), error.to_string())
                    } else {
                        Failure::Unclear(error.to_string())
                    });
                }
                None => {
                    self.link.is_silent();
                    close(connection).await;
                    return Err(Failure::Unclear("no answer to the commit in time".into()));
                }
            }
        }

        self.stats.lock().count(entries);
        Ok(())
    }

    /// Returns what an error before the commit means, with a helpful text.
    async fn failure(&self, error: sqlx::Error) -> Failure {
        match Failure::of_statement(kind(&error), error.to_string()) {
            Failure::Unavailable { retry_ms, .. } => Failure::Unavailable { why: self.link.why(error).await, retry_ms },
            failure => failure,
        }
    }

    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(self.patience, work).await.ok()
    }
}

async fn fill(
    connection: &mut PgConnection,
    begin: Option<&'static str>,
    group: &mut Group,
) -> Result<u64, sqlx::Error> {
    if let Some(begin) = begin {
        run(connection, begin).await?;
    }
    append::decide(connection, &mut group.appends).await?;
    group.write(connection).await
}

/// Closes a connection whose state is in doubt, which rolls back whatever it had begun.
async fn close(connection: PoolConnection<Postgres>) {
    // It does not matter whether the close message arrives: the server rolls back when the socket is closed.
    let _ = tokio::time::timeout(Duration::from_secs(1), connection.detach().close_hard()).await;
}
