//! The keys of the one table: a partition for what is read together, a sort key in the order it is read.
//!
//! Ids are written as text, which sorts as the ids do; numbers and times are padded, so that they sort
//! as numbers. A key is never taken apart but here.

use domain::text::Emoji;
use domain::{FileId, LogId, NotificationKey, RoomId, Seq, SessionId, Timestamp, UserId};
use service::ports::StoreResult;

use crate::item::{PK, SK, unreadable};

/// Above every seq and time that is ever stored.
const HIGHEST: u64 = 9_999_999_999_999_999;
/// Sorts after every sort key that begins as the text before it.
pub const END: char = '~';
/// Partitions of the list of all logs.
pub const LOG_SHARDS: u64 = 8;
/// Partitions of the directory of public rooms.
pub const DIR_SHARDS: u64 = 4;
/// Partitions of the list of names.
pub const NAME_SHARDS: u64 = 4;
/// Partitions of the files that a sweep looks for.
pub const SWEEP_SHARDS: u64 = 4;

/// The name of one item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Partition.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

impl Key {
    /// From its two halves.
    pub fn new(pk: impl Into<String>, sk: impl Into<String>) -> Key {
        Key { pk: pk.into(), sk: sk.into() }
    }
}

/// A number that sorts as text.
pub fn padded(number: u64) -> String {
    format!("{:016}", number.min(HIGHEST))
}

/// A time that sorts as text.
pub fn time(at: Timestamp) -> String {
    padded(at.0.max(0) as u64)
}

/// A shard of `shards`, the same for the same text in every process and release (FNV-1a).
pub fn shard(text: &str, shards: u64) -> u64 {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    hash % shards
}

/// The life of the table: its epoch.
pub fn epoch() -> Key {
    Key::new("META", "EPOCH")
}

/// Whether a person was there, who is no guest: the first becomes admin.
pub fn first_person() -> Key {
    Key::new("META", "PERSON")
}

// Logs.

/// The partition of a log.
pub fn log(log: LogId) -> String {
    format!("LOG#{log}")
}

/// The log that a partition holds, if it is one's.
pub fn log_of(pk: &str) -> Option<LogId> {
    pk.strip_prefix("LOG#")?.parse().ok()
}

/// The item whose first entry is `seq`.
pub fn entries(of: LogId, seq: Seq) -> Key {
    Key::new(log(of), padded(seq))
}

/// Up to where content was blanked. Sorts before the entries.
pub fn floor(of: LogId) -> Key {
    Key::new(log(of), "!FLOOR")
}

/// The partition of the list of logs that `log` is in.
pub fn logs_shard(shard: u64) -> String {
    format!("LOGS#{shard}")
}

/// A log's line in the list of all logs.
pub fn listed_log(log: LogId) -> Key {
    let name = log.to_string();
    Key::new(logs_shard(shard(&name, LOG_SHARDS)), name)
}

/// The log of [`listed_log`].
pub fn listed_log_of(key: &Key) -> Option<LogId> {
    key.sk.parse().ok()
}

/// What the partitions of changes begin with.
pub const DIRTY: &str = "DIRTY#";

/// The partition of what changed in a minute.
pub fn dirty_minute(at_ms: u64) -> String {
    format!("{DIRTY}{}", padded(at_ms / 60_000))
}

/// What one dispatcher saw change at a moment.
pub fn dirty(at_ms: u64, by: &str) -> Key {
    Key::new(dirty_minute(at_ms), format!("{}#{by}", padded(at_ms)))
}

// What the sort keys of one kind begin with, in the partition of a room or of a user.

/// Sockets.
pub const CONNECTIONS: &str = "CONN#";
/// Consumers' cursors.
pub const CURSORS: &str = "FEED#";
/// Files, in the order of time.
pub const FILES: &str = "FILE#";
/// Members.
pub const MEMBERS: &str = "MEMBER#";
/// Pinned messages.
pub const PINS: &str = "PIN#";
/// Notifications, in the order of time.
pub const NOTIFICATIONS: &str = "NOTIF#";
/// The sort key of when all notifications were read.
pub const NOTIFICATION_STATE: &str = "NSTATE";
/// A user's rooms.
pub const ROOMS: &str = "ROOM#";
/// A user's sessions.
pub const SESSIONS: &str = "SESSION#";

// Rooms.

/// The partition of a room's rows.
pub fn room_rows(room: RoomId) -> String {
    format!("ROOM#{room}")
}

