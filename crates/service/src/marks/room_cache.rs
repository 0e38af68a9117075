//! What a mark needs to know of its room, as far as this node knows it: how many messages there are up to an entry, who is
//! in, and whether the room is small.
//!
//! Never the truth for what is appended. It learns from the commits of this node and from what was read before.

use std::collections::BTreeMap;

use domain::limits::{PAGE_ROWS, RECEIPT_MEMBERS};
use domain::{Body, Epoch, Member, RoomId, Seq, Timestamp, UserId};
use parking_lot::Mutex;

use crate::generations::Generations;
use crate::limits::{COUNTS_PER_ROOM, LARGE_BELIEVED, MARKED_ROOMS, MARKS_KNOWN, MEMBER_BELIEVED, SMALL_BELIEVED};
use crate::ports::{Committed, Store, StoreResult};

/// Caches by room; everything in them may be lost.
pub(super) struct RoomCache {
    counts: Mutex<Generations<RoomId, Counts>>,
    /// Since when somebody is known to be in.
    members: Mutex<Generations<(RoomId, UserId), Timestamp>>,
    /// Whether a room is small, and since when that is known.
    small: Mutex<Generations<RoomId, (bool, Timestamp)>>,
}

/// Messages up to some of the last entries of a room.
#[derive(Debug)]
struct Counts {
    epoch: Epoch,
    by_seq: BTreeMap<Seq, u64>,
}

impl Default for RoomCache {
    fn default() -> Self {
        RoomCache {
            counts: Mutex::new(Generations::new(MARKED_ROOMS)),
            members: Mutex::new(Generations::new(MARKS_KNOWN)),
            small: Mutex::new(Generations::new(MARKED_ROOMS)),
        }
    }
}

impl RoomCache {
    /// Messages up to an entry. None for one that is not known, and perhaps not there.
    pub(super) fn count(&self, room: RoomId, seq: Seq) -> Option<u64> {
        self.counts.lock().get(&room)?.by_seq.get(&seq).copied()
    }

    /// There are so many messages up to each of these entries.
    pub(super) fn counted(&self, room: RoomId, epoch: Epoch, counted: impl Iterator<Item = (Seq, u64)>) {
        let mut counts = self.counts.lock();
        if counts.get(&room).is_none_or(|known| known.epoch != epoch) {
            counts.insert(room, Counts { epoch, by_seq: BTreeMap::new() });
        }
        let known = counts.get(&room).expect("it was inserted");
        known.by_seq.extend(counted);
        while known.by_seq.len() > COUNTS_PER_ROOM {
            known.by_seq.pop_first();
        }
    }

    /// Whether this user is known to be in: what another node knows better may be [`MEMBER_BELIEVED`] old.
    pub(super) fn is_member(&self, room: RoomId, user: UserId, now: Timestamp) -> bool {
        let mut members = self.members.lock();
        members.get(&(room, user)).is_some_and(|since| now.since(*since) < MEMBER_BELIEVED)
    }

    /// The user is in.
    pub(super) fn is_in(&self, room: RoomId, user: UserId, now: Timestamp) {
        self.members.lock().insert((room, user), now);
    }

    /// Whether a room is small enough for everybody in it to be told who has read what. At most one page of members is
    /// read, unless most of those have left.
    pub(super) async fn is_small(&self, store: &Store, room: RoomId, now: Timestamp) -> StoreResult<bool> {
        let known = self.small.lock().get(&room).copied();
        if let Some((small, since)) = known {
            let believed = if small { SMALL_BELIEVED } else { LARGE_BELIEVED };
            if now.since(since) < believed {
                return Ok(small);
            }
        }

        let some = store.rooms.members(room, None, PAGE_ROWS).await?;
        let mut joined = some.iter().filter(|member| Member::is_joined(member)).count() as u64;
        if joined <= RECEIPT_MEMBERS as u64 && some.len() == PAGE_ROWS {
            joined = store.rooms.member_count(room).await?;
        }
        let small = joined <= RECEIPT_MEMBERS as u64;
        self.small.lock().insert(room, (small, now));
        Ok(small)
    }

    /// Learns from what this node committed.
    pub(super) fn committed(&self, committed: &Committed) {
        let Some(room) = committed.log.room() else { return };
        // Of rooms where nobody marks anything nothing is kept.
        if self.counts.lock().get(&room).is_some() {
            self.counted(room, committed.epoch, committed.entries.iter().map(|entry| (entry.seq, entry.n)));
        }
        for entry in committed.entries.iter() {
            if let Body::Member { user, .. } = &entry.body {
                self.members.lock().remove(&(room, *user));
                let mut small = self.small.lock();
                // One more or less makes no large room small for long.
                if small.get(&room).is_some_and(|(small, _)| *small) {
                    small.remove(&room);
                }
            }
        }
    }

    /// Forgets everything: the store was restored.
    pub(super) fn clear(&self) {
        self.counts.lock().clear();
        self.members.lock().clear();
        self.small.lock().clear();
    }
}
