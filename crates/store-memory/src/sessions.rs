//! `Sessions` in memory.

use async_trait::async_trait;
use domain::{SessionId, Timestamp, UserId};
use service::ports::{Presented, Rotation, SessionRecord, SessionStore, StoreResult, Ticket};

use crate::MemoryStore;

#[async_trait]
impl SessionStore for MemoryStore {
    async fn open(&self, session: &SessionRecord) -> StoreResult<()> {
        self.up()?.sessions.entry(session.id).or_insert_with(|| session.clone());
        Ok(())
    }

    async fn get(&self, session: SessionId) -> StoreResult<Option<SessionRecord>> {
        Ok(self.up()?.sessions.get(&session).cloned())
    }

    async fn list(&self, user: UserId, now: Timestamp) -> StoreResult<Vec<SessionRecord>> {
        let state = self.up()?;
        let open = state.sessions.values().filter(|row| row.user == user && !row.revoked && row.expires_at > now);
        Ok(open.cloned().collect())
    }

    async fn end(&self, session: SessionId, signed_out: bool) -> StoreResult<bool> {
        let mut state = self.up()?;
        let Some(row) = state.sessions.get_mut(&session).filter(|row| !row.revoked) else { return Ok(false) };
        (row.revoked, row.signed_out) = (true, signed_out);
        Ok(true)
    }

    async fn end_all(&self, user: UserId) -> StoreResult<Vec<SessionId>> {
        let mut state = self.up()?;
        let open = state.sessions.values_mut().filter(|row| row.user == user && !row.revoked);
        Ok(open
            .map(|row| {
                (row.revoked, row.signed_out) = (true, true);
                row.id
            })
            .collect())
    }

    async fn rotate(
        &self,
        session: SessionId,
        presented: [u8; 32],
        next: [u8; 32],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> StoreResult<Rotation> {
        let mut state = self.up()?;
        let Some(row) = state.sessions.get_mut(&session) else { return Ok(Rotation::Unknown) };
        match row.presented(presented, now) {
            Presented::Current => {
                row.rotate(next, now, expires_at);
                Ok(Rotation::Rotated(row.clone()))
            }
            Presented::Previous => Ok(Rotation::Repeated(row.clone())),
            Presented::Expired => Ok(Rotation::Unknown),
            Presented::Replaced => {
                row.revoked = true;
                Ok(Rotation::Reused(row.clone()))
            }
        }
    }

    async fn put_ticket(&self, ticket: &Ticket) -> StoreResult<()> {
        self.up()?.tickets.insert(ticket.hash, ticket.clone());
        Ok(())
    }

    async fn take_ticket(&self, hash: [u8; 32], now: Timestamp) -> StoreResult<Option<Ticket>> {
        Ok(self.up()?.tickets.remove(&hash).filter(|ticket| ticket.expires_at > now))
    }

    async fn sweep(&self, now: Timestamp) -> StoreResult<u64> {
        let mut state = self.up()?;
        let before = state.sessions.len() + state.tickets.len();
        state.sessions.retain(|_, row| row.expires_at > now);
        state.tickets.retain(|_, row| row.expires_at > now);
        Ok((before - state.sessions.len() - state.tickets.len()) as u64)
    }
}
