//! Implements `Sessions`. A session's row is its refresh family; the user's list only names it.

use async_trait::async_trait;
use domain::{SessionId, Timestamp, UserId};
use futures_util::{StreamExt as _, TryStreamExt as _};
use service::ports::{Presented, Rotation, SessionRecord, SessionStore, StoreResult, Ticket};

use crate::item::{Item, bytes, flag, id, number, text, time};
use crate::keys::{self, Key};
use crate::op::{Change, Op, When};
use crate::table_store::{Range, TableStore, WriteError};

/// Sessions of one user that are ended concurrently.
const ENDED_AT_ONCE: usize = 8;

/// Costs, besides one read or write: a new session 4 WRU (its row and its line in the user's list); a list a read of
/// the lines and one per session; to end all a list and a write per session. Rotation and tickets are one conditional
/// write, and one more if a token was used twice. The table's time to live removes expired rows, and they are ignored
/// until then.
#[async_trait]
impl SessionStore for TableStore {
    async fn open(&self, session: &SessionRecord) -> StoreResult<()> {
        let ops = vec![Op::Put(item(session), When::Absent), Op::Put(line(session), When::Always)];
        match self.write(ops).await {
            // An earlier try opened it.
            Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
            Err(WriteError::Store(error)) => Err(error),
        }
    }

    async fn get(&self, session: SessionId) -> StoreResult<Option<SessionRecord>> {
        self.get(keys::session(session)).await?.as_ref().map(record).transpose()
    }

    async fn list(&self, user: UserId, now: Timestamp) -> StoreResult<Vec<SessionRecord>> {
        let ids = self.listed_sessions(user).await?;
        let found = self.get_all(ids.iter().map(|session| keys::session(*session)).collect()).await?;
        let mut sessions = found.iter().map(record).collect::<StoreResult<Vec<_>>>()?;
        // A line is written with its row and outlives it: the row expires by itself, the line is removed here. Not by
        // the caller's clock: a line of a valid session must stay, or no one could end the session.
        let is_over = |session: &SessionId| !sessions.iter().any(|row| row.id == *session && !row.revoked);
        for session in ids.iter().filter(|session| is_over(session)) {
            self.forget_session(user, *session).await;
        }
        sessions.retain(|row| !row.revoked && row.expires_at > now);
        Ok(sessions)
    }

    async fn end(&self, session: SessionId, signed_out: bool) -> StoreResult<bool> {
        let end = revoked(session).set("so", flag(signed_out));
        let open = When::All(vec![When::Present, When::Is("rv", flag(false))]);
        match self.update(Op::Update(end, open)).await {
            Ok(ended) => {
                self.forget_session(UserId(ended.id("us")?), session).await;
                Ok(true)
            }
            Err(WriteError::Refused(_)) => Ok(false),
            Err(WriteError::Store(error)) => Err(error),
        }
    }

    async fn end_all(&self, user: UserId) -> StoreResult<Vec<SessionId>> {
        let ids = self.listed_sessions(user).await?;
        let ends = ids.into_iter().map(async |session| Ok(self.end(session, true).await?.then_some(session)));
        let ended: Vec<Option<SessionId>> =
            futures_util::stream::iter(ends).buffer_unordered(ENDED_AT_ONCE).try_collect().await?;
        Ok(ended.into_iter().flatten().collect())
    }

