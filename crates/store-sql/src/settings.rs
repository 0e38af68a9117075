//! What an operator may set of an SQL store.

use std::time::Duration;

use domain::limits::{GROUP_LOGS, WRITER_QUEUE};

/// Settings of a store; the defaults suit one node on one disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlSettings {
    /// Connections that read at the same time.
    pub readers: u32,
    /// How long a statement waits for a lock that another process holds.
    pub busy_timeout: Duration,
    /// How long a read waits for a free connection.
    pub read_timeout: Duration,
    /// Writes that may wait; more are answered `Unavailable` at once.
    pub writer_queue: usize,
    /// Writes that one transaction commits together.
    pub group: usize,
}

impl Default for SqlSettings {
    fn default() -> Self {
        SqlSettings {
            readers: 4,
            busy_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(3),
            writer_queue: WRITER_QUEUE,
            group: GROUP_LOGS,
        }
    }
}
