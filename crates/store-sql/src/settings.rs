//! The settings of an SQL store.

use std::time::Duration;

use crate::limits::{GROUP_LOGS, WRITER_QUEUE};

/// What to do if a database does not exist or is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IfMissing {
    /// Create it: for a start, which may be the first.
    #[default]
    Create,
    /// Fail with [`OpenError::Absent`](crate::OpenError::Absent) and leave nothing behind: for tools, which work on
    /// existing data. An empty database would be mistaken for the intended one.
    Refuse,
}

/// Settings of a store. The defaults suit one node on one disk, and a node of several on PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlSettings {
    /// Whether a missing database is created.
    pub if_missing: IfMissing,
    /// Whether a database into which a copy was not finished may be opened: only to go on with the copy.
    pub may_be_incomplete: bool,
    /// The number of connections that read concurrently.
    pub readers: u32,
    /// PostgreSQL: the number of connections that write concurrently. SQLite has one.
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
    /// The number of writes that may wait; further ones are answered `Unavailable` at once.
    pub writer_queue: usize,
    /// SQLite: the number of writes that one transaction commits together.
    pub group: usize,
}

impl Default for SqlSettings {
    fn default() -> Self {
        SqlSettings {
            if_missing: IfMissing::Create,
            may_be_incomplete: false,
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
