//! New ids and random bytes, from an injected clock and an injected source of randomness, so that a test or a simulation
//! can repeat a run. The only module of the service that makes them.

use std::sync::Arc;

use domain::{EntryId, FileId, RoomId, SessionId, UserId};
use rand::TryRngCore;
use rand::rngs::OsRng;
use uuid::{Builder, Uuid};

use crate::clock::{Clock, SystemClock};

/// Provides unguessable bytes.
pub trait Random: Send + Sync {
    /// Fills the whole slice.
    fn fill(&self, bytes: &mut [u8]);
}

/// The randomness of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) {
        OsRng.try_fill_bytes(bytes).expect("the operating system has a source of randomness");
    }
}

/// Makes ids and random bytes.
#[derive(Clone)]
pub struct Ids {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Ids {
    /// Creates a source from a clock and a source of randomness.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Ids { clock, random }
    }

    /// Returns the source of this machine: its clock and its operating system's randomness.
    pub fn system() -> Self {
        Ids::new(Arc::new(SystemClock), Arc::new(OsRandom))
    }

    /// Returns a new UUIDv7: it begins with the time in milliseconds, and its other 74 bits are random.
    pub fn uuid(&self) -> Uuid {
        let millis = self.clock.now().0.try_into().unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &self.random()).into_uuid()
    }

    /// Returns a new room id.
    pub fn room(&self) -> RoomId {
        RoomId(self.uuid())
    }

    /// Returns a new user id.
    pub fn user(&self) -> UserId {
        UserId(self.uuid())
    }

    /// Returns an id for a change whose sender gave none.
    pub fn entry(&self) -> EntryId {
        EntryId(self.uuid())
    }

    /// Returns a new session id.
    pub fn session(&self) -> SessionId {
        SessionId(self.uuid())
    }

    /// Returns a new file id.
    pub fn file(&self) -> FileId {
        FileId(self.uuid())
    }

    /// Returns unguessable bytes, for tokens and salts.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use domain::Timestamp;

    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn ids_carry_the_time_of_the_clock_and_differ() {
        let clock = Arc::new(ManualClock::new(Timestamp(1_790_000_000_123)));
        let ids = Ids::new(clock.clone(), Arc::new(OsRandom));
        let earlier: HashSet<Uuid> = (0..100).map(|_| ids.uuid()).collect();
        assert_eq!(earlier.len(), 100);
        for id in &earlier {
            assert_eq!(id.get_version_num(), 7);
            let made = id.get_timestamp().expect("version 7").to_unix();
            assert_eq!(made, (1_790_000_000, 123_000_000));
        }
        clock.advance(Duration::from_millis(1));
        let later = ids.uuid();
        assert!(earlier.iter().all(|id| *id < later), "ids are ordered by time");
    }
}
