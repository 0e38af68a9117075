//! The rows of a room that change with an append.

use domain::name::fold;
use domain::{Entry, LogId, Member, MemberState, Room, RoomId, RoomKind, RowWrite, Seq};

use super::append::Append;
use super::own_row_writes;
use stored::RoomRecord;

use crate::codec::{EntryRow, int, json, word};
use crate::database::{Connection, Statement};
use crate::sql;

type Done = Result<(), sqlx::Error>;

/// Applies the row writes of an accepted append, whose entries are written. Each contains the final state of a row, so
/// the order matters only twice: the room's row first, since it counts the members, and "all are read" before new
/// notifications.
pub async fn apply(connection: &mut dyn Connection, append: &Append) -> Done {
    let first =
        |row_write: &&RowWrite| matches!(row_write, RowWrite::Room(_) | RowWrite::NotificationRead { key: None, .. });
    let rest = append.row_writes.iter().filter(|row_write| !first(row_write));
    for row_write in append.row_writes.iter().filter(first).chain(rest) {
        match append.log {
            LogId::Room(room) => of_room(connection, room, append, row_write).await?,
            LogId::User(user) => own_row_writes::apply(connection, user, row_write).await?,
        }
    }
    Ok(())
}

async fn of_room(connection: &mut dyn Connection, room: RoomId, append: &Append, row_write: &RowWrite) -> Done {
    match row_write {
        RowWrite::Message(entry) => message(connection, append.log, entry).await,
        RowWrite::Reactor { target, emoji, user, on, rev } => {
            let sql = if *on {
                "INSERT INTO react (log, seq, emoji, user_id, rev) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (log, seq, emoji, user_id) DO UPDATE SET rev = excluded.rev"
            } else {
                "DELETE FROM react WHERE log = $1 AND seq = $2 AND emoji = $3 AND user_id = $4 AND rev <= $5"
            };
            let query = sql::query(sql).bind(append.log.to_string()).bind(int(*target));
            let query = query.bind(emoji.as_str().to_owned()).bind(user.to_string()).bind(int(*rev));
            query.execute(connection).await.map(|_| ())
        }
        RowWrite::Pin { target, on } => {
            let sql = if *on {
                "INSERT INTO pin (room, seq) VALUES ($1, $2) ON CONFLICT (room, seq) DO NOTHING"
            } else {
                "DELETE FROM pin WHERE room = $1 AND seq = $2"
            };
            sql::query(sql).bind(room.to_string()).bind(int(*target)).execute(connection).await.map(|_| ())
        }
        RowWrite::Thread { root, seq } => {
            let sql = "INSERT INTO thread (room, root, seq) VALUES ($1, $2, $3)
                       ON CONFLICT (room, root, seq) DO NOTHING";
            let query = sql::query(sql).bind(room.to_string()).bind(int(*root)).bind(int(*seq));
            query.execute(connection).await.map(|_| ())
        }
        RowWrite::Member(row) => member(connection, room, row).await,
        RowWrite::Room(row) => self::room(connection, row).await,
        RowWrite::FileSent { file, seq } => {
            let Some(sender) = sender_of(append, *seq) else { return Ok(()) };
            let sql = "UPDATE file SET state = 'sent', seq = $1
                       WHERE file = $2 AND room = $3 AND user_id = $4 AND state = 'unsent'";
            let query = sql::query(sql).bind(int(*seq)).bind(file.to_string()).bind(room.to_string()).bind(sender);
            query.execute(connection).await.map(|_| ())
        }
        RowWrite::FileDropped { file } => {
            let sql = "UPDATE file SET state = 'dropped' WHERE file = $1 AND room = $2";
            let query = sql::query(sql).bind(file.to_string()).bind(room.to_string());
            query.execute(connection).await.map(|_| ())
        }
        own => {
            debug_assert!(false, "{own:?} belongs to a user log");
            Ok(())
        }
    }
}

fn sender_of(append: &Append, seq: Seq) -> Option<String> {
    append.rows.iter().find(|row| row.seq == seq).map(|row| row.by.to_string())
}

/// Updates a message. A deleted one stays deleted, even if retention removed it while the change was decided.
async fn message(connection: &mut dyn Connection, log: LogId, entry: &Entry) -> Done {
    let row = EntryRow::encode(entry);
    let sql = "UPDATE entry SET rev = $1, deleted = $2, body = $3
               WHERE log = $4 AND seq = $5 AND kind = 'message' AND deleted <= $2";
    let query = sql::query(sql).bind(int(row.rev)).bind(i64::from(row.deleted)).bind(row.body);
    query.bind(log.to_string()).bind(int(row.seq)).execute(connection).await.map(|_| ())
}

async fn member(connection: &mut dyn Connection, room: RoomId, row: &Member) -> Done {
    let before = sql::query("SELECT state FROM member WHERE room = $1 AND user_id = $2");
    let before = before.bind(room.to_string()).bind(row.user.to_string());
    let before = before.fetch_optional(&mut *connection).await?;
    let before: Option<String> = before.map(|row| row.try_get("state")).transpose()?;
    let was_in = before.is_some_and(|state| state == word(&MemberState::Joined));
    // The level and the quiet time of an older row stay: they are the user's own settings.
    let sql = "INSERT INTO member (room, user_id, state, role, muted_until, level, from_seq, to_seq, rev)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
               ON CONFLICT (room, user_id) DO UPDATE SET state = excluded.state, role = excluded.role,
               muted_until = excluded.muted_until, from_seq = excluded.from_seq, to_seq = excluded.to_seq,
               rev = excluded.rev";
    let query = sql::query(sql).bind(room.to_string()).bind(row.user.to_string());
    let query = query.bind(word(&row.state)).bind(word(&row.role)).bind(row.muted_until.map(|until| until.0));
    let query = query.bind(word(&domain::Level::default())).bind(int(row.from_seq)).bind(row.to_seq.map(int));
    query.bind(int(row.rev)).execute(&mut *connection).await?;
    let change = i64::from(row.is_joined()) - i64::from(was_in);
    if change != 0 {
        let count = sql::query("UPDATE room SET members = members + $1 WHERE room = $2");
        count.bind(change).bind(room.to_string()).execute(connection).await?;
    }
    Ok(())
}

async fn room(connection: &mut dyn Connection, row: &Room) -> Done {
    let listed = row.kind == RoomKind::Public && !row.archived && row.slug.is_some();
    let bound = |query: Statement| {
        let query = query.bind(row.id.to_string()).bind(word(&row.kind));
        let query = query.bind(row.slug.as_ref().map(|slug| slug.as_str().to_owned()));
        let query = query.bind(row.name.as_ref().map(|name| fold(name.as_str())));
        query.bind(i64::from(listed)).bind(int(row.rev)).bind(json(&RoomRecord(row.clone())))
    };
    let update = "UPDATE room SET kind = $2, slug = $3, name = $4, listed = $5, rev = $6, body = $7 WHERE room = $1";
    let updated = bound(sql::query(update)).execute(&mut *connection).await?;
    if updated == 0 {
        let insert = "INSERT INTO room (room, kind, slug, name, listed, rev, body, members)
                      VALUES ($1, $2, $3, $4, $5, $6, $7,
                      (SELECT COUNT(*) FROM member WHERE room = $1 AND state = 'joined'))";
        bound(sql::query(insert)).execute(connection).await?;
    }
    Ok(())
}