/// The room of [`room_rows`].
pub fn room_of(pk: &str) -> StoreResult<RoomId> {
    pk.strip_prefix("ROOM#").unwrap_or_default().parse().map_err(|why| unreadable(PK, why))
}

/// The room itself, and the hint of its head.
pub fn room(room: RoomId) -> Key {
    Key::new(room_rows(room), "#META")
}

/// A consumer's cursor in a room.
pub fn feed(room: RoomId, consumer: &str) -> Key {
    Key::new(room_rows(room), format!("{CURSORS}{consumer}"))
}

/// A member row.
pub fn member(room: RoomId, user: UserId) -> Key {
    Key::new(room_rows(room), format!("{MEMBERS}{user}"))
}

/// A pinned message.
pub fn pin(room: RoomId, seq: Seq) -> Key {
    Key::new(room_rows(room), format!("{PINS}{}", padded(seq)))
}

/// A sent file of a room, in the order of time.
pub fn room_file(room: RoomId, at: Timestamp, file: FileId) -> Key {
    Key::new(room_rows(room), format!("{FILES}{}#{file}", time(at)))
}

/// A socket that follows a room by row (gateway function only).
pub fn room_connection(room: RoomId, user: UserId, id: &str) -> Key {
    Key::new(room_rows(room), format!("{CONNECTIONS}{user}#{id}"))
}

/// The seq that a sort key ends with, of a pin or a message of a thread.
pub fn seq_of(key: &Key) -> StoreResult<Seq> {
    let digits = key.sk.strip_prefix(PINS).unwrap_or(&key.sk);
    digits.parse().map_err(|why| unreadable(SK, format!("{}: {why}", key.sk)))
}

/// The user that a sort key of [`reactor`] ends with.
pub fn reactor_of(key: &Key) -> StoreResult<UserId> {
    let (_, user) = key.sk.rsplit_once('#').unwrap_or_default();
    user.parse().map_err(|why| unreadable(SK, why))
}

/// The partition of reactors beyond those that messages hold.
pub fn reactors(room: RoomId) -> String {
    format!("REACT#{room}")
}

/// What the reactors of one emoji on one message begin with.
pub fn reactors_of(seq: Seq, emoji: &Emoji) -> String {
    format!("{}#{}#", padded(seq), emoji.as_str())
}

/// A reactor beyond those that the message holds.
pub fn reactor(room: RoomId, seq: Seq, emoji: &Emoji, user: UserId) -> Key {
    Key::new(reactors(room), format!("{}{user}", reactors_of(seq, emoji)))
}

/// The partition of a thread.
pub fn thread(room: RoomId, root: Seq) -> String {
    format!("THREAD#{room}#{}", padded(root))
}

/// A message of a thread.
pub fn in_thread(room: RoomId, root: Seq, seq: Seq) -> Key {
    Key::new(thread(room, root), padded(seq))
}

/// The room that has a slug.
pub fn slug(slug: &str) -> Key {
    Key::new(format!("SLUG#{slug}"), "SLUG")
}

/// A partition of the directory.
pub fn directory(shard: u64) -> String {
    format!("DIR#{shard}")
}

/// A room's line in the directory.
pub fn listed_room(slug: &str) -> Key {
    Key::new(directory(shard(slug, DIR_SHARDS)), slug)
}

// Users.

/// The partition of a user's rows.
pub fn user_rows(user: UserId) -> String {
    format!("USER#{user}")
}

/// The user of [`user_rows`].
pub fn user_of(key: &Key) -> StoreResult<UserId> {
    key.pk.strip_prefix("USER#").unwrap_or_default().parse().map_err(|why| unreadable(PK, why))
}

/// The user.
pub fn profile(user: UserId) -> Key {
    Key::new(user_rows(user), "PROFILE")
}

/// When all notifications were read.
pub fn notification_state(user: UserId) -> Key {
    Key::new(user_rows(user), NOTIFICATION_STATE)
}

/// The user's row of a room.
pub fn user_room(user: UserId, room: RoomId) -> Key {
    Key::new(user_rows(user), format!("{ROOMS}{room}"))
}

/// A notification, or the mark of one; in the order of [`NotificationKey`].
pub fn notification(user: UserId, key: NotificationKey) -> Key {
    Key::new(user_rows(user), format!("{NOTIFICATIONS}{}#{}#{}", time(key.at), key.room, padded(key.seq)))
}

