//! Limits of the writer, and of what one statement reads.

/// Logs whose appends one SQL transaction commits together.
pub const GROUP_LOGS: usize = 256;
/// Entries after which an SQL transaction accepts no further append.
pub const GROUP_ENTRIES: usize = 8_192;
/// Appends that may wait for the writer of an SQL store.
pub const WRITER_QUEUE: usize = 8_192;
/// Rows of a page that is copied to another store.
pub const TRANSFER_ROWS: usize = 512;
/// Rows that one statement removes from a database that is emptied.
pub const REMOVED_AT_ONCE: i64 = 4_096;
/// Entry keys that one statement reads.
pub const KEY_ROWS: usize = 1_024;
/// Rows of a deleted account that one statement removes.
pub const ERASED_ROWS: usize = 1_000;
