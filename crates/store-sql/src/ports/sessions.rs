//! Implements `Sessions`.

use async_trait::async_trait;
use domain::{SessionId, Timestamp, UserId};
use service::ports::{Presented, Rotation, SessionRecord, SessionStore, StoreResult, Ticket};

use crate::connections::SqlConnections;
use crate::database::{Connection, Row};
use crate::error::Fault;
use crate::sql;

#[async_trait]
impl SessionStore for SqlConnections {
    async fn open(&self, session: &SessionRecord) -> StoreResult<()> {
        let session = session.clone();
        let opened = self.execute(move || {
            let sql = "INSERT INTO session (session, user_id, cur_hash, prev_hash, rotated, revoked, created, expires,
                       device, prev_expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                       ON CONFLICT (session) DO NOTHING";
            let query = sql::query(sql).bind(session.id.to_string()).bind(session.user.to_string());
            let query = query.bind(session.current.to_vec()).bind(session.previous.map(|hash| hash.to_vec()));
            let query = query
                .bind(session.rotated_at.0)
                .bind(revoked(session.revoked, session.signed_out))
                .bind(session.created_at.0);
            let query = query.bind(session.expires_at.0).bind(session.device.clone());
            query.bind(session.previous_expires_at.map(|at| at.0))
        });
        opened.await.map(|_| ())
    }

    async fn get(&self, session: SessionId) -> StoreResult<Option<SessionRecord>> {
        let query = sql::query("SELECT * FROM session WHERE session = $1").bind(session.to_string());
        self.one(query).await?.as_ref().map(record).transpose()
    }

    async fn list(&self, user: UserId, now: Timestamp) -> StoreResult<Vec<SessionRecord>> {
        let query = "SELECT * FROM session WHERE user_id = $1 AND revoked = 0 AND expires > $2";
        self.all(sql::query(query).bind(user.to_string()).bind(now.0)).await?.iter().map(record).collect()
    }

    async fn end(&self, session: SessionId, signed_out: bool) -> StoreResult<bool> {
        let sql = "UPDATE session SET revoked = $1 WHERE session = $2 AND revoked = 0";
        let ended = if signed_out { SIGNED_OUT } else { REVOKED };
        Ok(self.execute(move || sql::query(sql).bind(ended).bind(session.to_string())).await? == 1)
    }

    async fn end_all(&self, user: UserId) -> StoreResult<Vec<SessionId>> {
        self.write(move |connection| {
            Box::pin(async move {
                let sql = "UPDATE session SET revoked = $1 WHERE user_id = $2 AND revoked = 0 RETURNING session";
                let ended = sql::query(sql).bind(SIGNED_OUT).bind(user.to_string()).fetch_all(connection).await?;
                Ok(ended.iter().map(|row| row.parsed("session")).collect::<StoreResult<Vec<_>>>()?)
            })
        })
        .await
    }

    async fn rotate(
        &self,
        session: SessionId,
        presented: [u8; 32],
        next: [u8; 32],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> StoreResult<Rotation> {
        self.write(move |connection| {
            Box::pin(async move {
                let query = sql::query("SELECT * FROM session WHERE session = $1").bind(session.to_string());
                let row = query.fetch_optional(&mut *connection).await?;
                let row = row.as_ref().map(record).transpose()?;
                let Some(mut row) = row else { return Ok(Rotation::Unknown) };
                match row.presented(presented, now) {
                    Presented::Current => {
                        row.rotate(next, now, expires_at);
                        update(connection, &row).await?;
                        Ok(Rotation::Rotated(row))
                    }
                    Presented::Previous => Ok(Rotation::Repeated(row)),
                    Presented::Expired => Ok(Rotation::Unknown),
                    Presented::Replaced => {
                        row.revoked = true;
                        update(connection, &row).await?;
                        Ok(Rotation::Reused(row))
                    }
                }
            })
        })
        .await
    }

    async fn put_ticket(&self, ticket: &Ticket) -> StoreResult<()> {
        let ticket = ticket.clone();
        let put = self.execute(move || {
            let sql = "INSERT INTO ticket (hash, session, user_id, expires) VALUES ($1, $2, $3, $4)
                       ON CONFLICT (hash) DO NOTHING";
            let query = sql::query(sql).bind(ticket.hash.to_vec()).bind(ticket.session.to_string());
            query.bind(ticket.user.to_string()).bind(ticket.expires_at.0)
        });
        put.await.map(|_| ())
    }

    async fn take_ticket(&self, hash: [u8; 32], now: Timestamp) -> StoreResult<Option<Ticket>> {
        let taken = self.write(move |connection| {
            Box::pin(async move {
                let sql = "DELETE FROM ticket WHERE hash = $1 RETURNING hash, session, user_id, expires";
                let row = sql::query(sql).bind(hash.to_vec()).fetch_optional(connection).await?;
                Ok(row.as_ref().map(ticket).transpose()?)
            })
        });
        Ok(taken.await?.filter(|ticket| ticket.expires_at > now))
    }

    async fn sweep(&self, now: Timestamp) -> StoreResult<u64> {
        let sessions = self.execute(move || sql::query("DELETE FROM session WHERE expires <= $1").bind(now.0));
        let tickets = self.execute(move || sql::query("DELETE FROM ticket WHERE expires <= $1").bind(now.0));
        Ok(sessions.await? + tickets.await?)
    }
}

/// The value of `revoked` in the row of a session that ended.
const REVOKED: i64 = 1;
/// Its value if the session was ended on purpose. Earlier releases take it for [`REVOKED`].
const SIGNED_OUT: i64 = 2;

/// Returns the value of `revoked` in a row.
pub fn revoked(revoked: bool, signed_out: bool) -> i64 {
    match (revoked, signed_out) {
        (false, _) => 0,
        (true, false) => REVOKED,
        (true, true) => SIGNED_OUT,
    }
}

pub fn record(row: &Row) -> StoreResult<SessionRecord> {
    let previous = if row.get::<Option<Vec<u8>>>("prev_hash")?.is_some() { Some(row.hash("prev_hash")?) } else { None };
    Ok(SessionRecord {
        id: row.parsed("session")?,
        user: row.parsed("user_id")?,
        current: row.hash("cur_hash")?,
        previous,
        previous_expires_at: row.get::<Option<i64>>("prev_expires")?.map(Timestamp),
        rotated_at: row.time("rotated")?,
        created_at: row.time("created")?,
        expires_at: row.time("expires")?,
        revoked: row.flag("revoked")?,
        signed_out: row.get::<i64>("revoked")? == SIGNED_OUT,
        device: row.get("device")?,
    })
}

fn ticket(row: &Row) -> StoreResult<Ticket> {
    Ok(Ticket {
        hash: row.hash("hash")?,
        session: row.parsed("session")?,
        user: row.parsed("user_id")?,
        expires_at: row.time("expires")?,
    })
}

async fn update(connection: &mut dyn Connection, row: &SessionRecord) -> Result<(), Fault> {
    let sql = "UPDATE session SET cur_hash = $1, prev_hash = $2, rotated = $3, expires = $4, revoked = $5,
               prev_expires = $6 WHERE session = $7";
    let query = sql::query(sql).bind(row.current.to_vec()).bind(row.previous.map(|hash| hash.to_vec()));
    let query = query.bind(row.rotated_at.0).bind(row.expires_at.0).bind(revoked(row.revoked, row.signed_out));
    let query = query.bind(row.previous_expires_at.map(|at| at.0)).bind(row.id.to_string());
    query.execute(connection).await?;
    Ok(())
}
