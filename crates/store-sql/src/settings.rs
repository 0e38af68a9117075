//! What an operator may set of an SQL store.

use std::time::Duration;

use crate::limits::{GROUP_LOGS, WRITER_QUEUE};

/// What becomes of a database that is not there, or has nothing in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IfMissing {
    /// It is made: for a start, which may be the first.
    #[default]
    Create,
    /// Opening fails with [`OpenError::Absent`](crate::OpenError::Absent) and leaves nothing behind: for tools, which
    /// work on what is there. An empty database would be taken for the one that was meant.
    Refuse,
}

/// Settings of a store; the defaults suit one node on one disk, and a node of several on PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlSettings {
    /// Whether a database is made where there is none.
    pub if_missing: IfMissing,
    /// Connections that read at the same time.
    pub readers: u32,
    /// PostgreSQL: connections that write at the same time. SQLite has one.
    pub writers: u32,
    /// SQLite: how long a statement waits for a lock that another process holds.
    pub busy_timeout: Duration,
    /// How long a read, and on PostgreSQL a write, waits for a free connection.
    pub read_timeout: Duration,
    /// PostgreSQL: how long a statement may take.
    pub statement_timeout: Duration,
    /// PostgreSQL: how long a statement waits for a row that another transaction holds.
    pub lock_timeout: Duration,
    /// PostgreSQL: how long the first connection may take.
    pub connect_timeout: Duration,
    /// Writes that may wait; more are answered `Unavailable` at once.
    pub writer_queue: usize,
    /// SQLite: writes that one transaction commits together.
    pub group: usize,
}

impl Default for SqlSettings {
    fn default() -> Self {
        SqlSettings {
            if_missing: IfMissing::Create,
            readers: 4,
            writers: 8,
            busy_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_millis(2_500),
            lock_timeout: Duration::from_secs(2),
            connect_timeout: Duration::from_secs(10),
            writer_queue: WRITER_QUEUE,
            group: GROUP_LOGS,
        }
    }
}
