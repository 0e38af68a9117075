//! Read marks: monotonic, coalesced to one write a minute for each user and room, announced on the bus.
//!
//! Never an entry of a log: a mark must not cost more than a message. So this module caches what it read, and what this
//! node committed, instead of reading it again for each mark.

pub mod state;

use std::sync::Arc;
use std::time::Instant;

use crate::limits::MARKS_AT_ONCE;
use domain::limits::{PAGE_ROWS, RECEIPT_MEMBERS};
use domain::{Actor, LogId, Member, Refusal, RoomId, Seq, UserId, UserRoom};
use futures_util::StreamExt as _;
use parking_lot::{Mutex, RwLock};

use crate::clock::Clock;
use crate::log::CommitListener;
use crate::log_throttle::LogThrottle;
use crate::ports::{Bus, BusMessage, Committed, Mark, MarkRow, Store, StoreError};

use state::{MarkState, MarkWrite, Raised, RoomFacts};

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
    state: Mutex<MarkState>,
    rooms: Mutex<RoomFacts>,
    listeners: RwLock<Vec<Arc<dyn MarkListener>>>,
}

impl Marks {
    /// Creates the use cases without waiting marks.
    pub fn new(store: Store, bus: Arc<dyn Bus>, clock: Arc<dyn Clock>) -> Arc<Self> {
        let (state, rooms, listeners) = (Mutex::default(), Mutex::default(), RwLock::default());
        Arc::new(Marks { store, bus, clock, state, rooms, listeners })
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
        let known = {
            let mut rooms = self.rooms.lock();
            rooms.count(room, seq).filter(|_| rooms.is_member(room, actor.user, now))
        };
        let (seq, n) = match known {
            Some(n) => (seq, n),
            None => {
                let found = self.count_up_to(room, seq).await?;
                let member = self.store.rooms.member(room, actor.user).await?;
                let not_in = || Refusal::forbidden("You are not a member of this room.");
                member.filter(|member| member.is_joined()).ok_or_else(not_in)?;
                self.rooms.lock().member_found(room, actor.user, now);
                found
            }
        };

        self.ensure_known(actor.user, room).await?;
        match self.lift(actor.user, room, seq, n) {
            // The feed has not yet written the row of a user who has just joined.
            None => Ok(MarkRow { read_seq: seq, read_n: n, mentions: Vec::new() }),
            Some(Raised { row, rose }) => {
                if rose {
                    self.announce(actor.user, room, &row).await;
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
        let rises = self.state.lock().mark(user, room).is_some_and(|known| known.read_seq < seq);
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
        self.state.lock().overlay(user, room, stored)
    }

    /// Returns whether a room is small enough that its members receive each other's read receipts. Usually cached;
    /// otherwise reads at most one page of member rows, unless most of those have left.
    pub async fn shows_receipts(&self, room: RoomId) -> Result<bool, StoreError> {
        let now = self.clock.elapsed();
        if let Some(small) = self.rooms.lock().is_small(room, now) {
            return Ok(small);
        }

        let some = self.store.rooms.members(room, None, PAGE_ROWS).await?;
        let mut joined = some.iter().filter(|member| Member::is_joined(member)).count() as u64;
        if joined <= RECEIPT_MEMBERS as u64 && some.len() == PAGE_ROWS {
            joined = self.store.rooms.member_count(room).await?;
        }
        let small = joined <= RECEIPT_MEMBERS as u64;
        self.rooms.lock().size_found(room, small, now);
        Ok(small)
    }

    /// Clears everything after the store was restored: marks of the previous epoch must not be written into this one.
    pub fn forget(&self) {
        self.state.lock().clear();
        self.rooms.lock().clear();
    }

    /// Writes the marks whose minute has passed. The wiring calls it every few seconds.
    pub async fn flush_due(&self) {
        let due = self.state.lock().due(self.clock.elapsed());
        self.write(due).await;
    }

    /// Writes all waiting marks of a user, whose last socket closed.
    pub async fn flush_user(&self, user: UserId) {
        let waiting = self.state.lock().waiting_of(user);
        self.write(waiting).await;
    }

    /// Writes all waiting marks, because the node drains.
    pub async fn flush(&self) {
        let waiting = self.state.lock().waiting();
        self.write(waiting).await;
    }

    /// Reads the stored mark unless it is known, so that a lower one is not announced.
    async fn ensure_known(&self, user: UserId, room: RoomId) -> Result<(), StoreError> {
        if self.state.lock().mark(user, room).is_some() {
            return Ok(());
        }
        let Some((_, row)) = self.store.marks.marks(room, &[user]).await?.pop() else { return Ok(()) };
        self.state.lock().found(user, room, row);
        Ok(())
    }

    /// Raises the known mark. Returns `None` if the user has no row in this room.
    fn lift(&self, user: UserId, room: RoomId, seq: Seq, n: u64) -> Option<Raised> {
        self.state.lock().raise(user, room, seq, n)
    }

    async fn announce(&self, user: UserId, room: RoomId, row: &MarkRow) {
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
    async fn write(&self, marks: Vec<MarkWrite>) {
        let writes = marks.into_iter().map(|mark| self.write_one(mark));
        futures_util::stream::iter(writes).buffer_unordered(MARKS_AT_ONCE).collect::<()>().await;
    }

    async fn write_one(&self, MarkWrite { user, room, seq, n }: MarkWrite) {
        let written = self.store.marks.mark_read(user, room, seq, n).await;
        let mut state = self.state.lock();
        match written {
            Ok(stored) => state.written(user, room, stored, self.clock.elapsed()),
            // The user left in the meantime, so there is nothing to mark.
            Err(StoreError::NotFound) => state.forget(user, room),
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
        self.rooms.lock().counted(room, tip.epoch(), [counted, (tip.seq(), tip.n())]);
        Ok(counted)
    }
}

impl CommitListener for Marks {
    fn committed(&self, committed: &Committed) {
        self.rooms.lock().committed(committed);
    }
}