    async fn rotate(
        &self,
        session: SessionId,
        presented: [u8; 32],
        next: [u8; 32],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> StoreResult<Rotation> {
        let change = Change::of(keys::session(session))
            .set("cu", bytes(next))
            .set("pv", bytes(presented))
            .copy("ex", "pe")
            .set("ra", time(now))
            .set("ex", time(expires_at))
            .set(crate::item::EXPIRES, seconds(expires_at));
        let current =
            When::All(vec![When::Is("cu", bytes(presented)), When::Is("rv", flag(false)), When::More("ex", time(now))]);
        let old = match self.update(Op::Update(change, current)).await {
            Ok(rotated) => return Ok(Rotation::Rotated(record(&rotated)?)),
            Err(WriteError::Refused(which)) => which.into_iter().next().and_then(|(_, old)| old),
            Err(WriteError::Store(error)) => return Err(error),
        };
        let Some(row) = old.as_ref().map(record).transpose()? else { return Ok(Rotation::Unknown) };
        match row.presented(presented, now) {
            // It is not the current one, or the update would not have been refused.
            Presented::Expired | Presented::Current => return Ok(Rotation::Unknown),
            // A token has only one successor, so a caller that presents an old token names the current one too. Only at
            // the same moment is it this very rotation, whose first try was committed without an answer.
            Presented::Previous if row.current == next && row.rotated_at == now => return Ok(Rotation::Rotated(row)),
            Presented::Previous => return Ok(Rotation::Repeated(row)),
            Presented::Replaced => {}
        }
        match self.update(Op::Update(revoked(session), When::Present)).await {
            Ok(revoked) => Ok(Rotation::Reused(record(&revoked)?)),
            Err(WriteError::Refused(_)) => Ok(Rotation::Unknown),
            Err(WriteError::Store(error)) => Err(error),
        }
    }

    async fn put_ticket(&self, ticket: &Ticket) -> StoreResult<()> {
        let item = Item::at(ticket_key(ticket.hash))
            .with("se", id(ticket.session.0))
            .with("us", id(ticket.user.0))
            .with("ex", time(ticket.expires_at))
            .expires(ticket.expires_at);
        self.put(item).await
    }

    async fn take_ticket(&self, hash: [u8; 32], now: Timestamp) -> StoreResult<Option<Ticket>> {
        // The caller that deletes it has it. A retry after a lost answer finds nothing: better none than two.
        let taken = match self.update(Op::Delete(ticket_key(hash), When::Present)).await {
            Ok(item) => Some(item),
            Err(WriteError::Refused(_)) => None,
            Err(WriteError::Store(error)) => return Err(error),
        };
        let ticket = |item: &Item| {
            let (session, user) = (SessionId(item.id("se")?), UserId(item.id("us")?));
            StoreResult::Ok(Ticket { hash, session, user, expires_at: item.time("ex")? })
        };
        Ok(taken.as_ref().map(ticket).transpose()?.filter(|ticket| ticket.expires_at > now))
    }

    async fn sweep(&self, _now: Timestamp) -> StoreResult<u64> {
        Ok(0)
    }
}

impl TableStore {
    /// Returns the sessions in a user's list: the open ones, at most `SESSIONS_PER_USER`, and a few that have ended
    /// since.
    async fn listed_sessions(&self, user: UserId) -> StoreResult<Vec<SessionId>> {
        let lines = self.query(Range::beginning(keys::user_rows(user), keys::SESSIONS)).await?;
        lines.iter().map(|line| line.id("se").map(SessionId)).collect()
    }

    /// Removes a session from its user's list. If this fails, the next listing does it.
    async fn forget_session(&self, user: UserId, session: SessionId) {
        if let Err(error) = self.delete(keys::user_session(user, session)).await {
            tracing::debug!(%error, "ended session not removed from its user's list, will retry");
        }
    }
}

fn ticket_key(hash: [u8; 32]) -> Key {
    keys::ticket(&hex::encode(hash))
}

fn seconds(at: Timestamp) -> aws_sdk_dynamodb::types::AttributeValue {
    number(at.0.max(0) as u64 / 1_000)
}

fn revoked(session: SessionId) -> Change {
    Change::of(keys::session(session)).set("rv", flag(true))
}

/// FAMILY: `se` id, `us` user, `cu` and `pv` hashes, `pe` when `pv` expires, `ra` rotated, `at` began, `ex` ends, `rv` revoked,
/// `so` on purpose, `dv` device.
pub fn item(session: &SessionRecord) -> Item {
    Item::at(keys::session(session.id))
        .with("se", id(session.id.0))
        .with("us", id(session.user.0))
        .with("cu", bytes(session.current))
        .with_some("pv", session.previous.map(bytes))
        .with_some("pe", session.previous_expires_at.map(time))
        .with("ra", time(session.rotated_at))
        .with("at", time(session.created_at))
        .with("ex", time(session.expires_at))
        .with("rv", flag(session.revoked))
        .with("so", flag(session.signed_out))
        .with("dv", text(&session.device))
        .expires(session.expires_at)
}

/// Returns a session's line in its user's list.
pub fn line(session: &SessionRecord) -> Item {
    Item::at(keys::user_session(session.user, session.id)).with("se", id(session.id.0))
}

/// Decodes a session.
pub fn record(item: &Item) -> StoreResult<SessionRecord> {
    Ok(SessionRecord {
        id: SessionId(item.id("se")?),
        user: UserId(item.id("us")?),
        current: item.hash("cu")?,
        previous: if item.has("pv") { Some(item.hash("pv")?) } else { None },
        previous_expires_at: if item.has("pe") { Some(item.time("pe")?) } else { None },
        rotated_at: item.time("ra")?,
        created_at: item.time("at")?,
        expires_at: item.time("ex")?,
        revoked: item.flag("rv"),
        signed_out: item.flag("so"),
        device: item.text("dv")?.to_owned(),
    })
}
