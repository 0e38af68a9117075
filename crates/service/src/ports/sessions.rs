//! Stores sessions: sign-ins of devices, their refresh tokens (hashes only), one-time tickets.

use async_trait::async_trait;
use domain::{SessionId, Timestamp, UserId};

use super::StoreResult;

/// A session. A refresh token is `session id + secret`; only its SHA-256 is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// The session's id, which is also the family of its refresh tokens.
    pub id: SessionId,
    /// The id of the signed-in user.
    pub user: UserId,
    /// The hash of the current refresh token.
    pub current: [u8; 32],
    /// The hash of the previous refresh token.
    pub previous: Option<[u8; 32]>,
    /// When the current refresh token was made.
    pub rotated_at: Timestamp,
    /// When the session began.
    pub created_at: Timestamp,
    /// When the session expires without a refresh.
    pub expires_at: Timestamp,
    /// Whether the session was ended.
    pub revoked: bool,
    /// The device's own name, for the list of sessions.
    pub device: String,
}

/// The result of presenting a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// It was the current token and has been replaced by the next one.
    Rotated(SessionRecord),
    /// It was the previous token, within the grace period. Nothing changed: the caller issues an access token, and no
    /// new refresh token is needed (another tab has the current one).
    Grace(SessionRecord),
    /// It was used before. The family has been revoked.
    Reused(SessionRecord),
    /// There is no such session, or it has ended.
    Unknown,
}

/// A one-time ticket for opening a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The SHA-256 hash of the ticket.
    pub hash: [u8; 32],
    /// The session that it signs in.
    pub session: SessionId,
    /// The user's id.
    pub user: UserId,
    /// When the ticket expires.
    pub expires_at: Timestamp,
}

/// Stores sessions and tickets.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Creates a session.
    async fn open(&self, session: &SessionRecord) -> StoreResult<()>;

    /// Returns a session, whether it has ended or not.
    async fn get(&self, session: SessionId) -> StoreResult<Option<SessionRecord>>;

    /// Returns the user's sessions that have not ended.
    async fn list(&self, user: UserId, now: Timestamp) -> StoreResult<Vec<SessionRecord>>;

    /// Ends a session. Returns whether it was open.
    async fn end(&self, session: SessionId) -> StoreResult<bool>;

    /// Ends all sessions of a user. Returns those that were open.
    async fn end_all(&self, user: UserId) -> StoreResult<Vec<SessionId>>;

    /// Compares and swaps the refresh token in one atomic step, so that two concurrent calls cannot both rotate it.
    async fn rotate(
        &self,
        session: SessionId,
        presented: [u8; 32],
        next: [u8; 32],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> StoreResult<Rotation>;

    /// Stores a ticket until it is used or expires.
    async fn put_ticket(&self, ticket: &Ticket) -> StoreResult<()>;

    /// Takes a ticket. Works once, and not after it has expired.
    async fn take_ticket(&self, hash: [u8; 32], now: Timestamp) -> StoreResult<Option<Ticket>>;

    /// Removes expired rows and returns how many: 0 for a store whose rows expire by themselves.
    async fn sweep(&self, now: Timestamp) -> StoreResult<u64>;
}
