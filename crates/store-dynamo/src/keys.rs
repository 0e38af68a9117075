//! The keys of the one table: a partition for what is read together, a sort key in the order in which it is read.
//!
//! Ids are written as text, which sorts as the ids do; numbers and times are padded, so that they sort as numbers. Keys
//! are parsed only here.

mod accounts;

use domain::text::Emoji;
use domain::{FileId, LogId, NotificationKey, RoomId, Seq, SessionId, Timestamp, UserId};
use service::ports::StoreResult;

use crate::item::{PK, SK, unreadable};

pub use accounts::{ADMINS, DELETIONS, admin, admins_revoked, audit_month, audited, deletion};

/// A number above every seq and time that is ever stored.
const HIGHEST: u64 = 9_999_999_999_999_999;
/// A character that sorts after every sort key that begins with the text before it.
pub const END: char = '~';
/// The number of partitions of the list of all logs.
pub const LOG_SHARDS: u64 = 8;
/// The number of partitions of the directory of public rooms.
pub const DIR_SHARDS: u64 = 4;
/// The number of partitions of the list of names.
pub const NAME_SHARDS: u64 = 4;
/// The number of partitions of the files that a sweep examines.
pub const SWEEP_SHARDS: u64 = 4;

/// The key of an item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The partition key.
    pub pk: String,
    /// The sort key.
    pub sk: String,
}

impl Key {
    /// Creates a key from its two parts.
    pub fn new(pk: impl Into<String>, sk: impl Into<String>) -> Key {
        Key { pk: pk.into(), sk: sk.into() }
    }
}

/// Returns a number as text that sorts like the number.
pub fn padded(number: u64) -> String {
    format!("{:016}", number.min(HIGHEST))
}

/// Returns a time as text that sorts like the time.
pub fn time(at: Timestamp) -> String {
    padded(at.0.max(0) as u64)
}

/// Returns one of `shards` shards, the same for the same text in every process and release (FNV-1a).
pub fn shard(text: &str, shards: u64) -> u64 {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    hash % shards
}

/// Returns the key of the table's epoch.
pub fn epoch() -> Key {
    Key::new("META", "EPOCH")
}

/// Returns the key of the mark that a registered user exists: the first becomes admin.
pub fn first_person() -> Key {
    Key::new("META", "PERSON")
}

/// Returns the partition of a log.
pub fn log(log: LogId) -> String {
    format!("LOG#{log}")
}

/// Returns the log of a partition, if it is one of a log.
pub fn log_of(pk: &str) -> Option<LogId> {
    pk.strip_prefix("LOG#")?.parse().ok()
}

/// Returns the key of the item whose first entry is `seq`.
pub fn entries(of: LogId, seq: Seq) -> Key {
    Key::new(log(of), padded(seq))
}

/// Returns the key of a log's floor, up to which content was blanked. Sorts before the entries.
pub fn floor(of: LogId) -> Key {
    Key::new(log(of), "!FLOOR")
}

/// Returns the partition of a shard of the list of logs.
pub fn logs_shard(shard: u64) -> String {
    format!("LOGS#{shard}")
}

/// Returns the key of a log's line in the list of all logs.
pub fn listed_log(log: LogId) -> Key {
    let name = log.to_string();
    Key::new(logs_shard(shard(&name, LOG_SHARDS)), name)
}

/// Returns the log of a [`listed_log`] key.
pub fn listed_log_of(key: &Key) -> Option<LogId> {
    key.sk.parse().ok()
}

/// The prefix of the partitions of changes.
pub const DIRTY: &str = "DIRTY#";

/// Returns the partition of what changed in a minute.
pub fn dirty_minute(at_ms: u64) -> String {
    format!("{DIRTY}{}", padded(at_ms / 60_000))
}

/// Returns the key of what one dispatcher saw change at a moment.
pub fn dirty(at_ms: u64, by: &str) -> Key {
    Key::new(dirty_minute(at_ms), format!("{}#{by}", padded(at_ms)))
}

// Prefixes of the sort keys of one kind, in the partition of a room or of a user.

/// The prefix of sockets.
pub const CONNECTIONS: &str = "CONN#";
/// The prefix of consumers' cursors.
pub const CURSORS: &str = "FEED#";
/// The prefix of files, in the order of time.
pub const FILES: &str = "FILE#";
/// The prefix of members.
pub const MEMBERS: &str = "MEMBER#";
/// The prefix of pinned messages.
pub const PINS: &str = "PIN#";
/// The prefix of notifications, in the order of time.
pub const NOTIFICATIONS: &str = "NOTIF#";
/// The sort key of when all notifications were read.
pub const NOTIFICATION_STATE: &str = "NSTATE";
/// The prefix of a user's rooms.
pub const ROOMS: &str = "ROOM#";
/// The beginning of the sort keys of the users whom a user blocks.
pub const BLOCKS: &str = "BLOCK#";
/// The prefix of a user's sessions.
pub const SESSIONS: &str = "SESSION#";

