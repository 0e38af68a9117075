//! Read marks: monotonic, coalesced to one write a minute for each user and room, announced on the bus.
//!
//! Never an entry of a log: a mark must not cost more than a message. So this module caches what it read, and what this
//! node committed, instead of reading it again for each mark.

mod room_cache;
mod waiting;

use std::sync::Arc;
use std::time::Instant;

use crate::limits::{MARK_INTERVAL, MARKS_AT_ONCE};
use domain::{Actor, LogId, Refusal, RoomId, Seq, UserId, UserRoom};
use futures_util::StreamExt as _;
use parking_lot::{Mutex, RwLock};

use crate::clock::Clock;
use crate::log::CommitListener;
use crate::log_throttle::LogThrottle;
use crate::ports::{Bus, BusMessage, Committed, Mark, MarkRow, Store, StoreError};

use room_cache::RoomCache;
use waiting::{CachedMark, KnownMarks};

/// Receives every mark that is raised on this node, for the sockets that the node itself holds: the bus informs the
/// other nodes only.
pub trait MarkListener: Send + Sync {
    /// Receives a raised mark. Must never block.
    fn marked(&self, mark: &Mark);
}

/// The use cases of read marks.
pub struct Marks {
    store: Store,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    known: Mutex<KnownMarks>,
    rooms: RoomCache,
    listeners: RwLock<Vec<Arc<dyn MarkListener>>>,
}

impl Marks {
    /// Creates the use cases without waiting marks.
    pub fn new(store: Store, bus: Arc<dyn Bus>, clock: Arc<dyn Clock>) -> Arc<Self> {
        let (known, listeners) = (Mutex::default(), RwLock::default());
        Arc::new(Marks { store, bus, clock, known, rooms: RoomCache::default(), listeners })
    }

    /// Adds a listener, which receives the marks that rise on this node from now on.
    pub fn add_listener(&self, listener: Arc<dyn MarkListener>) {
        self.listeners.write().push(listener);
    }

    /// Raises the caller's mark in the room to `seq` (at most to the head). A lower mark than the known one changes
    /// nothing. Returns the current mark. Returns `forbidden` if the caller is not in the room. Reads nothing if the
    /// entry, the membership and the mark are cached, otherwise the head, the member row and the mark.
    pub async fn read(&self, actor: &Actor, room: RoomId, seq: Seq) -> Result<MarkRow, Refusal> {
        let now = self.clock.elapsed();
        let known = self.rooms.count(room, seq).filter(|_| self.rooms.is_member(room, actor.user, now));
        let (seq, n) = match known {
            Some(n) => (seq, n),
            None => {
                let found = self.count_up_to(room, seq).await?;
                let member = self.store.rooms.member(room, actor.user).await?;
                let not_in = || Refusal::forbidden("You are not a member of this room.");
                member.filter(|member| member.is_joined()).ok_or_else(not_in)?;
                self.rooms.is_in(room, actor.user, now);
                found
            }
        };
        self.ensure_known(actor.user, room).await?;
        match self.lift(actor.user, room, seq, n) {
            // The feed has not yet written the row of a user who has just joined.
            None => Ok(MarkRow { read_seq: seq, read_n: n, mentions: Vec::new() }),
            Some((row, rose)) => {
                if rose {
                    self.tell(actor.user, room, &row).await;
                }
                Ok(row)
            }
        }
    }

    /// Raises a user's mark to their own message. It is written when its minute has passed, and not announced: users
    /// who see the message know that its sender has read so far.
    pub async fn raise(&self, user: UserId, room: RoomId, seq: Seq, n: u64) {
        // If the store does not answer, the next ack or the client's own mark raises it.
        if self.ensure_known(user, room).await.is_err() {
            return;
        }
        self.lift(user, room, seq, n);
    }

    /// Like [`Marks::raise`], if only the seq is known. Reads the entry unless the mark has reached it already.
    pub async fn raise_to(&self, user: UserId, room: RoomId, seq: Seq) {
        if self.ensure_known(user, room).await.is_err() {
            return;
        }
        let is_lower = |known: &CachedMark| known.row.read_seq < seq;
        let rises = self.known.lock().get(user, room).is_some_and(is_lower);
        if rises && let Ok((seq, n)) = self.count_up_to(room, seq).await {
            self.lift(user, room, seq, n);
        }
    }

    /// Returns the user's mark in a room, including one that is not written yet.
    pub async fn mark(&self, user: UserId, room: RoomId) -> Result<MarkRow, Refusal> {
        let stored = self.store.marks.marks(room, &[user]).await?.pop().map(|(_, row)| row).unwrap_or_default();
        Ok(self.overlay(user, room, stored))
    }

    /// Sets the mark of [`Marks::overlay`] in a row of the room list.
    pub fn overlay_row(&self, user: UserId, row: &mut UserRoom) {
        let stored =
            MarkRow { read_seq: row.read_seq, read_n: row.read_n, mentions: std::mem::take(&mut row.mentions) };
        MarkRow { read_seq: row.read_seq, read_n: row.read_n, mentions: row.mentions } =
            self.overlay(user, row.room, stored);
    }

