//! Read marks: monotonic, coalesced to one write a minute for each user and room, told on the bus.
//!
//! Never an entry of a log: a mark must not cost more than a message.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use crate::limits::MARK_INTERVAL;
use domain::{Actor, LogId, Refusal, RoomId, Seq, Timestamp, UserId, UserRoom};
use parking_lot::{Mutex, RwLock};

use crate::clock::Clock;
use crate::log_throttle::LogThrottle;
use crate::ports::{Bus, BusMessage, Mark, MarkRow, Store, StoreError};

/// Marks that the memory holds before those that are written are let go.
const KEPT: usize = 50_000;

/// Hears of every mark that somebody sets on this node, for the sockets that it holds itself: the bus tells the
/// other nodes only.
pub trait MarkListener: Send + Sync {
    /// A mark was raised. Never blocks.
    fn marked(&self, mark: &Mark);
}

/// How far people have read.
pub struct Marks {
    store: Store,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<(UserId, RoomId), CachedMark>>,
    listeners: RwLock<Vec<Arc<dyn MarkListener>>>,
}

/// A mark as this node knows it.
#[derive(Debug, Clone)]
struct CachedMark {
    row: MarkRow,
    /// Whether the store has a lower one.
    unwritten: bool,
    /// When it was last written; none before the first time.
    written_at: Option<Timestamp>,
}