/// Returns the partition of a room's rows.
pub fn room_rows(room: RoomId) -> String {
    format!("ROOM#{room}")
}

/// Returns the room of a [`room_rows`] partition.
pub fn room_of(pk: &str) -> StoreResult<RoomId> {
    pk.strip_prefix("ROOM#").unwrap_or_default().parse().map_err(|why| unreadable(PK, why))
}

/// Returns the key of the room itself, and the hint of its head.
pub fn room(room: RoomId) -> Key {
    Key::new(room_rows(room), "#META")
}

/// Returns the key of a consumer's cursor in a room.
pub fn feed(room: RoomId, consumer: &str) -> Key {
    Key::new(room_rows(room), format!("{CURSORS}{consumer}"))
}

/// Returns the key of a member row.
pub fn member(room: RoomId, user: UserId) -> Key {
    Key::new(room_rows(room), format!("{MEMBERS}{user}"))
}

/// Returns the key of a pinned message.
pub fn pin(room: RoomId, seq: Seq) -> Key {
    Key::new(room_rows(room), format!("{PINS}{}", padded(seq)))
}

/// Returns the key of a sent file of a room, in the order of time.
pub fn room_file(room: RoomId, at: Timestamp, file: FileId) -> Key {
    Key::new(room_rows(room), format!("{FILES}{}#{file}", time(at)))
}

/// Returns the key of a socket that follows a room by row (gateway function only).
pub fn room_connection(room: RoomId, user: UserId, id: &str) -> Key {
    Key::new(room_rows(room), format!("{CONNECTIONS}{user}#{id}"))
}

/// Returns the seq that a sort key of a pin or of a thread's message ends with.
pub fn seq_of(key: &Key) -> StoreResult<Seq> {
    let digits = key.sk.strip_prefix(PINS).unwrap_or(&key.sk);
    digits.parse().map_err(|why| unreadable(SK, format!("{}: {why}", key.sk)))
}

/// Returns the user that a sort key of [`reactor`] ends with.
pub fn reactor_of(key: &Key) -> StoreResult<UserId> {
    let (_, user) = key.sk.rsplit_once('#').unwrap_or_default();
    user.parse().map_err(|why| unreadable(SK, why))
}

/// Returns the partition of reactors beyond those in the messages themselves.
pub fn reactors(room: RoomId) -> String {
    format!("REACT#{room}")
}

/// Returns the prefix of the reactors of one emoji on one message.
pub fn reactors_of(seq: Seq, emoji: &Emoji) -> String {
    format!("{}#{}#", padded(seq), emoji.as_str())
}

/// Returns the key of a reactor beyond those in the message itself.
pub fn reactor(room: RoomId, seq: Seq, emoji: &Emoji, user: UserId) -> Key {
    Key::new(reactors(room), format!("{}{user}", reactors_of(seq, emoji)))
}

/// Returns the partition of a thread.
pub fn thread(room: RoomId, root: Seq) -> String {
    format!("THREAD#{room}#{}", padded(root))
}

/// Returns the key of a message of a thread.
pub fn in_thread(room: RoomId, root: Seq, seq: Seq) -> Key {
    Key::new(thread(room, root), padded(seq))
}

/// Returns the key of the room that has a slug.
pub fn slug(slug: &str) -> Key {
    Key::new(format!("SLUG#{slug}"), "SLUG")
}

/// Returns a partition of the directory.
pub fn directory(shard: u64) -> String {
    format!("DIR#{shard}")
}

/// Returns the key of a room's line in the directory.
pub fn listed_room(slug: &str) -> Key {
    Key::new(directory(shard(slug, DIR_SHARDS)), slug)
}

/// Returns the partition of a user's rows.
pub fn user_rows(user: UserId) -> String {
    format!("USER#{user}")
}

/// Returns the user of a [`user_rows`] partition.
pub fn user_of(key: &Key) -> StoreResult<UserId> {
    key.pk.strip_prefix("USER#").unwrap_or_default().parse().map_err(|why| unreadable(PK, why))
}

/// Returns the key of the user.
pub fn profile(user: UserId) -> Key {
    Key::new(user_rows(user), "PROFILE")
}

/// Returns the key of when all notifications were read.
pub fn notification_state(user: UserId) -> Key {
    Key::new(user_rows(user), NOTIFICATION_STATE)
}

