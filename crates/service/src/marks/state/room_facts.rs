//! What a mark needs to know about its room: the number of messages up to an entry, who is a member, and whether the
//! room is small.
//!
//! Never decides what is appended. Learns from reads and from the commits of this node; everything here can be read
//! again.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{Body, Epoch, RoomId, Seq, UserId};

use crate::generations::Generations;
use crate::limits::{COUNTS_PER_ROOM, LARGE_BELIEVED, MARKED_ROOMS, MARKS_KNOWN, MEMBER_BELIEVED, SMALL_BELIEVED};
use crate::ports::Committed;

/// What is known about rooms in which users mark.
pub struct RoomFacts {
    counts: Generations<RoomId, Counts>,
    /// When a user was last known to be in a room.
    members: Generations<(RoomId, UserId), Duration>,
    /// Whether a room is small, and when that was read.
    small: Generations<RoomId, (bool, Duration)>,
}

/// The number of messages up to each of some recent entries of a room.
#[derive(Debug)]
struct Counts {
    epoch: Epoch,
    by_seq: BTreeMap<Seq, u64>,
}

impl Default for RoomFacts {
    fn default() -> Self {
        RoomFacts {
            counts: Generations::new(MARKED_ROOMS),
            members: Generations::new(MARKS_KNOWN),
            small: Generations::new(MARKED_ROOMS),
        }
    }
}

impl RoomFacts {
    /// Returns the number of messages up to an entry, or `None` if it is not known (or the entry does not exist).
    pub fn count(&mut self, room: RoomId, seq: Seq) -> Option<u64> {
        self.counts.get(&room)?.by_seq.get(&seq).copied()
    }

    /// Records the number of messages up to each of these entries.
    pub fn counted(&mut self, room: RoomId, epoch: Epoch, counted: impl IntoIterator<Item = (Seq, u64)>) {
        if self.counts.get(&room).is_none_or(|known| known.epoch != epoch) {
            self.counts.insert(room, Counts { epoch, by_seq: BTreeMap::new() });
        }
        let known = self.counts.get(&room).expect("the room was just inserted");
        known.by_seq.extend(counted);
        while known.by_seq.len() > COUNTS_PER_ROOM {
            known.by_seq.pop_first();
        }
    }

    /// Returns whether this user is known to be a member. May miss a removal by another node for [`MEMBER_BELIEVED`].
    pub fn is_member(&mut self, room: RoomId, user: UserId, now: Duration) -> bool {
        self.members.get(&(room, user)).is_some_and(|since| now.saturating_sub(*since) < MEMBER_BELIEVED)
    }

    /// Records that the user is a member.
    pub fn member_found(&mut self, room: RoomId, user: UserId, now: Duration) {
        self.members.insert((room, user), now);
    }

    /// Returns whether the room is small, or `None` if that is not known or was read too long ago.
    pub fn is_small(&mut self, room: RoomId, now: Duration) -> Option<bool> {
        let (small, since) = *self.small.get(&room)?;
        let believed = if small { SMALL_BELIEVED } else { LARGE_BELIEVED };
        (now.saturating_sub(since) < believed).then_some(small)
    }

    /// Records whether the room is small.
    pub fn size_found(&mut self, room: RoomId, small: bool, now: Duration) {
        self.small.insert(room, (small, now));
    }

    /// Learns from what this node committed.
    pub fn committed(&mut self, committed: &Committed) {
        let Some(room) = committed.log.room() else { return };
        // Rooms without marks need no counts.
        if self.counts.get(&room).is_some() {
            self.counted(room, committed.epoch, committed.entries.iter().map(|entry| (entry.seq, entry.n)));
        }
        for entry in committed.entries.iter() {
            if let Body::Member { user, .. } = &entry.body {
                self.members.remove(&(room, *user));
                // A large room stays known: counting its members again for each join would be expensive.
                if self.small.get(&room).is_some_and(|(small, _)| *small) {
                    self.small.remove(&room);
                }
            }
        }
    }

    /// Forgets everything, because the store has another epoch.
    pub fn clear(&mut self) {
        self.counts.clear();
        self.members.clear();
        self.small.clear();
    }
}