impl Marks {
    /// No mark waits.
    pub fn new(store: Store, bus: Arc<dyn Bus>, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Marks { store, bus, clock, known: Mutex::default(), listeners: RwLock::default() })
    }

    /// From now on `listener` hears of marks that rise here.
    pub fn add_listener(&self, listener: Arc<dyn MarkListener>) {
        self.listeners.write().push(listener);
    }

    /// The caller has read the room up to `seq` (at most its head). A lower mark than the known one
    /// changes nothing. Returns the mark as it is now. `forbidden` for one who is not in the room.
    pub async fn read(&self, actor: &Actor, room: RoomId, seq: Seq) -> Result<MarkRow, Refusal> {
        let not_in = || Refusal::forbidden("You are not in this room.");
        let log = LogId::Room(room);
        let tip = self.store.log.tip(log).await?;
        let member = self.store.rooms.member(room, actor.user).await?;
        member.filter(|member| member.is_joined()).ok_or_else(not_in)?;
        let seq = seq.min(tip.seq());
        let n = if seq == tip.seq() { tip.n() } else { self.n_at(log, seq).await? };
        if !self.knows(actor.user, room) {
            self.remember(actor.user, room).await?;
        }
        match self.lift(actor.user, room, seq, n) {
            // The feed has not yet written the row of one who has just joined.
            None => Ok(MarkRow { read_seq: seq, read_n: n, mentions: Vec::new() }),
            Some((row, rose)) => {
                if rose {
                    self.tell(actor.user, room, &row).await;
                }
                Ok(row)
            }
        }
    }

    /// The user's own message raises their mark, which is written when its minute is over. Told to nobody:
    /// who sees the message knows that its sender has read so far.
    pub async fn raise(&self, user: UserId, room: RoomId, seq: Seq, n: u64) {
        // Where the store does not answer, the mark is raised by the next ack or the client's own mark.
        if !self.knows(user, room) && self.remember(user, room).await.is_err() {
            return;
        }
        self.lift(user, room, seq, n);
    }

    /// The user's mark in a room, also one that is not written yet.
    pub async fn mark(&self, user: UserId, room: RoomId) -> Result<MarkRow, Refusal> {
        let stored = self.store.marks.marks(room, &[user]).await?.pop().map(|(_, row)| row).unwrap_or_default();
        Ok(self.overlay(user, room, stored))
    }

    /// Puts the mark of [`Marks::overlay`] into a row of the room list.
    pub fn overlay_row(&self, user: UserId, row: &mut UserRoom) {
        let stored =
            MarkRow { read_seq: row.read_seq, read_n: row.read_n, mentions: std::mem::take(&mut row.mentions) };
        MarkRow { read_seq: row.read_seq, read_n: row.read_n, mentions: row.mentions } =
            self.overlay(user, row.room, stored);
    }

    /// A mark that was read from the store, or the higher one that waits here to be written.
    pub fn overlay(&self, user: UserId, room: RoomId, stored: MarkRow) -> MarkRow {
        let known = self.known.lock();
        match known.get(&(user, room)) {
            Some(known) if known.row.read_seq > stored.read_seq => {
                let mentions = stored.mentions.into_iter().filter(|seq| *seq > known.row.read_seq).collect();
                MarkRow { mentions, ..known.row }
            }
            _ => stored,
        }
    }

    /// The store was restored: what was read in its other life, here or there, is not written into this one.
    pub fn forget(&self) {
        self.known.lock().clear();
    }

    /// Writes the marks whose minute is over. The wiring calls it every few seconds.
    pub async fn flush_due(&self) {
        let now = self.clock.now();
        self.write(|_, known| known.written_at.is_none_or(|at| now.since(at) >= MARK_INTERVAL)).await;
    }

    /// Writes all marks of a user that wait: their last socket closed.
    pub async fn flush_user(&self, user: UserId) {
        self.write(|of, _| of == user).await;
    }

    /// Writes all that wait: the node drains.
    pub async fn flush(&self) {
        self.write(|_, _| true).await;
    }

    fn knows(&self, user: UserId, room: RoomId) -> bool {
        self.known.lock().contains_key(&(user, room))
    }

    /// Reads the stored mark, so that a lower one is not told to anybody.
    async fn remember(&self, user: UserId, room: RoomId) -> Result<(), StoreError> {
        let Some((_, row)) = self.store.marks.marks(room, &[user]).await?.pop() else { return Ok(()) };
        let mut known = self.known.lock();
        if known.len() >= KEPT {
            known.retain(|_, known| known.unwritten);
        }
        known.entry((user, room)).or_insert(CachedMark { row, unwritten: false, written_at: None });
        Ok(())
    }

    /// Raises the known mark; whether it rose. None where the user has no row in this room.
    fn lift(&self, user: UserId, room: RoomId, seq: Seq, n: u64) -> Option<(MarkRow, bool)> {
        let mut known = self.known.lock();
        let known = known.get_mut(&(user, room))?;
        let rises = seq > known.row.read_seq;
        if rises {
            known.row.read_seq = seq;
            known.row.read_n = known.row.read_n.max(n);
            known.row.mentions.retain(|mention| *mention > seq);
            known.unwritten = true;
        }
        Some((known.row.clone(), rises))
    }

    async fn tell(&self, user: UserId, room: RoomId, row: &MarkRow) {
        let mark = Mark { room, user, seq: row.read_seq, n: row.read_n, mentions: row.mentions.clone() };
        for listener in self.listeners.read().iter() {
            listener.marked(&mark);
        }
        for log in [LogId::User(user), LogId::Room(room)] {
            self.bus.publish(log, BusMessage::Mark(mark.clone())).await;
        }
    }

    async fn write(&self, chosen: impl Fn(UserId, &CachedMark) -> bool) {
        let waiting: Vec<(UserId, RoomId, MarkRow)> = {
            let known = self.known.lock();
            let chosen = known.iter().filter(|((user, _), known)| known.unwritten && chosen(*user, known));
            chosen.map(|((user, room), known)| (*user, *room, known.row.clone())).collect()
        };
        for (user, room, row) in waiting {
            let written = self.store.marks.mark_read(user, room, row.read_seq, row.read_n).await;
            let mut known = self.known.lock();
            match written {
                Ok(stored) => {
                    if let Some(known) = known.get_mut(&(user, room)) {
                        known.unwritten = known.row.read_seq > stored.read_seq;
                        known.written_at = Some(self.clock.now());
                        if !known.unwritten {
                            known.row = stored;
                        }
                    }
                }
                // They left meanwhile: there is nothing to mark any more.
                Err(StoreError::NotFound) => drop(known.remove(&(user, room))),
                Err(error) => {
                    static LINE: LogThrottle = LogThrottle::new();
                    if let Some(repeated) = LINE.admit(&error.to_string(), Instant::now()) {
                        tracing::warn!(%error, repeated, "a read mark could not be written; it is tried again");
                    }
                }
            }
        }
    }

    /// Messages up to `seq`.
    async fn n_at(&self, log: LogId, seq: Seq) -> Result<u64, StoreError> {
        if seq == 0 {
            return Ok(0);
        }
        Ok(self.store.log.read(log, seq, seq).await?.first().map_or(0, |entry| entry.n))
    }
}
