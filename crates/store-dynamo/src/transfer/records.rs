//! Items as records. What an item is follows from its key; an item of an unknown kind is an error, because a copy would
//! lose it.

use std::collections::{HashMap, HashSet};

use domain::{NotificationKey, RoomId, Timestamp, UserId};
use service::ports::{StoreError, StoreResult};
use stored::{
    FileRecord, MemberRow, NotificationRecord, Record, RoomRecord, SessionRow, UserRest, UserRoomRecord, UserRow,
};

use crate::item::{EXPIRES, Item, PK, SK, unreadable};
use crate::keys::{self, Key};
use crate::ports::{people_rows, sessions};
use crate::rows::{self, NotificationState};
use crate::table_store::TableStore;

/// Prefixes of partitions without records: lists and claims, which follow from records; logs, which are read by
/// themselves; and what belongs to processes.
const SKIPPED: [&str; 12] = [
    "LOG#", "LOGS#", "DIR#", "SLUG#", "NAMES#", "EMAIL#", "UNSENT#", "DIRTY#", "TICKET#", "LIMIT#", "LEASE#", "SOCKET#",
];

/// Prefixes of partitions that claim a name, and what their keys are called in a record.
pub const HELD: [(&str, &str); 2] = [("NAME#", "folded"), ("WRITTEN#", "written")];

/// What other items say about those of a page.
#[derive(Default)]
pub struct Related {
    /// The users whose second key of the name is their own.
    owners: HashSet<UserId>,
    /// When users last read all their notifications.
    states: HashMap<UserId, NotificationState>,
}

impl TableStore {
    /// Reads what other items say about users and notifications of a page.
    pub async fn related(&self, items: &[Item]) -> StoreResult<Related> {
        let mut asked: HashSet<Key> = HashSet::new();
        for item in items {
            let key = item.key()?;
            if key.pk.starts_with("USER#") && key.sk == "PROFILE" {
                let Ok(user) = people_rows::record(item) else { continue };
                asked.insert(keys::written(&user.user.name.written()));
            } else if key.sk.starts_with(keys::NOTIFICATIONS) {
                asked.insert(keys::notification_state(keys::user_of(&key)?));
            }
        }
        let mut related = Related::default();
        for item in self.get_all(asked.into_iter().collect()).await? {
            let key = item.key()?;
            match key.sk == keys::NOTIFICATION_STATE {
                true => drop(related.states.insert(keys::user_of(&key)?, NotificationState::of(Some(&item))?)),
                false => drop(related.owners.insert(UserId(item.id("us")?))),
            }
        }
        Ok(related)
    }
}

/// Returns the record of an item, or `None` if it has none.
pub fn record_of(item: &Item, related: &Related) -> StoreResult<Option<Record>> {
    let key = item.key()?;
    let (pk, sk) = (key.pk.as_str(), key.sk.as_str());
    // A claim without a user holds back the name of a deleted account; another one follows from its user.
    for (prefix, kind) in HELD {
        if let Some(key) = pk.strip_prefix(prefix) {
            let held = UserId(item.id("us")?) == UserId::SYSTEM;
            return Ok(held.then(|| Record::HeldName { key: format!("{kind}:{key}") }));
        }
    }
    if pk == keys::NODES || pk == keys::ADMINS || SKIPPED.iter().any(|prefix| pk.starts_with(prefix)) {
        return Ok(None);
    }
    let record = match (pk.split('#').next().unwrap_or_default(), sk) {
        ("META", "EPOCH" | "PERSON" | "ADMINS") => return Ok(None),
        ("META", "USAGE") => Record::Usage { owner: None, bytes: rows::used(Some(item))? },
        ("ROOM", _) => return of_room(item, &key),
        ("REACT", _) => reactor(&key)?,
        ("THREAD", _) => {
            let (room, root) = pk.trim_start_matches("THREAD#").rsplit_once('#').unwrap_or_default();
            let root = root.parse().map_err(|why| unreadable(PK, why))?;
            Record::Thread { room: room_id(room)?, root, seq: keys::seq_of(&key)? }
        }
        ("USER", _) => return of_user(item, &key, related),
        ("FAMILY", _) => session(item)?,
        (keys::DELETIONS, _) => {
            Record::Deletion { user: UserId(item.id("us")?), messages: item.flag("ms"), at: item.time("at")? }
        }
        ("AUDIT", _) => Record::Audit { audit: item.json("au")? },
        ("FILE", "META") => Record::File { file: FileRecord(rows::file(item)?) },
        _ => return Err(unknown(&key)),
    };
    Ok(Some(record))
}

