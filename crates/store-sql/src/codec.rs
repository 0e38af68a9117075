//! Converts between rows and domain types.

use domain::{Entry, EntryId, EntryKey, LogId, Member, Request, Room, Seq, Timestamp, UserId, UserRoom};
use service::ports::{Head, StoreError, StoreResult, note_unreadable, noted};
use stored::RoomRecord;
pub use stored::{to_json as json, to_word as word};

use crate::database::{Row, unreadable};

/// The columns of an entry, for `SELECT` on `entry`.
pub const ENTRY: &str = "seq, n, by_id, id, at, v, body";
/// The columns of a member row.
pub const MEMBER: &str = "user_id, state, role, muted_until, level, quiet_until, from_seq, to_seq, rev";
/// The columns of a user's row of a room.
pub const USER_ROOM: &str = "ur.room, ur.state, ur.role, ur.read_seq, ur.read_n, ur.mentions, ur.level, ur.quiet_until, ur.hidden, \
     ur.rev, ur.why, ur.request_at, ur.ignored";

/// Decodes a row. If that fails, counts the record and names it in the log, with the columns that identify it.
pub fn decoded<T>(
    record: &'static str,
    row: &Row,
    place: &[&str],
    decode: impl FnOnce(&Row) -> StoreResult<T>,
) -> StoreResult<T> {
    let named = || place.iter().filter_map(|column| row.get::<String>(column).ok()).collect::<Vec<_>>().join(" ");
    noted(record, named, decode(row))
}

/// Returns the error of a database without an epoch: its table `meta` was emptied.
pub fn no_epoch() -> StoreError {
    StoreError::Unavailable { why: "the database has no epoch".into(), retry_ms: 1_000 }
}

/// Converts a seq or count to SQL's integer.
pub fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// An entry as a row. Encoded by the caller of an append, not by the one task that writes.
#[derive(Debug, Clone)]
pub struct EntryRow {
    pub seq: Seq,
    pub n: u64,
    pub at: Timestamp,
    pub by: UserId,
    pub id: EntryId,
    pub v: u16,
    pub kind: String,
    pub rev: Seq,
    pub deleted: bool,
    pub body: String,
}

impl EntryRow {
    pub fn encode(entry: &Entry) -> EntryRow {
        let message = entry.message();
        EntryRow {
            seq: entry.seq,
            n: entry.n,
            at: entry.at,
            by: entry.by,
            id: entry.id,
            v: entry.v,
            kind: entry.body.kind().to_owned(),
            rev: message.map_or(entry.seq, |message| message.rev),
            deleted: message.is_some_and(|message| message.deleted),
            body: stored::encode_body(&entry.body),
        }
    }
}

/// Decodes an entry of a log. If a body cannot be decoded, only that entry is unreadable and the log goes on after it.
pub fn entry(log: LogId, row: &Row) -> StoreResult<Entry> {
    let v = u16::try_from(row.get::<i64>("v")?).map_err(|why| unreadable("v", why))?;
    let seq = row.number("seq")?;
    let body = stored::decode_body(v, &row.get::<String>("body")?).unwrap_or_else(|unreadable| {
        note_unreadable("entry", &format_args!("{log} {seq}"), &unreadable.why);
        unreadable.into_body()
    });
    Ok(Entry {
        v,
        seq,
        n: row.number("n")?,
        by: row.parsed("by_id")?,
        id: row.parsed("id")?,
        at: row.time("at")?,
        body,
    })
}

/// Returns the key of an entry from its row.
pub fn entry_key(row: &Row) -> StoreResult<EntryKey> {
    let is_message = row.get::<String>("kind")? == "message";
    let (seq, at) = (row.number("seq")?, row.time("at")?);
    Ok(EntryKey { seq, by: row.parsed("by_id")?, id: row.parsed("id")?, at, is_message })
}

pub fn head(row: &Row) -> StoreResult<Head> {
    Ok(Head { seq: row.number("head")?, n: row.number("n")?, at: row.time("at")? })
}

/// Returns a log with its head.
pub fn log_head(row: &Row) -> StoreResult<(LogId, Seq)> {
    Ok((row.parsed("log")?, row.number("head")?))
}

pub fn member(row: &Row) -> StoreResult<Member> {
    decoded("member", row, &["user_id"], read_member)
}

fn read_member(row: &Row) -> StoreResult<Member> {
    let to_seq = row.get::<Option<i64>>("to_seq")?;
    Ok(Member {
        user: row.parsed("user_id")?,
        state: row.word("state")?,
        role: row.word("role")?,
        muted_until: row.get::<Option<i64>>("muted_until")?.map(Timestamp),
        level: row.word("level")?,
        quiet_until: row.get::<Option<i64>>("quiet_until")?.map(Timestamp),
        from_seq: row.number("from_seq")?,
        to_seq: to_seq.map(|seq| u64::try_from(seq).map_err(|why| unreadable("to_seq", why))).transpose()?,
        rev: row.number("rev")?,
    })
}

pub fn user_room(row: &Row) -> StoreResult<UserRoom> {
    decoded("room of a user", row, &["room"], read_user_room)
}

/// Returns the unread mentions of a row. Filters by the mark, since a join raises it without removing the mentions
/// below it.
pub fn mentions(row: &Row, read_seq: Seq) -> StoreResult<Vec<Seq>> {
    let mut mentions: Vec<Seq> = row.json("mentions")?;
    mentions.retain(|mention| *mention > read_seq);
    Ok(mentions)
}

fn read_user_room(row: &Row) -> StoreResult<UserRoom> {
    let read_seq = row.number("read_seq")?;
    Ok(UserRoom {
        room: row.parsed("room")?,
        state: row.word("state")?,
        role: row.word("role")?,
        rev: row.number("rev")?,
        level: row.word("level")?,
        quiet_until: row.get::<Option<i64>>("quiet_until")?.map(Timestamp),
        hidden: row.flag("hidden")?,
        why: row.get("why")?,
        request: match (row.flag("ignored")?, row.get::<Option<i64>>("request_at")?) {
            (true, _) => Some(Request::Ignored),
            (false, at) => at.map(|at| Request::Pending { at: Timestamp(at) }),
        },
        read_seq,
        read_n: row.number("read_n")?,
        mentions: mentions(row, read_seq)?,
    })
}

/// Returns the columns `request_at` and `ignored` of a user's row of a room.
pub fn request(request: Option<Request>) -> (Option<i64>, i64) {
    match request {
        Some(Request::Pending { at }) => (Some(at.0), 0),
        Some(Request::Ignored) => (None, 1),
        None => (None, 0),
    }
}

pub fn room(row: &Row) -> StoreResult<Room> {
    decoded("room", row, &["room"], |row| Ok(row.json::<RoomRecord>("room_body")?.0))
}
