//! The feed's decisions: which room is read next, which cursor is saved, which lease is renewed.
//!
//! Pure: no I/O, no clock, no randomness. Time is an argument, counted from the start of the feed. The driver asks what
//! to do, does it, and reports the result; a test does the same without a store.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::limits::{
    FEED_LEASE_LIFE, FEED_LEASE_RENEW, FEED_ROOMS, FEED_ROOMS_AT_ONCE, FEED_SAVES_AT_ONCE, FEED_SHARDS,
    FEED_SWEEP_INTERVAL, FEED_TICK,
};
use domain::{Entry, Epoch, RoomId, Seq};

use super::due::DueQueue;
use super::room::Room;
use crate::ports::Fence;

/// Returns the shard of a room: the low bits of its id, which are random.
pub fn shard_of(room: RoomId) -> usize {
    (room.0.as_u128() as usize) % FEED_SHARDS
}

/// Returns the name of a shard's lease. Like the shard of a room it must never change, since cursors hold the lease's
/// fence.
pub fn lease_name(shard: usize) -> String {
    format!("feed/{shard}")
}

/// A run: reads a room from the lowest due cursor, and passes the entries to the due consumers.
#[derive(Debug, PartialEq)]
pub struct Run {
    /// The room to read.
    pub room: RoomId,
    /// Its number: the result of an older run of the room is ignored.
    pub number: u64,
    /// The epoch that the positions belong to.
    pub epoch: Epoch,
    /// How far each consumer has come, or `None` if the cursors have to be read first.
    pub positions: Option<Vec<Seq>>,
    /// The consumers that may go on; ignored if `positions` is `None` (then all may).
    pub due: Vec<bool>,
    /// The head of the room's log, as far as it is known.
    pub head: Seq,
    /// The newest entries up to the head, if they are at hand.
    pub fresh: Vec<Entry>,
}

/// The result of a run.
#[derive(Debug, PartialEq, Eq)]
pub enum Ran {
    /// Nothing is known: the cursors could not be read, or a consumer panicked. The cursors are read again.
    Failed {
        /// The pause before the next try.
        retry: Duration,
    },
    /// The cursors, if they were read, and for each consumer that received entries how far it came, and the pause
    /// before the next try if it stopped.
    To {
        /// The cursors as they were read.
        cursors: Option<Vec<Seq>>,
        /// Of each consumer: its position, and the pause after which it continues if it stopped.
        moved: Vec<(usize, Seq, Option<Duration>)>,
    },
}

/// Cursors of a room to write.
#[derive(Debug, PartialEq, Eq)]
pub struct Save {
    /// The room.
    pub room: RoomId,
    /// The fence of the lease under which they are written.
    pub fence: Fence,
    /// The position of each consumer that moved.
    pub cursors: Vec<(usize, Seq)>,
}

/// Where the sweep continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// The consumer whose rooms are looked at.
    pub consumer: usize,
    /// The last room of the page before.
    pub after: Option<RoomId>,
}

#[derive(Debug, Default, Clone)]
struct Shard {
    held: Option<(Fence, Duration)>,
    asking: bool,
    ask_at: Duration,
}

/// The scheduler of one process: rooms to read, cursors to save, leases to renew.
#[derive(Debug)]
pub struct FeedScheduler {
    consumers: usize,
    epoch: Option<Epoch>,
    shards: Vec<Shard>,
    rooms: BTreeMap<RoomId, Room>,
    /// When each room's delay ends, or it may be evicted.
    looks: DueQueue,
    /// When each room's cursors have to be saved.
    saves: DueQueue,
    /// How often a room was examined. Tests measure the cost of an event by it.
    looked: u64,
    queue: VecDeque<RoomId>,
    running: usize,
    saving: usize,
    runs: u64,
    sweep: Option<Sweep>,
    sweeping: bool,
    sweep_again: bool,
    swept_at: Duration,
    sweep_not_before: Duration,
}

impl FeedScheduler {
    /// Returns a scheduler for this many consumers, which holds no shard yet.
    pub fn new(consumers: usize) -> Self {
        FeedScheduler {
            consumers,
            epoch: None,
            shards: vec![Shard::default(); FEED_SHARDS],
            rooms: BTreeMap::new(),
            looks: DueQueue::default(),
            saves: DueQueue::default(),
            looked: 0,
            queue: VecDeque::new(),
            running: 0,
            saving: 0,
            runs: 0,
            sweep: None,
            sweeping: false,
            sweep_again: false,
            swept_at: Duration::ZERO,
            sweep_not_before: Duration::ZERO,
        }
    }