    /// Returns a mark that was read from the store, or the higher one that waits here to be written.
    pub fn overlay(&self, user: UserId, room: RoomId, stored: MarkRow) -> MarkRow {
        let mut known = self.known.lock();
        match known.get(user, room) {
            Some(known) if known.row.read_seq > stored.read_seq => {
                let mentions = stored.mentions.into_iter().filter(|seq| *seq > known.row.read_seq).collect();
                MarkRow { mentions, ..known.row }
            }
            _ => stored,
        }
    }

    /// Returns whether a room is small enough that its members receive each other's read receipts. Usually cached.
    pub async fn shows_receipts(&self, room: RoomId) -> Result<bool, StoreError> {
        self.rooms.is_small(&self.store, room, self.clock.elapsed()).await
    }

    /// Clears everything after the store was restored: marks of the previous epoch must not be written into this one.
    pub fn forget(&self) {
        self.known.lock().clear();
        self.rooms.clear();
    }

    /// Writes the marks whose minute has passed. The wiring calls it every few seconds.
    pub async fn flush_due(&self) {
        let now = self.clock.elapsed();
        let due = |mark: &CachedMark| mark.written_at.is_none_or(|at| now.saturating_sub(at) >= MARK_INTERVAL);
        self.write(|known| known.waiting(due)).await;
    }

    /// Writes all waiting marks of a user, whose last socket closed.
    pub async fn flush_user(&self, user: UserId) {
        self.write(|known| known.waiting_of(user)).await;
    }

    /// Writes all waiting marks, because the node drains.
    pub async fn flush(&self) {
        self.write(|known| known.waiting(|_| true)).await;
    }

    /// Reads the stored mark unless it is known, so that a lower one is not announced.
    async fn ensure_known(&self, user: UserId, room: RoomId) -> Result<(), StoreError> {
        if self.known.lock().get(user, room).is_some() {
            return Ok(());
        }
        let Some((_, row)) = self.store.marks.marks(room, &[user]).await?.pop() else { return Ok(()) };
        self.known.lock().remember(user, room, row);
        Ok(())
    }

    /// Raises the known mark. Returns it and whether it rose, or `None` if the user has no row in this room.
    fn lift(&self, user: UserId, room: RoomId, seq: Seq, n: u64) -> Option<(MarkRow, bool)> {
        self.known.lock().raise(user, room, seq, n)
    }

    async fn tell(&self, user: UserId, room: RoomId, row: &MarkRow) {
        let mark = Mark { room, user, seq: row.read_seq, n: row.read_n, mentions: row.mentions.clone() };
        for listener in self.listeners.read().iter() {
            listener.marked(&mark);
        }
        self.bus.publish(LogId::User(user), BusMessage::Mark(mark.clone())).await;
        // If the size cannot be read, the receipt is dropped: the next mark sends a newer one.
        if self.shows_receipts(room).await.unwrap_or(false) {
            self.bus.publish(LogId::Room(room), BusMessage::Mark(mark)).await;
        }
    }

    /// Writes marks, at most [`MARKS_AT_ONCE`] concurrently.
    async fn write(&self, chosen: impl FnOnce(&KnownMarks) -> Vec<(UserId, RoomId, MarkRow)>) {
        let waiting = chosen(&self.known.lock());
        let writes = waiting.into_iter().map(|(user, room, row)| self.write_one(user, room, row));
        futures_util::stream::iter(writes).buffer_unordered(MARKS_AT_ONCE).collect::<()>().await;
    }

    async fn write_one(&self, user: UserId, room: RoomId, row: MarkRow) {
        let written = self.store.marks.mark_read(user, room, row.read_seq, row.read_n).await;
        let mut known = self.known.lock();
        match written {
            Ok(stored) => known.wrote(user, room, stored, self.clock.elapsed()),
            // The user left in the meantime, so there is nothing to mark.
            Err(StoreError::NotFound) => known.forget(user, room),
            Err(error) => {
                static LINE: LogThrottle = LogThrottle::new();
                if let Some(repeated) = LINE.admit(&error.to_string(), Instant::now()) {
                    tracing::warn!(%error, repeated, "read mark not written, will retry");
                }
            }
        }
    }

    /// Returns `seq`, or the head if that is lower, and the number of messages up to it.
    async fn count_up_to(&self, room: RoomId, seq: Seq) -> Result<(Seq, u64), StoreError> {
        let log = LogId::Room(room);
        let tip = self.store.log.tip(log).await?;
        let counted = match seq {
            0 => (0, 0),
            seq if seq >= tip.seq() => (tip.seq(), tip.n()),
            seq => (seq, self.store.log.read(log, seq, seq).await?.first().map_or(0, |entry| entry.n)),
        };
        self.rooms.counted(room, tip.epoch(), [counted, (tip.seq(), tip.n())].into_iter());
        Ok(counted)
    }
}

impl CommitListener for Marks {
    fn committed(&self, committed: &Committed) {
        self.rooms.committed(committed);
    }
}