/// The time in a sort key of [`notification`].
pub fn notified_at(sk: &str) -> Option<Timestamp> {
    let (at, _) = sk.strip_prefix(NOTIFICATIONS)?.split_once('#')?;
    at.parse().ok().map(Timestamp)
}

/// A session in its user's list.
pub fn user_session(user: UserId, session: SessionId) -> Key {
    Key::new(user_rows(user), format!("{SESSIONS}{session}"))
}

/// A socket of a user.
pub fn user_connection(user: UserId, id: &str) -> Key {
    Key::new(user_rows(user), format!("{CONNECTIONS}{id}"))
}

/// An unsent file of a user, in the order of time.
pub fn user_file(user: UserId, at: Timestamp, file: FileId) -> Key {
    Key::new(user_rows(user), format!("{FILES}{}#{file}", time(at)))
}

/// The user of a name.
pub fn name(folded: &str) -> Key {
    Key::new(format!("NAME#{folded}"), "NAME")
}

/// The user of an e-mail address.
pub fn email(folded: &str) -> Key {
    Key::new(format!("EMAIL#{folded}"), "EMAIL")
}

/// The folded name of [`name`].
pub fn name_of(key: &Key) -> &str {
    key.pk.strip_prefix("NAME#").unwrap_or_default()
}

/// A partition of the list of names. Not by their beginning: a list without a prefix has them all.
pub fn names_shard(shard: u64) -> String {
    format!("NAMES#{shard}")
}

/// A name in the list that is searched by prefix.
pub fn listed_name(folded: &str) -> Key {
    Key::new(names_shard(shard(folded, NAME_SHARDS)), folded)
}

/// A session.
pub fn session(session: SessionId) -> Key {
    Key::new(format!("FAMILY#{session}"), "FAMILY")
}

/// A one-time ticket, by its hash in hex.
pub fn ticket(hash: &str) -> Key {
    Key::new(format!("TICKET#{hash}"), "TICKET")
}

// Files, leases, nodes.

/// A file's row.
pub fn file(file: FileId) -> Key {
    Key::new(format!("FILE#{file}"), "META")
}

/// A partition of the files that may have to go.
pub fn unsent_shard(shard: u64) -> String {
    format!("UNSENT#{shard}")
}

/// A file that may have to go, from this time on.
pub fn unsent(at: Timestamp, file: FileId) -> Key {
    let id = file.to_string();
    Key::new(unsent_shard(shard(&id, SWEEP_SHARDS)), format!("{}#{id}", time(at)))
}

/// A lease.
pub fn lease(name: &str) -> Key {
    Key::new(format!("LEASE#{name}"), "LEASE")
}

/// What is remembered of a socket between two frames (gateway function only).
pub fn socket(id: &str) -> Key {
    Key::new(format!("SOCKET#{id}"), "SOCKET")
}

/// The partition of the nodes.
pub const NODES: &str = "NODES";

/// A node.
pub fn node(name: &str) -> Key {
    Key::new(NODES, name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn seqs_and_times_sort_as_numbers() {
        let seqs = [0, 1, 9, 10, 99, 1_000_000, HIGHEST, u64::MAX];
        assert!(seqs.windows(2).all(|two| padded(two[0]) <= padded(two[1])));
        let of = LogId::Room(RoomId(Uuid::from_u128(1)));
        assert!(floor(of).sk < entries(of, 0).sk);
        assert!(entries(of, u64::MAX).sk.as_str() < END.to_string().as_str());
    }

    #[test]
    fn a_log_is_known_by_its_partition() {
        for of in [LogId::Room(RoomId(Uuid::from_u128(7))), LogId::User(UserId(Uuid::from_u128(8)))] {
            assert_eq!(log_of(&log(of)), Some(of));
        }
        assert_eq!(log_of("ROOM#x"), None);
        assert_eq!(log_of("LOG#x"), None);
    }

    #[test]
    fn notifications_sort_as_their_keys() {
        let key = |at, room, seq| NotificationKey { at: Timestamp(at), room: Uuid::from_u128(room), seq };
        let mut keys = [key(5, 1, 10), key(5, 1, 9), key(50, 0, 1), key(5, 2, 1), key(4, 9, 9)];
        let user = UserId(Uuid::from_u128(3));
        let mut texts = keys.map(|key| notification(user, key).sk);
        keys.sort();
        texts.sort();
        assert_eq!(keys.map(|key| notification(user, key).sk), texts);
    }
}