    /// Sets the epoch of the store. If it changed, everything known is dropped.
    pub fn epoch(&mut self, epoch: Epoch) {
        if self.epoch == Some(epoch) {
            return;
        }
        self.epoch = Some(epoch);
        self.rooms.clear();
        self.looks.clear();
        self.saves.clear();
        self.queue.clear();
        self.sweep = None;
        self.shards.fill(Shard::default());
    }

    /// Takes in entries that this node committed. Returns `false` if they have another epoch; the driver then asks the
    /// store for the current one.
    pub fn committed(&mut self, now: Duration, room: RoomId, epoch: Epoch, entries: &[Entry]) -> bool {
        if self.epoch != Some(epoch) {
            return false;
        }
        if let Some(room) = self.room(now, room) {
            room.committed(now, entries);
        }
        self.enqueue(now, room);
        true
    }

    /// Records that a room's log has at least this head.
    pub fn woken(&mut self, now: Duration, room: RoomId, head: Seq) {
        if let Some(room) = self.room(now, room) {
            room.woken(now, head);
        }
        self.enqueue(now, room);
    }

    /// Starts a sweep of all rooms, because a wake-up may have been lost.
    pub fn look_everywhere(&mut self) {
        match (&self.sweep, self.sweeping) {
            (None, false) => self.sweep = Some(Sweep { consumer: 0, after: None }),
            _ => self.sweep_again = true,
        }
    }

    fn room(&mut self, now: Duration, room: RoomId) -> Option<&mut Room> {
        self.shards[shard_of(room)].held?;
        if self.rooms.len() >= FEED_ROOMS && !self.rooms.contains_key(&room) {
            // Memory is bounded. The room is behind in the store, and the sweep will return to it.
            self.sweep_again = true;
            return None;
        }
        Some(self.rooms.entry(room).or_insert_with(|| Room::new(now)))
    }

    fn enqueue(&mut self, now: Duration, id: RoomId) {
        if let Some(room) = self.rooms.get_mut(&id).filter(|room| room.is_ready(now)) {
            room.queued = true;
            self.queue.push_back(id);
        }
        self.reschedule(id);
    }

    /// Updates when a room is due, after anything about it changed.
    fn reschedule(&mut self, id: RoomId) {
        self.looked += 1;
        let room = self.rooms.get(&id);
        self.looks.set(id, room.and_then(Room::look_at));
        self.saves.set(id, room.and_then(Room::save_at));
    }

    /// Advances the time: queues rooms whose delay has ended, evicts quiet ones, and gives up leases that were not
    /// renewed.
    pub fn tick(&mut self, now: Duration) {
        for shard in 0..self.shards.len() {
            if self.shards[shard].held.is_some_and(|(_, until)| until <= now) {
                self.lose(shard);
            }
        }
        for id in self.looks.take(now, usize::MAX) {
            if self.rooms.get(&id).is_some_and(|room| room.is_over(now)) {
                self.rooms.remove(&id);
            }
            self.enqueue(now, id);
        }
        if self.swept_at + FEED_SWEEP_INTERVAL <= now && self.sweep.is_none() && !self.sweeping {
            self.look_everywhere();
        }
    }

    /// Returns the next run, if one may begin. The driver calls it until it returns `None`.
    pub fn next_run(&mut self, now: Duration) -> Option<Run> {
        let epoch = self.epoch?;
        while self.running < FEED_ROOMS_AT_ONCE {
            let id = self.queue.pop_front()?;
            let Some(room) = self.rooms.get_mut(&id) else { continue };
            room.queued = false;
            if !room.is_ready(now) {
                self.reschedule(id);
                continue;
            }

            self.runs += 1;
            self.running += 1;
            room.running = Some(self.runs);
            let run = Run {
                room: id,
                number: self.runs,
                epoch,
                positions: room.positions.as_ref().map(|all| all.iter().map(|position| position.seq).collect()),
                due: room.due(now),
                head: room.head,
                fresh: room.take_fresh(),
            };
            self.reschedule(id);
            return Some(run);
        }
        None
    }

    /// Records the end of a run.
    pub fn ran(&mut self, now: Duration, id: RoomId, number: u64, ran: Ran) {
        self.running -= 1;
        // The result of a run from before the lease was lost, or from another epoch, means nothing any more.
        let Some(room) = self.rooms.get_mut(&id).filter(|room| room.running == Some(number)) else { return };
        room.running = None;
        match ran {
            Ran::Failed { retry } => room.failed(now, retry),
            Ran::To { cursors, moved } => {
                if let Some(cursors) = cursors {
                    room.loaded(cursors);
                }
                for (consumer, seq, retry) in moved {
                    room.moved(now, consumer, seq, retry);
                }
            }
        }
        self.enqueue(now, id);
    }

