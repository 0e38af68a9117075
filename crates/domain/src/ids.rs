//! The ids of rooms, users, entries, sessions, files and logs, and the epoch of a store.
//!
//! Never generates one: randomness and clocks belong to the callers.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The place of an entry in its log: 1, 2, 3 … without gaps. 0 means "before the first".
pub type Seq = u64;

/// The error for a text that is not a valid id of the requested kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a valid {1} id")]
pub struct InvalidId(pub String, pub &'static str);

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($what, ":{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::parse_str(text).map(Self).map_err(|_| InvalidId(text.into(), $what))
            }
        }
    };
}

uuid_id!(/** A room's id. UUIDv7, or derived for a direct room; never reused. */ RoomId, "room");
uuid_id!(/** The id of a person, bot or guest; a guest who registers keeps it. */ UserId, "user");
uuid_id!(/** The id of a session: a sign-in on one device, with which its sockets and tokens end. */ SessionId, "session");
uuid_id!(/** The id of an uploaded file. */ FileId, "file");
uuid_id!(
    /** The id that the sender of a change chose for it, the same on every retry. A UUIDv7 also says when it was made. */
    EntryId,
    "entry"
);

/// The namespace of ids that are derived instead of random (UUIDv5, RFC 9562 §5.5).
const DERIVED: Uuid = Uuid::from_u128(0x5b1c_9a0e_73d4_4c7e_9a54_70a1_a7e5_0001);

impl UserId {
    /// The author of entries that the server itself appends.
    pub const SYSTEM: UserId = UserId(Uuid::nil());

    /// Returns the id of the guest who is called `text` by clients of the older contract; for the empty text, of the user
    /// who owns what such clients made without a person. The same for every process and node.
    pub fn compat(text: &str) -> UserId {
        UserId(Uuid::new_v5(&DERIVED, format!("compat:{text}").as_bytes()))
    }

    /// Returns whether this is the id of a guest of the older contract. All other users' ids are random.
    pub fn is_compat(self) -> bool {
        self.0.get_version_num() == 5
    }
}

impl RoomId {
    /// Returns the id of the direct room of two users: the same for both, so they may create it at the same time.
    pub fn direct(a: UserId, b: UserId) -> RoomId {
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        RoomId(Uuid::new_v5(&DERIVED, format!("direct:{low}:{high}").as_bytes()))
    }

    /// Returns the id of the room that a user creates with the change `id`: the same on every retry.
    pub fn created(by: UserId, id: EntryId) -> RoomId {
        RoomId(Uuid::new_v5(&DERIVED, format!("create:{by}:{id}").as_bytes()))
    }
}

impl EntryId {
    /// Returns the client's tag in its ids: the low 62 bits, fixed while its outbox exists.
    pub fn client_tag(self) -> u64 {
        self.0.as_u128() as u64 & ((1 << 62) - 1)
    }

    /// Returns whether `self` was generated after `other` by the same client, as far as ids say so: only UUIDv7 do.
    pub fn is_later_than(self, other: EntryId) -> bool {
        let is_ordered = |id: EntryId| id.0.get_version_num() == 7;
        self.client_tag() == other.client_tag() && self.0 > other.0 && is_ordered(self) && is_ordered(other)
    }

    /// Returns the id of what a consumer writes because of an entry. It depends only on the room, the author and the
    /// entry's own id, which a restored backup does not change.
    pub fn derived(room: RoomId, by: UserId, id: EntryId, purpose: &str) -> EntryId {
        EntryId(Uuid::new_v5(&DERIVED, format!("{purpose}:{room}:{by}:{id}").as_bytes()))
    }
}

/// The log of a room, or of a user (`@me` on the wire).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogId {
    /// The log of a room.
    Room(RoomId),
    /// The log of a user.
    User(UserId),
}

impl LogId {
    /// Returns the room, if it is a room's log.
    pub fn room(self) -> Option<RoomId> {
        match self {
            LogId::Room(room) => Some(room),
            LogId::User(_) => None,
        }
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogId::Room(room) => write!(f, "r:{room}"),
            LogId::User(user) => write!(f, "u:{user}"),
        }
    }
}

impl fmt::Debug for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for LogId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.split_once(':') {
            Some(("r", id)) => Ok(LogId::Room(id.parse()?)),
            Some(("u", id)) => Ok(LogId::User(id.parse()?)),
            _ => Err(InvalidId(text.into(), "log")),
        }
    }
}

/// The identity of a store's history. Random; a restored backup begins a new one, so that nothing that was learned in
/// another epoch (a cursor, a `seen`, a bus message) is used.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Epoch(pub u64);

impl From<Epoch> for String {
    fn from(epoch: Epoch) -> String {
        epoch.to_string()
    }
}

impl TryFrom<String> for Epoch {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Epoch {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        u64::from_str_radix(text, 16).map(Epoch).map_err(|_| InvalidId(text.into(), "epoch"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direct_room_is_the_same_from_both_sides() {
        let (a, b) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        assert_eq!(RoomId::direct(a, b), RoomId::direct(b, a));
        assert_ne!(RoomId::direct(a, b), RoomId::direct(a, a));
    }

    #[test]
    fn later_means_same_client_and_higher() {
        let tag = 0x8000_0000_0000_0000 | 77;
        let id = |time: u128, low: u128| EntryId(Uuid::from_u128(time << 80 | 7 << 76 | low));
        assert!(id(2, tag).is_later_than(id(1, tag)));
        assert!(!id(1, tag).is_later_than(id(2, tag)));
        assert!(!id(2, tag + 1).is_later_than(id(1, tag)), "another client");
        let counted = |n: u128| EntryId(Uuid::from_u128(n << 80 | 4 << 76 | tag));
        assert!(!counted(2).is_later_than(counted(1)), "a UUIDv4 says nothing about time");
    }

    #[test]
    fn logs_and_epochs_parse_what_they_print() {
        for log in [LogId::Room(RoomId(Uuid::from_u128(5))), LogId::User(UserId::SYSTEM)] {
            assert_eq!(log.to_string().parse(), Ok(log));
        }
        assert_eq!(Epoch(0x7f3a).to_string().parse(), Ok(Epoch(0x7f3a)));
        assert!("x:1".parse::<LogId>().is_err());
    }
}
