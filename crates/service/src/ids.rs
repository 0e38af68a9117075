//! Fresh ids and random bytes. The only place of the service that draws them.

use domain::{EntryId, FileId, RoomId, SessionId, UserId};
use rand::TryRngCore;
use rand::rngs::OsRng;
use uuid::Uuid;

/// A fresh UUIDv7: in the order of time, unguessable in its low 62 bits.
pub fn uuid() -> Uuid {
    Uuid::now_v7()
}

/// A room's id.
pub fn room() -> RoomId {
    RoomId(uuid())
}

/// A user's id.
pub fn user() -> UserId {
    UserId(uuid())
}

/// The id of a change whose sender gave none.
pub fn entry() -> EntryId {
    EntryId(uuid())
}

/// A session's id.
pub fn session() -> SessionId {
    SessionId(uuid())
}

/// A file's id.
pub fn file() -> FileId {
    FileId(uuid())
}

/// Bytes that nobody can guess: for tokens and keys.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.try_fill_bytes(&mut bytes).expect("the operating system has a source of randomness");
    bytes
}