fn unknown(key: &Key) -> StoreError {
    let why = format!("the item {} {} is of a kind that this release does not know", key.pk, key.sk);
    StoreError::Unavailable { why, retry_ms: crate::error::BROKEN_MS }
}

fn room_id(text: &str) -> StoreResult<RoomId> {
    text.parse().map_err(|why| unreadable(PK, why))
}

fn of_room(item: &Item, key: &Key) -> StoreResult<Option<Record>> {
    let room = keys::room_of(&key.pk)?;
    let sk = key.sk.as_str();
    Ok(Some(match sk.split_inclusive('#').next().unwrap_or_default() {
        "#" if sk == "#META" => match rows::room(item)? {
            Some(room) => Record::Room { room: RoomRecord(room) },
            None => return Ok(None),
        },
        keys::CURSORS => Record::Cursor { room, consumer: item.text("co")?.to_owned(), seq: item.number("sq")? },
        keys::MEMBERS => Record::Member(MemberRow::new(room, &rows::member(item)?)),
        keys::PINS => Record::Pin { room, seq: keys::seq_of(key)? },
        // Lines of a list, and sockets.
        keys::FILES | keys::CONNECTIONS => return Ok(None),
        _ => return Err(unknown(key)),
    }))
}

fn reactor(key: &Key) -> StoreResult<Record> {
    // An emoji may contain the separator.
    let (seq, rest) = key.sk.split_once('#').unwrap_or_default();
    let (emoji, _) = rest.rsplit_once('#').unwrap_or_default();
    Ok(Record::Reactor {
        room: room_id(key.pk.trim_start_matches("REACT#"))?,
        seq: seq.parse().map_err(|why| unreadable(SK, why))?,
        emoji: emoji.to_owned(),
        user: keys::reactor_of(key)?,
    })
}

fn of_user(item: &Item, key: &Key, related: &Related) -> StoreResult<Option<Record>> {
    let user = keys::user_of(key)?;
    let sk = key.sk.as_str();
    Ok(Some(match sk.split_inclusive('#').next().unwrap_or_default() {
        "PROFILE" => self::user(item, related)?,
        "USAGE" => Record::Usage { owner: Some(user), bytes: rows::used(Some(item))? },
        // A row that only settings or a mark created belongs to no room.
        keys::ROOMS if !item.has("st") => return Ok(None),
        keys::ROOMS => Record::UserRoom { user, row: UserRoomRecord(rows::user_room(item)?) },
        keys::BLOCKS => Record::Block { user, other: keys::blocked(key)? },
        keys::NOTIFICATIONS => notification(item, key, user, related)?,
        // Lines of lists, sockets, and what notifications say themselves.
        keys::NOTIFICATION_STATE | keys::SESSIONS | keys::CONNECTIONS | keys::FILES => return Ok(None),
        _ => return Err(unknown(key)),
    }))
}

fn user(item: &Item, related: &Related) -> StoreResult<Record> {
    let found = people_rows::record(item)?;
    let owns_written = related.owners.contains(&found.user.id);
    let rest = UserRest::new(&found.user, found.email, found.password_hash);
    Ok(Record::User(UserRow::new(found.user, rest, found.sign_in_email, owns_written)))
}

fn session(item: &Item) -> StoreResult<Record> {
    let found = sessions::record(item)?;
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

fn notification(item: &Item, key: &Key, user: UserId, related: &Related) -> StoreResult<Record> {
    let none = NotificationState::default();
    if let Some(found) = rows::notification(item, related.states.get(&user).unwrap_or(&none))? {
        return Ok(Record::Notification { user, notification: NotificationRecord(found) });
    }
    let bad = |why: &str| unreadable(SK, why);
    let mut parts = key.sk.trim_start_matches(keys::NOTIFICATIONS).splitn(3, '#');
    let mut part = || parts.next().ok_or_else(|| bad("it has too few parts"));
    let key = NotificationKey {
        at: Timestamp(part()?.parse().map_err(|_| bad("its time is no number"))?),
        room: uuid::Uuid::parse_str(part()?).map_err(|_| bad("its room is no id"))?,
        seq: part()?.parse().map_err(|_| bad("its seq is no number"))?,
    };
    Ok(Record::Dropped { user, key, expires_s: if item.has(EXPIRES) { item.int(EXPIRES)? } else { 0 } })
}
