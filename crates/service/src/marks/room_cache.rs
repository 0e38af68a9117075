//! Caches what a mark needs to know about its room: the number of messages up to an entry, who is a member, and whether
//! the room is small.
//!
//! Never decides what is appended. Learns from reads and from the commits of this node.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::limits::{PAGE_ROWS, RECEIPT_MEMBERS};
use domain::{Body, Epoch, Member, RoomId, Seq, UserId};
use parking_lot::Mutex;

use crate::generations::Generations;
use crate::limits::{COUNTS_PER_ROOM, LARGE_BELIEVED, MARKED_ROOMS, MARKS_KNOWN, MEMBER_BELIEVED, SMALL_BELIEVED};
use crate::ports::{Committed, Store, StoreResult};

/// The caches. Everything in them can be read again.
pub(super) struct RoomCache {
    counts: Mutex<Generations<RoomId, Counts>>,
    /// When a user was last known to be in a room.
    members: Mutex<Generations<(RoomId, UserId), Duration>>,
    /// Whether a room is small, and when that was read.
    small: Mutex<Generations<RoomId, (bool, Duration)>>,
}

/// The number of messages up to each of some recent entries of a room.
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
    /// Returns the number of messages up to an entry, or `None` if it is not cached (or does not exist).
    pub(super) fn count(&self, room: RoomId, seq: Seq) -> Option<u64> {
        self.counts.lock().get(&room)?.by_seq.get(&seq).copied()
    }

    /// Caches the number of messages up to each of these entries.
    pub(super) fn counted(&self, room: RoomId, epoch: Epoch, counted: impl Iterator<Item = (Seq, u64)>) {
        let mut counts = self.counts.lock();
        if counts.get(&room).is_none_or(|known| known.epoch != epoch) {
            counts.insert(room, Counts { epoch, by_seq: BTreeMap::new() });
        }
        let known = counts.get(&room).expect("the room was just inserted");
        known.by_seq.extend(counted);
        while known.by_seq.len() > COUNTS_PER_ROOM {
            known.by_seq.pop_first();
        }
    }

    /// Returns whether this user is known to be a member. May miss a removal by another node for [`MEMBER_BELIEVED`].
    pub(super) fn is_member(&self, room: RoomId, user: UserId, now: Duration) -> bool {
        let mut members = self.members.lock();
        members.get(&(room, user)).is_some_and(|since| now.saturating_sub(*since) < MEMBER_BELIEVED)
    }

    /// Caches that the user is a member.
    pub(super) fn is_in(&self, room: RoomId, user: UserId, now: Duration) {
        self.members.lock().insert((room, user), now);
    }

    /// Returns whether a room has at most [`RECEIPT_MEMBERS`] members. Reads at most one page of member rows, unless most
    /// of those have left.
    pub(super) async fn is_small(&self, store: &Store, room: RoomId, now: Duration) -> StoreResult<bool> {
        let known = self.small.lock().get(&room).copied();
        if let Some((small, since)) = known {
            let believed = if small { SMALL_BELIEVED } else { LARGE_BELIEVED };
            if now.saturating_sub(since) < believed {
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
        // Rooms without marks need no cache.
        if self.counts.lock().get(&room).is_some() {
            self.counted(room, committed.epoch, committed.entries.iter().map(|entry| (entry.seq, entry.n)));
        }
        for entry in committed.entries.iter() {
            if let Body::Member { user, .. } = &entry.body {
                self.members.lock().remove(&(room, *user));
                let mut small = self.small.lock();
                // A large room stays cached: counting its members again for each join would be expensive.
                if small.get(&room).is_some_and(|(small, _)| *small) {
                    small.remove(&room);
                }
            }
        }
    }

    /// Evicts everything, after the store was restored.
    pub(super) fn clear(&self) {
        self.counts.lock().clear();
        self.members.lock().clear();
        self.small.lock().clear();
    }
}
