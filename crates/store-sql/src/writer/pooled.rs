//! PostgreSQL: each job has its own transaction, on a connection of the pool, many at once.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use domain::Backoff;
use service::circuit::Open;
use service::log_throttle::LogThrottle;
use sqlx::PgPool;
use tokio::sync::{Semaphore, TryAcquireError};

use super::group::Group;
use super::{Counters, Job, Span, Untaken};
use crate::database::Connection;
use crate::dialect::{self, Kind};
use crate::error::Failure;
use crate::postgres::link::Link;
use crate::postgres::{self, BEGIN_APPEND, BEGIN_WORK};
use crate::settings::SqlSettings;

/// How often a job is tried if other transactions interfere.
const TRIES: u32 = 12;
/// The pauses between tries, with full jitter, so that colliding jobs separate.
const BETWEEN_TRIES: Backoff = Backoff::new(Duration::from_millis(4), Duration::from_millis(40));

/// The jobs that wait or run, and their connections.
pub struct Pooled {
    pool: PgPool,
    room: Arc<Semaphore>,
    limit: u32,
    /// How long a transaction waits for an answer. The server ends a statement earlier.
    patience: Duration,
    counters: Arc<Counters>,
    link: Arc<Link>,
}

impl Pooled {
    pub fn new(pool: PgPool, link: Arc<Link>, settings: &SqlSettings, counters: Arc<Counters>) -> Pooled {
        let limit = u32::try_from(settings.writer_queue).unwrap_or(u32::MAX);
        let patience = settings.statement_timeout + Duration::from_millis(500);
        Pooled { pool, room: Arc::new(Semaphore::new(limit as usize)), limit, patience, counters, link }
    }

    /// Starts a job, which runs to its end even if its caller has stopped waiting.
    pub fn start(&self, job: Job) -> Result<(), Untaken> {
        let room = self.room.clone().try_acquire_owned().map_err(|error| match error {
            TryAcquireError::NoPermits => Untaken::Full,
            TryAcquireError::Closed => Untaken::Closed,
        })?;
        let (pool, link) = (self.pool.clone(), self.link.clone());
        let run = Run { pool, patience: self.patience, counters: self.counters.clone(), link };
        tokio::spawn(async move {
            run.commit(job).await;
            drop(room);
        });
        Ok(())
    }

    pub async fn close(&self) {
        // All permits are free when all jobs have ended.
        let _all = self.room.acquire_many(self.limit).await;
        self.room.close();
        self.pool.close().await;
    }

    #[cfg(test)]
    pub fn waiting(&self) -> usize {
        self.limit as usize - self.room.available_permits()
    }
}

struct Run {
    pool: PgPool,
    patience: Duration,
    counters: Arc<Counters>,
    link: Arc<Link>,
}

impl Run {
    /// Commits a job and answers it.
    async fn commit(&self, job: Job) {
        let span = match &job {
            Job::Append(_) => None,
            Job::Write(write) => Some(write.span()),
        };
        let mut group = Group::default();
        group.add(job);
        let (mut tries, mut backoff) = (1, BETWEEN_TRIES);
        let ended = loop {
            match self.transact(span, &mut group).await {
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
    async fn transact(&self, span: Option<Span>, group: &mut Group) -> Result<(), Failure> {
        let refused = |open: Open| Failure::Unavailable { why: open.why, retry_ms: open.retry_ms };
        self.link.admit().map_err(refused)?;
        let acquired = match self.pool.acquire().await {
            Ok(acquired) => acquired,
            Err(error) => return Err(self.failure(error).await),
        };
        let mut connection = Connection::Postgres(acquired);
        let begin = match span {
            None => Some(BEGIN_APPEND),
            Some(Span::Transaction) => Some(BEGIN_WORK),
            Some(Span::Statement) => None,
        };
        let filled = self.in_time(fill(&mut connection, begin, group)).await;
        let entries = match filled {
            Some(Ok(entries)) => entries,
            Some(Err(error)) => {
                let is_sound = dialect::kind(&error) != Kind::Failed && begin.is_some();
                let rolled_back = is_sound && matches!(self.in_time(connection.run("ROLLBACK")).await, Some(Ok(())));
                if !rolled_back && (begin.is_some() || dialect::kind(&error) == Kind::Failed) {
                    close(connection).await;
                }
                return Err(self.failure(error).await);
            }
            None => {
                self.link.is_silent();
                close(connection).await;
                return Err(Failure::late());
            }
        };
        if begin.is_some() {
            match self.in_time(connection.run("COMMIT")).await {
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    let is_rolled_back = postgres::is_rolled_back(&error);
                    close(connection).await;
                    return Err(if is_rolled_back {
                        Failure::of_statement(&error)
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
        self.counters.transactions.fetch_add(1, Ordering::Relaxed);
        self.counters.entries.fetch_add(entries, Ordering::Relaxed);
        Ok(())
    }

    /// Returns what an error before the commit means, with a helpful text.
    async fn failure(&self, error: sqlx::Error) -> Failure {
        match Failure::of_statement(&error) {
            Failure::Unavailable { retry_ms, .. } => Failure::Unavailable { why: self.link.why(error).await, retry_ms },
            failure => failure,
        }
    }

    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(self.patience, work).await.ok()
    }
}

async fn fill(connection: &mut Connection, begin: Option<&'static str>, group: &mut Group) -> Result<u64, sqlx::Error> {
    if let Some(begin) = begin {
        connection.run(begin).await?;
    }
    group.fill(connection).await
}

async fn close(connection: Connection) {
    // It does not matter whether the close message arrives: the server rolls back when the socket is closed.
    let _ = tokio::time::timeout(Duration::from_secs(1), connection.close()).await;
}