    /// Returns the cursors to write now; `last` when the feed ends. The driver reports each with
    /// [`FeedScheduler::saved`].
    pub fn saves(&mut self, now: Duration, last: bool) -> Vec<Save> {
        let due = match last {
            true => self.rooms.keys().copied().collect(),
            false => self.saves.take(now, FEED_SAVES_AT_ONCE.saturating_sub(self.saving)),
        };
        let mut saves = Vec::new();
        for id in due {
            let (Some(room), Some((fence, _))) = (self.rooms.get_mut(&id), self.shards[shard_of(id)].held) else {
                continue;
            };
            let cursors = room.to_save(now, last);
            if !cursors.is_empty() {
                room.saving = true;
                self.saving += 1;
                saves.push(Save { room: id, fence, cursors });
            }
            self.reschedule(id);
        }
        saves
    }

    /// Records the end of a save, with the cursors that were written.
    pub fn saved(&mut self, now: Duration, id: RoomId, written: &[(usize, Seq)]) {
        self.saving -= 1;
        if let Some(room) = self.rooms.get_mut(&id) {
            room.saved(now, written);
        }
        self.reschedule(id);
    }

    /// Returns the shards whose lease has to be taken or renewed now. The driver reports each with
    /// [`FeedScheduler::leased`].
    pub fn leases(&mut self, now: Duration) -> Vec<usize> {
        let due = |shard: &Shard| !shard.asking && shard.ask_at <= now;
        let shards: Vec<usize> = (0..self.shards.len()).filter(|shard| due(&self.shards[*shard])).collect();
        for shard in &shards {
            self.shards[*shard].asking = true;
        }
        shards
    }

    /// Takes in the store's answer about a lease requested at `asked`: a fence, another holder, or a failure.
    pub fn leased(&mut self, asked: Duration, shard: usize, answer: Result<Option<Fence>, ()>) {
        let before = self.shards[shard].held.map(|(fence, _)| fence);
        self.shards[shard].asking = false;
        self.shards[shard].ask_at = asked + FEED_LEASE_RENEW;
        match answer {
            Ok(Some(fence)) => {
                // Another node may have held it in between, so what is known of its rooms may be out of date.
                if before.is_some_and(|before| before != fence) {
                    self.lose(shard);
                }
                self.shards[shard].held = Some((fence, asked + FEED_LEASE_LIFE));
                if before != Some(fence) {
                    self.look_everywhere();
                }
            }
            Ok(None) if before.is_some() => self.lose(shard),
            Ok(None) | Err(()) => {}
        }
    }

    /// Returns the shards that this node holds.
    pub fn held(&self) -> Vec<usize> {
        (0..self.shards.len()).filter(|shard| self.shards[*shard].held.is_some()).collect()
    }

    fn lose(&mut self, shard: usize) {
        self.shards[shard].held = None;
        self.rooms.retain(|room, _| shard_of(*room) != shard);
        self.looks.retain(|room| shard_of(room) != shard);
        self.saves.retain(|room| shard_of(room) != shard);
    }

    /// Returns the next page of the sweep, if there is capacity for what it finds.
    pub fn next_sweep(&mut self, now: Duration) -> Option<Sweep> {
        if self.sweeping
            || now < self.sweep_not_before
            || self.queue.len() > FEED_ROOMS_AT_ONCE
            || self.rooms.len() >= FEED_ROOMS
        {
            return None;
        }
        if self.sweep.is_none() && self.sweep_again {
            self.sweep_again = false;
            self.sweep = Some(Sweep { consumer: 0, after: None });
        }
        let sweep = self.sweep.clone()?;
        self.sweeping = true;
        Some(sweep)
    }

    /// Takes in rooms that are behind, and where the sweep continues: `None` at the end of this consumer's rooms.
    pub fn swept(&mut self, now: Duration, sweep: &Sweep, found: &[(RoomId, Seq)], next: Option<RoomId>) {
        self.sweeping = false;
        for (room, head) in found {
            self.woken(now, *room, *head);
        }
        if self.sweep.as_ref() != Some(sweep) {
            return;
        }
        self.swept_at = now;
        self.sweep = match next {
            Some(after) => Some(Sweep { consumer: sweep.consumer, after: Some(after) }),
            None if sweep.consumer + 1 < self.consumers => Some(Sweep { consumer: sweep.consumer + 1, after: None }),
            None => None,
        };
    }

    /// Records that a page of the sweep failed. The same page is retried later.
    pub fn sweep_failed(&mut self, now: Duration, retry: Duration) {
        self.sweeping = false;
        self.sweep_not_before = now + retry.max(FEED_TICK);
    }
}

#[cfg(test)]
mod tests;
