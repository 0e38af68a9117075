//! Ids of changes: ascending UUIDv7 that share a tag, so that the server can tell which of two is later.

use uuid::Uuid;

/// The low 62 bits, which all ids of one outbox share.
const TAG: u128 = (1 << 62) - 1;

/// Generates the ids of one outbox.
#[derive(Debug)]
pub(crate) struct Ids {
    tag: u128,
    /// Milliseconds and counter of the last id, as one number.
    last: u64,
}

impl Ids {
    /// Returns a generator with its own tag.
    pub fn new() -> Ids {
        Ids { tag: Uuid::new_v4().as_u128() & TAG, last: 0 }
    }

    /// Returns the next id; higher than all earlier ones, even if the clock stands still or steps back. Counts in the 12
    /// bits that RFC 9562 §6.2 leaves beside the time.
    pub fn next(&mut self, now_ms: u64) -> Uuid {
        self.last = (self.last + 1).max(now_ms << 12);
        let (ms, counter) = (u128::from(self.last >> 12), u128::from(self.last & 0xfff));
        Uuid::from_u128(ms << 80 | 7 << 76 | counter << 64 | 0b10 << 62 | self.tag)
    }
}

#[cfg(test)]
mod tests {
    use domain::EntryId;

    use super::*;

    #[test]
    fn ids_ascend_share_the_tag_and_have_version_7() {
        let mut ids = Ids::new();
        // The clock stands still, runs, and steps back; and 5,000 ids overflow one millisecond's twelve bits.
        let times = [1_790_000_000_000, 1_790_000_000_000, 1_790_000_000_001, 1_700_000_000_000];
        let made: Vec<Uuid> = times.iter().cycle().take(5_000).map(|now| ids.next(*now)).collect();
        for pair in made.windows(2) {
            assert!(EntryId(pair[1]).is_later_than(EntryId(pair[0])));
        }
        assert!(made.iter().all(|id| id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122));
        assert!(!EntryId(Ids::new().next(times[2])).is_later_than(EntryId(made[0])), "another outbox");
    }
}