/// Returns the key of the user's row of a room.
pub fn user_room(user: UserId, room: RoomId) -> Key {
    Key::new(user_rows(user), format!("{ROOMS}{room}"))
}

/// Returns the key of the row that says that a user blocks another.
pub fn block(user: UserId, other: UserId) -> Key {
    Key::new(user_rows(user), format!("{BLOCKS}{other}"))
}

/// Returns whom a [`block`] row is about.
pub fn blocked(key: &Key) -> StoreResult<UserId> {
    key.sk.strip_prefix(BLOCKS).unwrap_or_default().parse().map_err(|why| unreadable(SK, why))
}

/// Returns the key of a notification or its tombstone, in the order of [`NotificationKey`].
pub fn notification(user: UserId, key: NotificationKey) -> Key {
    Key::new(user_rows(user), format!("{NOTIFICATIONS}{}#{}#{}", time(key.at), key.room, padded(key.seq)))
}

/// Returns the time in a sort key of [`notification`].
pub fn notified_at(sk: &str) -> Option<Timestamp> {
    let (at, _) = sk.strip_prefix(NOTIFICATIONS)?.split_once('#')?;
    at.parse().ok().map(Timestamp)
}

/// Returns the key of a session in its user's list.
pub fn user_session(user: UserId, session: SessionId) -> Key {
    Key::new(user_rows(user), format!("{SESSIONS}{session}"))
}

/// Returns the key of a socket of a user.
pub fn user_connection(user: UserId, id: &str) -> Key {
    Key::new(user_rows(user), format!("{CONNECTIONS}{id}"))
}

/// Returns the key of an unsent file of a user, in the order of time.
pub fn user_file(user: UserId, at: Timestamp, file: FileId) -> Key {
    Key::new(user_rows(user), format!("{FILES}{}#{file}", time(at)))
}

/// Returns the key of a name's user.
pub fn name(folded: &str) -> Key {
    Key::new(format!("NAME#{folded}"), "NAME")
}

/// Returns the key of the user of a name as it is written, its second key.
pub fn written(skeleton: &str) -> Key {
    Key::new(format!("WRITTEN#{skeleton}"), "WRITTEN")
}

/// Returns the key of an e-mail address's user.
pub fn email(folded: &str) -> Key {
    Key::new(format!("EMAIL#{folded}"), "EMAIL")
}

/// Returns the folded name of a [`name`] key.
pub fn name_of(key: &Key) -> &str {
    key.pk.strip_prefix("NAME#").unwrap_or_default()
}

/// Returns a partition of the list of names. Not by their prefix, since a list without a prefix contains all.
pub fn names_shard(shard: u64) -> String {
    format!("NAMES#{shard}")
}

/// Returns the key of a name in the list that is searched by prefix.
pub fn listed_name(folded: &str) -> Key {
    Key::new(names_shard(shard(folded, NAME_SHARDS)), folded)
}

/// Returns the key of a session.
pub fn session(session: SessionId) -> Key {
    Key::new(format!("FAMILY#{session}"), "FAMILY")
}

/// Returns the key of a one-time ticket, by its hash in hex.
pub fn ticket(hash: &str) -> Key {
    Key::new(format!("TICKET#{hash}"), "TICKET")
}

/// Returns the key of a rate limit that processes count together.
pub fn limit(key: &str) -> Key {
    Key::new(format!("LIMIT#{key}"), "LIMIT")
}

/// Returns the key of a file's row.
pub fn file(file: FileId) -> Key {
    Key::new(format!("FILE#{file}"), "META")
}

/// Returns the key of how many bytes the files of a user have, or all files.
pub fn usage(owner: Option<UserId>) -> Key {
    Key::new(owner.map_or("META".to_owned(), user_rows), "USAGE")
}

/// Returns a partition of the files that may have to be removed.
pub fn unsent_shard(shard: u64) -> String {
    format!("UNSENT#{shard}")
}

/// Returns the key of a file that may have to be removed from this time on.
pub fn unsent(at: Timestamp, file: FileId) -> Key {
    let id = file.to_string();
    Key::new(unsent_shard(shard(&id, SWEEP_SHARDS)), format!("{}#{id}", time(at)))
}

/// Returns the key of a lease.
pub fn lease(name: &str) -> Key {
    Key::new(format!("LEASE#{name}"), "LEASE")
}

/// Returns the key of a socket's state between two frames (gateway function only).
pub fn socket(id: &str) -> Key {
    Key::new(format!("SOCKET#{id}"), "SOCKET")
}

/// The partition of the nodes.
pub const NODES: &str = "NODES";

/// Returns the key of a node.
pub fn node(name: &str) -> Key {
    Key::new(NODES, name)
}

#[cfg(test)]
mod tests;
