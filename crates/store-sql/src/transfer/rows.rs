//! Records as rows, and how rows are inserted.

use domain::name::fold;
use domain::{Entry, LogId, RoomKind};
use service::ports::{StoreResult, audit_month};
use sqlx::AssertSqlSafe;
use stored::{FileRest, Record};

use crate::codec::{self, EntryRow, int, json, word};
use crate::database::{Connection, Statement, Value, unreadable};
use crate::ports::{files, sessions};
use crate::sql::{self, ROWS};

/// The columns of a table that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Columns {
    pub table: &'static str,
    pub columns: &'static str,
}

/// One row to insert.
pub struct NewRow {
    pub into: Columns,
    pub values: Vec<Value>,
}

macro_rules! row {
    ($table:literal ($columns:literal) $($value:expr),* $(,)?) => {
        NewRow { into: Columns { table: $table, columns: $columns }, values: vec![$(Value::from($value)),*] }
    };
}

/// Returns the row of a record.
pub fn row_of(record: &Record) -> StoreResult<NewRow> {
    Ok(match record {
        Record::Cursor { room, consumer, seq } => {
            // Every lease of the new store has a higher fence.
            row!("feed" ("room, consumer, seq, fence") room.to_string(), consumer.clone(), int(*seq), 0_i64)
        }
        Record::User(user) => row!(
            "usr" ("user_id, name, folded, email, guest, role, body, written")
            user.user.to_string(), user.name.as_str().to_owned(), user.name.folded(), user.sign_in_email.clone(),
            i64::from(user.guest), word(&user.role), json(&user.rest),
            user.owns_written.then(|| user.name.written()),
        ),
        Record::Session(session) => {
            let hash = |text: &str| hex::decode(text).map_err(|why| unreadable("hash", why));
            row!(
                "session" ("session, user_id, cur_hash, prev_hash, prev_expires, rotated, revoked, created, expires, device")
                session.session.to_string(), session.user.to_string(), hash(&session.current)?,
                session.previous.as_deref().map(hash).transpose()?, session.previous_expires_at.map(|at| at.0),
                session.rotated_at.0, sessions::revoked(session.revoked, session.signed_out), session.created_at.0, session.expires_at.0,
                session.device.clone(),
            )
        }
        Record::Room { room: stored } => {
            let room = &stored.0;
            let listed = room.kind == RoomKind::Public && !room.archived && room.slug.is_some();
            row!(
                "room" ("room, kind, slug, name, listed, rev, members, body")
                room.id.to_string(), word(&room.kind), room.slug.as_ref().map(|slug| slug.as_str().to_owned()),
                room.name.as_ref().map(|name| fold(name.as_str())), i64::from(listed), int(room.rev),
                // Counted when all members are written.
                0_i64, json(stored),
            )
        }
        Record::Member(stored) => {
            let member = stored.member();
            row!(
                "member" ("room, user_id, state, role, muted_until, level, quiet_until, from_seq, to_seq, rev")
                stored.room.to_string(), member.user.to_string(), word(&member.state), word(&member.role),
                member.muted_until.map(|at| at.0), word(&member.level), member.quiet_until.map(|at| at.0),
                int(member.from_seq), member.to_seq.map(int), int(member.rev),
            )
        }
        Record::UserRoom { user, row: stored } => {
            let row = &stored.0;
            let (request_at, ignored) = codec::request(row.request);
            row!(
                "user_room"
                ("user_id, room, state, role, read_seq, read_n, mentions, level, quiet_until, hidden, rev, why, request_at, ignored")
                user.to_string(), row.room.to_string(), word(&row.state), word(&row.role), int(row.read_seq),
                int(row.read_n), json(&row.mentions), word(&row.level), row.quiet_until.map(|at| at.0), i64::from(row.hidden), int(row.rev),
                row.why.clone(), request_at, ignored,
            )
        }
        Record::Block { user, other } => row!("block" ("user_id, other") user.to_string(), other.to_string()),
        Record::HeldName { key } => row!("held_name" ("k") key.clone()),
        Record::Deletion { user, messages, at } => {
            row!("deletion" ("user_id, messages, at") user.to_string(), i64::from(*messages), at.0)
        }
        Record::Audit { audit } => row!(
            "audit" ("month, at, id, body")
            audit_month(audit.0.at), audit.0.at.0, audit.0.id.to_string(), json(audit),
        ),
        Record::Pin { room, seq } => row!("pin" ("room, seq") room.to_string(), int(*seq)),
        Record::Thread { room, root, seq } => {
            row!("thread" ("room, root, seq") room.to_string(), int(*root), int(*seq))
        }
        Record::Reactor { room, seq, emoji, user } => row!(
            "react" ("log, seq, emoji, user_id, rev")
            LogId::Room(*room).to_string(), int(*seq), emoji.clone(), user.to_string(),
            // Every later change has a higher one.
            0_i64,
        ),
        Record::File { file: stored } => {
            let file = &stored.0;
            let rest: FileRest = files::rest(file);
            row!(
                "file" ("file, room, user_id, seq, state, at, body")
                file.id.to_string(), file.room.to_string(), file.user.to_string(), file.seq.map(int),
                word(&file.state), file.at.0, json(&rest),
            )
        }
        Record::Usage { owner, bytes } => {
            let owner = owner.map_or(files::ALL.to_owned(), |user| user.to_string());
            row!("file_usage" ("owner, bytes") owner, int(*bytes))
        }
        Record::Notification { user, notification: stored } => {
            let new = &stored.0;
            row!(
                "notif" ("user_id, at, room, seq, state, seen, body, expires")
                user.to_string(), new.key.at.0, new.key.room.to_string(), int(new.key.seq), "there".to_owned(),
                new.read_at.map(|at| at.0), json(stored), None::<i64>,
            )
        }
        Record::Dropped { user, key, expires_s } => row!(
            "notif" ("user_id, at, room, seq, state, seen, body, expires")
            user.to_string(), key.at.0, key.room.to_string(), int(key.seq), "dropped".to_owned(), None::<i64>,
            String::new(), expires_s.saturating_mul(1_000),
        ),
    })
}

/// Returns the row of an entry.
pub fn row_of_entry(log: LogId, entry: &Entry) -> NewRow {
    let row = EntryRow::encode(entry);
    row!(
        "entry" ("log, seq, kind, by_id, id, at, n, rev, deleted, v, body")
        log.to_string(), int(row.seq), row.kind, row.by.to_string(), row.id.to_string(), row.at.0, int(row.n),
        int(row.rev), i64::from(row.deleted), i64::from(row.v), row.body,
    )
}

/// Inserts rows, several in one statement. One that exists stays: an earlier try wrote it.
pub async fn insert(connection: &mut dyn Connection, rows: &[NewRow]) -> Result<(), sqlx::Error> {
    for same in rows.chunk_by(|one, next| one.into == next.into) {
        for some in same.chunks(ROWS) {
            let Columns { table, columns } = some[0].into;
            let values = sql::rows(some.len(), some[0].values.len());
            let sql = format!("INSERT INTO {table} ({columns}) VALUES {values} ON CONFLICT DO NOTHING");
            let query = sql::query(AssertSqlSafe(sql));
            let values = some.iter().flat_map(|row| row.values.iter().cloned());
            values.fold(query, Statement::bind).execute(&mut *connection).await?;
        }
    }
    Ok(())
}
