//! The rows of a user that change with an append to the user log.

use domain::{Level, Notification, NotificationKey, RowWrite, UserId, UserRoom};

use stored::NotificationRecord;

use crate::codec::{self, int, json, word};
use crate::database::{Connection, Statement};
use crate::sql;

type Done = Result<(), sqlx::Error>;

pub async fn apply(connection: &mut dyn Connection, user: UserId, row_write: &RowWrite) -> Done {
    match row_write {
        RowWrite::UserRoom(row) => user_room(connection, user, row).await,
        RowWrite::RoomSettings { room, level, quiet_until, hidden } => {
            let own = "UPDATE user_room SET level = $1, quiet_until = $2, hidden = $3 WHERE user_id = $4 AND room = $5";
            let quiet_until = quiet_until.map(|until| until.0);
            let own = sql::query(own).bind(word(level)).bind(quiet_until).bind(i64::from(*hidden));
            own.bind(user.to_string()).bind(room.to_string()).execute(&mut *connection).await?;
            let member = sql::query("UPDATE member SET level = $1, quiet_until = $2 WHERE room = $3 AND user_id = $4");
            let member = member.bind(word(level)).bind(quiet_until).bind(room.to_string()).bind(user.to_string());
            member.execute(connection).await.map(|_| ())
        }
        RowWrite::Answer { room, request } => {
            let sql = "UPDATE user_room SET request_at = $1, ignored = $2 WHERE user_id = $3 AND room = $4";
            let (at, ignored) = codec::request(*request);
            let query = sql::query(sql).bind(at).bind(ignored).bind(user.to_string()).bind(room.to_string());
            query.execute(connection).await.map(|_| ())
        }
        RowWrite::Block { user: other, on } => {
            let sql = match on {
                true => "INSERT INTO block (user_id, other) VALUES ($1, $2) ON CONFLICT (user_id, other) DO NOTHING",
                false => "DELETE FROM block WHERE user_id = $1 AND other = $2",
            };
            let query = sql::query(sql).bind(user.to_string()).bind(other.to_string());
            query.execute(connection).await.map(|_| ())
        }
        RowWrite::Notification(new) => notification(connection, user, new).await,
        RowWrite::NotificationChanged(new) => {
            let sql = "UPDATE notif SET body = $5
                       WHERE user_id = $1 AND at = $2 AND room = $3 AND seq = $4 AND state = 'there'";
            of(sql::query(sql), user, &new.key)
                .bind(json(&NotificationRecord(new.clone())))
                .execute(connection)
                .await
                .map(|_| ())
        }
        RowWrite::NotificationRead { key: None, at } => {
            let sql = "UPDATE notif SET seen = $1 WHERE user_id = $2 AND state = 'there' AND seen IS NULL";
            sql::query(sql).bind(at.0).bind(user.to_string()).execute(connection).await.map(|_| ())
        }
        RowWrite::NotificationRead { key: Some(key), at } => {
            let sql = "UPDATE notif SET seen = $5
                       WHERE user_id = $1 AND at = $2 AND room = $3 AND seq = $4 AND state = 'there' AND seen IS NULL";
            of(sql::query(sql), user, key).bind(at.0).execute(connection).await.map(|_| ())
        }
        RowWrite::NotificationDropped { key, expires } => {
            let sql = "INSERT INTO notif (user_id, at, room, seq, expires, state, body)
                       VALUES ($1, $2, $3, $4, $5, 'dropped', '') ON CONFLICT (user_id, at, room, seq)
                       DO UPDATE SET state = excluded.state, body = excluded.body, expires = excluded.expires";
            of(sql::query(sql), user, key).bind(expires.0).execute(connection).await.map(|_| ())
        }
        other => {
            debug_assert!(false, "{other:?} belongs to a room's log");
            Ok(())
        }
    }
}

/// Binds a notification's key as `$1` to `$4`.
pub fn of(query: Statement, user: UserId, key: &NotificationKey) -> Statement {
    query.bind(user.to_string()).bind(key.at.0).bind(key.room.to_string()).bind(int(key.seq))
}

/// Writes a user's row of a room. A state older than the row's is not applied; settings stay, and a mark only rises.
/// Readers filter out mentions below it.
async fn user_room(connection: &mut dyn Connection, user: UserId, row: &UserRoom) -> Done {
    let sql =
        "INSERT INTO user_room (user_id, room, state, role, rev, why, level, read_seq, read_n, request_at, ignored,
                                      mentions, hidden)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '[]', 0) ON CONFLICT (user_id, room)
               DO UPDATE SET state = excluded.state, role = excluded.role, rev = excluded.rev, why = excluded.why,
               request_at = excluded.request_at, ignored = excluded.ignored,
               read_seq = CASE WHEN excluded.read_seq > user_room.read_seq
                          THEN excluded.read_seq ELSE user_room.read_seq END,
               read_n = CASE WHEN excluded.read_seq > user_room.read_seq AND excluded.read_n > user_room.read_n
                        THEN excluded.read_n ELSE user_room.read_n END
               WHERE user_room.rev <= excluded.rev";
    let query = sql::query(sql).bind(user.to_string()).bind(row.room.to_string());
    let query = query.bind(word(&row.state)).bind(word(&row.role)).bind(int(row.rev)).bind(row.why.clone());
    let query = query.bind(word(&Level::default())).bind(int(row.read_seq)).bind(int(row.read_n));
    let (request_at, ignored) = codec::request(row.request);
    let query = query.bind(request_at).bind(ignored);
    query.execute(connection).await.map(|_| ())
}

/// Writes a notification, unless it exists or was dropped.
async fn notification(connection: &mut dyn Connection, user: UserId, new: &Notification) -> Done {
    let sql = "INSERT INTO notif (user_id, at, room, seq, seen, body, state) VALUES ($1, $2, $3, $4, $5, $6, 'there')
               ON CONFLICT (user_id, at, room, seq) DO NOTHING";
    let query = of(sql::query(sql), user, &new.key)
        .bind(new.read_at.map(|at| at.0))
        .bind(json(&NotificationRecord(new.clone())));
    query.execute(connection).await.map(|_| ())
}
