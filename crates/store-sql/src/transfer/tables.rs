//! The tables that are read as records: how a page of each is read, and how a row becomes a record.

use domain::{LogId, NotificationKey, Timestamp};
use service::ports::StoreResult;
use sqlx::AssertSqlSafe;
use stored::{
    FileRecord, MemberRow, NotificationRecord, Record, RoomRecord, SessionRow, UserRest, UserRoomRecord, UserRow,
};

use crate::codec;
use crate::database::{Row, Statement, Value, unreadable};
use crate::ports::{files, notifications, people_rows, sessions};
use crate::sql;

/// A table whose rows are records.
pub struct Table {
    pub name: &'static str,
    /// The columns to read.
    pub columns: &'static str,
    /// The primary key, in whose order pages are read.
    pub keys: &'static [Key],
    /// Converts a row to its record.
    pub record: fn(&Row) -> StoreResult<Record>,
}

/// A column of a primary key.
pub enum Key {
    Text(&'static str),
    Int(&'static str),
}

use Key::{Int, Text};

/// All of them. Cursors of the event feed come first: whatever reads a half-filled store announces nothing again.
pub const TABLES: [Table; 16] = [
    Table { name: "feed", columns: "room, consumer, seq", keys: &[Text("room"), Text("consumer")], record: cursor },
    Table {
        name: "usr",
        columns: "user_id, name, email, guest, role, body, written",
        keys: &[Text("user_id")],
        record: user,
    },
    Table {
        name: "session",
        columns: "session, user_id, cur_hash, prev_hash, prev_expires, rotated, revoked, created, expires, device",
        keys: &[Text("session")],
        record: session,
    },
    Table { name: "room", columns: "room, body AS room_body", keys: &[Text("room")], record: room },
    Table {
        name: "member",
        columns: "room, user_id, state, role, muted_until, level, quiet_until, from_seq, to_seq, rev",
        keys: &[Text("room"), Text("user_id")],
        record: member,
    },
    Table {
        name: "user_room",
        columns: "user_id, room, state, role, read_seq, read_n, mentions, level, quiet_until, hidden, rev, why, request_at, \
                  ignored",
        keys: &[Text("user_id"), Text("room")],
        record: user_room,
    },
    Table { name: "block", columns: "user_id, other", keys: &[Text("user_id"), Text("other")], record: block },
    Table { name: "held_name", columns: "k", keys: &[Text("k")], record: held_name },
    Table { name: "deletion", columns: "user_id, messages, at", keys: &[Text("user_id")], record: deletion },
    Table {
        name: "audit",
        columns: "month, at, id, body",
        keys: &[Text("month"), Int("at"), Text("id")],
        record: audit,
    },
    Table { name: "pin", columns: "room, seq", keys: &[Text("room"), Int("seq")], record: pin },
    Table {
        name: "thread",
        columns: "room, root, seq",
        keys: &[Text("room"), Int("root"), Int("seq")],
        record: thread,
    },
    Table {
        name: "react",
        columns: "log, seq, emoji, user_id",
        keys: &[Text("log"), Int("seq"), Text("emoji"), Text("user_id")],
        record: reactor,
    },
    Table { name: "file", columns: "file, room, user_id, seq, state, at, body", keys: &[Text("file")], record: file },
    Table { name: "file_usage", columns: "owner, bytes", keys: &[Text("owner")], record: usage },
    Table {
        name: "notif",
        columns: "user_id, at, room, seq, state, seen, body, expires",
        keys: &[Text("user_id"), Int("at"), Text("room"), Int("seq")],
        record: notification,
    },
];

/// Tables without records, and why.
#[cfg(test)]
pub const OTHERS: [(&str, &str); 9] = [
    ("meta", "identifies the store itself"),
    ("log", "follows from the entries and the floor"),
    ("entry", "is read and written as a log"),
    ("conn", "belongs to a process"),
    ("socket", "belongs to a process"),
    ("node", "belongs to a process"),
    ("lease", "belongs to a process"),
    ("ticket", "lives for seconds"),
    ("push", "no release has written it"),
];

impl Table {
    /// Returns the query of a page after the row with this key.
    pub fn page(&self, after: Option<&[Value]>, limit: usize) -> Statement {
        let names: Vec<&str> = self.keys.iter().map(Key::name).collect();
        let keys = names.join(", ");
        let (columns, name) = (self.columns, self.name);
        match after {
            None => {
                let query = format!("SELECT {columns} FROM {name} ORDER BY {keys} LIMIT $1");
                sql::query(AssertSqlSafe(query)).bind(sql::limit(limit))
            }
            Some(after) => {
                let (above, last) = (sql::list(1, after.len()), after.len() + 1);
                let query =
                    format!("SELECT {columns} FROM {name} WHERE ({keys}) > ({above}) ORDER BY {keys} LIMIT ${last}");
                let query = sql::query(AssertSqlSafe(query));
                after.iter().cloned().fold(query, Statement::bind).bind(sql::limit(limit))
            }
        }
    }

    /// Returns the key of a row.
    pub fn key_of(&self, row: &Row) -> StoreResult<Vec<Value>> {
        let value = |key: &Key| match key {
            Text(name) => row.get::<String>(name).map(Value::from),
            Int(name) => row.get::<i64>(name).map(Value::from),
        };
        self.keys.iter().map(value).collect()
    }
}

impl Key {
    fn name(&self) -> &'static str {
        match self {
            Text(name) | Int(name) => name,
        }
    }
}

fn cursor(row: &Row) -> StoreResult<Record> {
    Ok(Record::Cursor { room: row.parsed("room")?, consumer: row.get("consumer")?, seq: row.number("seq")? })
}

fn user(row: &Row) -> StoreResult<Record> {
    let found = people_rows::record(row)?;
    let owns_written = row.get::<Option<String>>("written")?.is_some();
    let rest = UserRest::new(&found.user, found.email, found.password_hash);
    Ok(Record::User(UserRow::new(found.user, rest, found.sign_in_email, owns_written)))
}

fn session(row: &Row) -> StoreResult<Record> {
    let found = sessions::record(row)?;
    Ok(Record::Session(SessionRow {
        session: found.id,
        user: found.user,
        current: hex::encode(found.current),
        previous: found.previous.map(hex::encode),
        previous_expires_at: found.previous_expires_at,
        rotated_at: found.rotated_at,
        created_at: found.created_at,
        expires_at: found.expires_at,
        revoked: found.revoked,
        signed_out: found.signed_out,
        device: found.device,
    }))
}

fn room(row: &Row) -> StoreResult<Record> {
    Ok(Record::Room { room: RoomRecord(codec::room(row)?) })
}

fn member(row: &Row) -> StoreResult<Record> {
    Ok(Record::Member(MemberRow::new(row.parsed("room")?, &codec::member(row)?)))
}

fn user_room(row: &Row) -> StoreResult<Record> {
    Ok(Record::UserRoom { user: row.parsed("user_id")?, row: UserRoomRecord(codec::user_room(row)?) })
}

fn block(row: &Row) -> StoreResult<Record> {
    Ok(Record::Block { user: row.parsed("user_id")?, other: row.parsed("other")? })
}

fn held_name(row: &Row) -> StoreResult<Record> {
    Ok(Record::HeldName { key: row.get("k")? })
}

fn deletion(row: &Row) -> StoreResult<Record> {
    Ok(Record::Deletion { user: row.parsed("user_id")?, messages: row.flag("messages")?, at: row.time("at")? })
}

fn audit(row: &Row) -> StoreResult<Record> {
    Ok(Record::Audit { audit: row.json("body")? })
}

fn pin(row: &Row) -> StoreResult<Record> {
    Ok(Record::Pin { room: row.parsed("room")?, seq: row.number("seq")? })
}

fn thread(row: &Row) -> StoreResult<Record> {
    Ok(Record::Thread { room: row.parsed("room")?, root: row.number("root")?, seq: row.number("seq")? })
}

fn reactor(row: &Row) -> StoreResult<Record> {
    let log: LogId = row.parsed("log")?;
    let room = log.room().ok_or_else(|| unreadable("log", "it is no room's log"))?;
    Ok(Record::Reactor { room, seq: row.number("seq")?, emoji: row.get("emoji")?, user: row.parsed("user_id")? })
}

fn file(row: &Row) -> StoreResult<Record> {
    Ok(Record::File { file: FileRecord(files::decode(row)?) })
}

fn usage(row: &Row) -> StoreResult<Record> {
    let owner = match row.get::<String>("owner")?.as_str() {
        files::ALL => None,
        _ => Some(row.parsed("owner")?),
    };
    Ok(Record::Usage { owner, bytes: row.get::<i64>("bytes")?.max(0).unsigned_abs() })
}

fn notification(row: &Row) -> StoreResult<Record> {
    let user = row.parsed("user_id")?;
    if row.get::<String>("state")? == "there" {
        let notification = NotificationRecord(notifications::notification(row)?);
        return Ok(Record::Notification { user, notification });
    }
    let room = uuid::Uuid::parse_str(&row.get::<String>("room")?).map_err(|why| unreadable("room", why))?;
    let key = NotificationKey { at: row.time("at")?, room, seq: row.number("seq")? };
    let expires = row.get::<Option<i64>>("expires")?.map_or(Timestamp(0), Timestamp);
    Ok(Record::Dropped { user, key, expires_s: expires.0.div_euclid(1_000) })
}
