//! New ids and random bytes. The only module of the service that generates them.

use domain::{EntryId, FileId, RoomId, SessionId, UserId};
use rand::TryRngCore;
use rand::rngs::OsRng;
use uuid::Uuid;

/// Returns a new UUIDv7: ordered by time, unguessable in its low 62 bits.
pub fn uuid() -> Uuid {
    Uuid::now_v7()
}

/// Returns a new room id.
pub fn room() -> RoomId {
    RoomId(uuid())
}

/// Returns a new user id.
pub fn user() -> UserId {
    UserId(uuid())
}

/// Returns an id for a change whose sender gave none.
pub fn entry() -> EntryId {
    EntryId(uuid())
}

/// Returns a new session id.
pub fn session() -> SessionId {
    SessionId(uuid())
}

/// Returns a new file id.
pub fn file() -> FileId {
    FileId(uuid())
}

/// Returns unguessable bytes, for tokens and keys.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.try_fill_bytes(&mut bytes).expect("the operating system has a source of randomness");
    bytes
}
