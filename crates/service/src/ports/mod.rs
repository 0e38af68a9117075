//! What the use cases need from the outside: small traits, one noun each, behind `Arc<dyn …>`.
//!
//! Each trait's doc states the guarantees, errors and cost of its methods. No adapter is known here.

mod audit;
mod blobs;
mod bus;
mod deletion;
mod feed;
mod files;
mod forward;
mod limits;
mod log;
mod marks;
mod nodes;
mod notifications;
mod people;
mod presence;
mod push;
mod rooms;
mod sessions;
mod transfer;
mod unreadable;

pub use audit::{AuditStore, audit_month};
pub use blobs::{BlobError, Blobs, ByteStream, Presigned, ServedAs};
pub use bus::{Bus, BusMessage, BusStatus, Committed, Heard, Mark, Typing};
pub use deletion::{Deletion, DeletionStore, held_keys};
pub use domain::PresenceStatus;
pub use feed::{Behind, FeedCursor, FeedStore, Fence};
pub use files::{Charged, FileStore, Quota, Usage};
pub use forward::Forward;
pub use limits::{Rate, SharedLimits};
pub use log::{
    AppendError, AppendShape, Appended, ChangedLogs, ChangesCursor, KeyRange, LogPage, PageFrom, RoomLog, Tip,
    cut_within, last_within, strong_page,
};
pub use marks::{MarkRow, MarkStore};
pub use nodes::{Connection, NodeRow, NodeStore, SocketState};
pub use notifications::{NotificationPage, NotificationStore};
pub use people::{NewUser, UserRecord, UserStore};
pub use presence::{PresenceStore, UserPresence};
pub use push::{ConnectionPush, PushError};
pub use rooms::{DirectoryRoom, Head, RoomStore, UserRoomRow};
pub use sessions::{Presented, Rotation, SessionRecord, SessionStore, Ticket};
pub use transfer::{RecordPage, Transfer, TransferRecord, TransferState};
pub use unreadable::{note_unreadable, noted, readable};

use std::sync::Arc;

/// An error of a store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no such row.
    #[error("not found")]
    NotFound,
    /// A unique name belongs to another row.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// Nobody else could administer the installation afterwards. Nothing was written.
    #[error("this is the only admin")]
    LastAdmin,
    /// The store is not available now. Nothing was written, or the write is idempotent and can be retried.
    #[error("the store is not available: {why}")]
    Unavailable {
        /// The cause, for the operator's log only, never for a user.
        why: String,
        /// Milliseconds after which a retry makes sense.
        retry_ms: u64,
    },
    /// The store has no space left. Nothing was written; a retry makes sense once somebody has made room.
    #[error("the store has no space left: {why}")]
    Full {
        /// The cause, for the operator's log only, never for a user.
        why: String,
    },
    /// This release cannot decode a record. It was counted and logged where it was read.
    #[error("{record} cannot be decoded: {why}")]
    Unreadable {
        /// The kind of record: an entry, a member, a room.
        record: &'static str,
        /// The cause, for the operator's log, without anything that users wrote.
        why: String,
    },
    /// The store's epoch is not the one that the caller assumes (a backup was restored).
    #[error("the store has another epoch")]
    OtherEpoch,
}

/// The result of a call of a store.
pub type StoreResult<T> = Result<T, StoreError>;

/// All ports of a store: one adapter implements them, and one service is built from them.
#[derive(Clone)]
pub struct Store {
    /// The logs.
    pub log: Arc<dyn RoomLog>,
    /// Rooms, members, and the rooms of a user.
    pub rooms: Arc<dyn RoomStore>,
    /// Read marks.
    pub marks: Arc<dyn MarkStore>,
    /// Notifications.
    pub notifications: Arc<dyn NotificationStore>,
    /// Users.
    pub users: Arc<dyn UserStore>,
    /// The deletion of accounts.
    pub deletions: Arc<dyn DeletionStore>,
    /// The audit log.
    pub audit: Arc<dyn AuditStore>,
    /// Sessions and tickets.
    pub sessions: Arc<dyn SessionStore>,
    /// The rows of files.
    pub files: Arc<dyn FileStore>,
    /// Cursors and leases of the event feed.
    pub feed: Arc<dyn FeedStore>,
    /// Nodes and connections.
    pub nodes: Arc<dyn NodeStore>,
}

impl Store {
    /// Creates the ports from one value that implements all of them.
    pub fn of<S>(all: &Arc<S>) -> Store
    where
        S: RoomLog
            + RoomStore
            + MarkStore
            + NotificationStore
            + UserStore
            + DeletionStore
            + AuditStore
            + SessionStore
            + FileStore
            + FeedStore
            + NodeStore
            + 'static,
    {
        Store {
            log: all.clone(),
            rooms: all.clone(),
            marks: all.clone(),
            notifications: all.clone(),
            users: all.clone(),
            deletions: all.clone(),
            audit: all.clone(),
            sessions: all.clone(),
            files: all.clone(),
            feed: all.clone(),
            nodes: all.clone(),
        }
    }
}
