//! Sessions: sign-ins of devices, their refresh tokens (hashes only), one-time tickets.

use async_trait::async_trait;
use domain::{SessionId, Timestamp, UserId};

use super::StoreResult;

/// A session. A refresh token is `session id + secret`; only its SHA-256 is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its id; also the family of its refresh tokens.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// Hash of the current refresh token.
    pub current: [u8; 32],
    /// Hash of the one before.
    pub previous: Option<[u8; 32]>,
    /// When the current one was made.
    pub rotated_at: Timestamp,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends without a refresh.
    pub expires_at: Timestamp,
    /// Ended.
    pub revoked: bool,
    /// What the device calls itself, for the list of sessions.
    pub device: String,
}

/// What became of a presented refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// It was the current one; the next one is in its place.
    Rotated(SessionRecord),
    /// It was the one before, within the grace period: nothing changed; the caller gives an access
    /// token and no new refresh token is needed (the current one is with another tab).
    Grace(SessionRecord),
    /// It was used before: the family is revoked now.
    Reused(SessionRecord),
    /// No such session, or it is over.
    Unknown,
}

/// A one-time ticket for a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// SHA-256 of it.
    pub hash: [u8; 32],
    /// The session that it signs in.
    pub session: SessionId,
    /// Whose.
    pub user: UserId,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Sessions and tickets.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// A new session.
    async fn open(&self, session: &SessionRecord) -> StoreResult<()>;

    /// A session, ended or not.
    async fn get(&self, session: SessionId) -> StoreResult<Option<SessionRecord>>;

    /// The user's sessions that are not over.
    async fn list(&self, user: UserId, now: Timestamp) -> StoreResult<Vec<SessionRecord>>;

    /// Ends a session; whether it was open.
    async fn end(&self, session: SessionId) -> StoreResult<bool>;

    /// Ends all sessions of a user; returns those that were open.
    async fn end_all(&self, user: UserId) -> StoreResult<Vec<SessionId>>;

    /// Compares and swaps the refresh token in one atomic step, so that two at once cannot both rotate.
    async fn rotate(
        &self,
        session: SessionId,
        presented: [u8; 32],
        next: [u8; 32],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> StoreResult<Rotation>;

    /// Keeps a ticket until it is taken or over.
    async fn put_ticket(&self, ticket: &Ticket) -> StoreResult<()>;

    /// Takes a ticket: once, and not after its end.
    async fn take_ticket(&self, hash: [u8; 32], now: Timestamp) -> StoreResult<Option<Ticket>>;

    /// Removes what is over; returns how many rows: none on a store whose rows end by themselves.
    async fn sweep(&self, now: Timestamp) -> StoreResult<u64>;
}
