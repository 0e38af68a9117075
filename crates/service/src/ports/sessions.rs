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
    /// The hash of the previous refresh token, which works until its successor, the current one, is presented.
    pub previous: Option<[u8; 32]>,
    /// When the previous refresh token expires. `None` if there is none, and for rows of releases that did not store it:
    /// there it expires with the session.
    pub previous_expires_at: Option<Timestamp>,
    /// When the current refresh token was made.
    pub rotated_at: Timestamp,
    /// When the session began.
    pub created_at: Timestamp,
    /// When the session expires without a refresh.
    pub expires_at: Timestamp,
    /// Whether the session was ended.
    pub revoked: bool,
    /// Whether it was ended on purpose, by its user or an admin, so that its device forgets what it stored. A session that
    /// ended for another reason (a stolen token, too many sessions) keeps it: it may hold unsent messages.
    pub signed_out: bool,
    /// The device's own name, for the list of sessions.
    pub device: String,
}

/// What a refresh token is to the session that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented {
    /// The current token.
    Current,
    /// The previous token, whose successor has not been presented yet.
    Previous,
    /// A token that has expired, or any token of a session that has ended.
    Expired,
    /// A token whose successor has been presented.
    Replaced,
}

impl SessionRecord {
    /// Returns what the token with this hash is to the session. Every store decides by this.
    pub fn presented(&self, hash: [u8; 32], now: Timestamp) -> Presented {
        if self.revoked || self.expires_at <= now {
            return Presented::Expired;
        }
        if self.current == hash {
            return Presented::Current;
        }
        if self.previous != Some(hash) {
            return Presented::Replaced;
        }
        match self.previous_expires_at.is_none_or(|expires_at| now < expires_at) {
            true => Presented::Previous,
            false => Presented::Expired,
        }
    }

    /// Returns whether the token with this hash is the session's current or previous one, whatever has ended since.
    pub fn is_last(&self, hash: [u8; 32]) -> bool {
        self.current == hash || self.previous == Some(hash)
    }

    /// Replaces the current token by the next one.
    pub fn rotate(&mut self, next: [u8; 32], now: Timestamp, expires_at: Timestamp) {
        self.previous = Some(std::mem::replace(&mut self.current, next));
        self.previous_expires_at = Some(std::mem::replace(&mut self.expires_at, expires_at));
        self.rotated_at = now;
    }
}

/// The result of presenting a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// It was the current token and has been replaced by the next one.
    Rotated(SessionRecord),
    /// It was the previous token, and the current one has not been presented: the answer with it may be lost, or
    /// another tab has it. Nothing changed.
    Repeated(SessionRecord),
    /// Its successor has been presented. The family has been revoked.
    Reused(SessionRecord),
    /// There is no such session, it has ended, or the token has expired.
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

    /// Ends a session, with the value of [`SessionRecord::signed_out`]. Returns whether it was open.
    async fn end(&self, session: SessionId, signed_out: bool) -> StoreResult<bool>;

    /// Ends all sessions of a user, on purpose. Returns those that were open.
    async fn end_all(&self, user: UserId) -> StoreResult<Vec<SessionId>>;

    /// Compares and swaps the refresh token in one atomic step, so that two concurrent calls cannot both rotate it.
    /// [`SessionRecord::presented`] decides.
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
