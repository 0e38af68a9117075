//! The protocol's state machine: frames in, frames and news out.
//!
//! No I/O, no clock, no randomness, so that every schedule can be tested. The rules are those of `docs/protocol`: apply
//! in order of `seq`, request gaps, accept only the newest request's answer, fold by `rev`, retry what is not acked,
//! start over in another epoch.

mod outbox;
mod retries;
mod room;
mod sync;

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{Code, EntryId, Seq};
use wire::{ClientFrame, RoomEntry, ServerFrame, UserSelf};

pub use outbox::Op;
use outbox::Outbox;
use retries::Retries;
pub use room::{Message, Room};

/// The result of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acked {
    /// The seq of its entry; `None` if it changed nothing, or if only its room is known.
    pub seq: Option<Seq>,
    /// Whether it was stored already.
    pub dup: bool,
    /// Whether it changed nothing.
    pub noop: bool,
}

/// News for the application.
#[derive(Debug, Clone, PartialEq)]
pub enum Update {
    /// The client signed in, on this node.
    Connected {
        /// The node's name.
        node: String,
    },
    /// The connection is closed; the client reconnects by itself.
    Disconnected,
    /// A new message. Each comes once, in the room's order, including those missed while disconnected.
    Message {
        /// The room's id.
        room: String,
        /// The message.
        message: Message,
    },
    /// Any other event in a room; its state includes it already.
    Changed {
        /// The room's id.
        room: String,
        /// The entry.
        seq: Seq,
    },
    /// A room was added, or changed in the list.
    RoomSet {
        /// The room's entry in the list.
        entry: Box<RoomEntry>,
    },
    /// A room was removed from the list.
    RoomGone {
        /// The room's id.
        room: String,
    },
    /// The store has another epoch, and the cache was dropped.
    EpochChanged,
}

/// What the machine asks its driver to do.
#[derive(Debug, PartialEq)]
pub enum Output {
    Say(ClientFrame),
    Tell(Update),
    /// Report the answer to a change.
    Answer(EntryId, Result<Acked, Refused>),
    /// The access token has expired, or will soon: renew it and send `auth`.
    Renew,
    /// Reconnect after this time.
    Leave(Duration),
}

/// Why a change was refused permanently.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// The error code, for programs.
    pub code: Code,
    /// The message, for people.
    pub message: String,
}

/// A client's state.
#[derive(Default)]
pub struct ClientState {
    user: Option<UserSelf>,
    epoch: Option<String>,
    /// True between `welcome` and the end of the connection.
    open: bool,
    /// Whether the room list of this connection is complete.
    listed: bool,
    /// The cursor of the user log.
    me: Option<Seq>,
    me_waits: bool,
    rooms: BTreeMap<String, Room>,
    list: BTreeMap<String, RoomEntry>,
    /// Pages of the room list that have arrived on this connection.
    listing: Vec<RoomEntry>,
    /// The seq of the newest member entry known, by room.
    member_seq: BTreeMap<String, Seq>,
    /// The newest request, by log.
    asked: BTreeMap<String, String>,
    requests: u64,
    retries: Retries,
    marks: BTreeMap<String, Seq>,
    outbox: Outbox,
    out: Vec<Output>,
}

impl ClientState {
    /// Returns the pending output.
    pub fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    /// Returns the epoch for `hello`.
    pub fn epoch(&self) -> Option<&str> {
        self.epoch.as_deref()
    }

    /// Returns a room that the user is in.
    pub fn room(&self, id: &str) -> Option<&Room> {
        self.rooms.get(id)
    }

    /// Returns the room list.
    pub fn list(&self) -> impl Iterator<Item = &RoomEntry> {
        self.list.values()
    }

    /// Returns how many changes are not answered.
    pub fn unanswered(&self) -> usize {
        self.outbox.len()
    }

    /// Returns whether everything is answered and live: no change waits, no page is requested.
    pub fn is_settled(&self) -> bool {
        let live = |room: &Room| room.cursor.is_some() && !room.waits;
        self.listed && self.outbox.len() == 0 && !self.me_waits && self.rooms.values().all(live)
    }

    /// Submits a change to a room. Its answer is an [`Output::Answer`] with this id.
    pub fn put(&mut self, room: &str, id: EntryId, op: Op, seen: Option<Seq>, now: Duration) {
        self.outbox.put(room, id, op, seen);
        self.pump(now);
    }

    /// Marks a room as read.
    pub fn mark(&mut self, room: &str, seq: Seq) {
        let mark = self.marks.entry(room.to_owned()).or_default();
        if seq > *mark {
            *mark = seq;
            if self.open {
                self.say(ClientFrame::Read { room: room.to_owned(), seq });
            }
        }
    }

    /// Adds a page of history from REST. Returns false if it is too old to be used, or of another epoch.
    pub fn loaded(&mut self, room: &str, epoch: &str, as_of: Seq, events: &[wire::Event]) -> bool {
        self.epoch.as_deref() == Some(epoch) && self.rooms.get_mut(room).is_some_and(|room| room.load(events, as_of))
    }

    /// Returns the lowest head at which a page of history may have been read.
    pub fn min_seq(&self, room: &str) -> Seq {
        self.rooms.get(room).map_or(0, |room| room.live_from)
    }

    /// Handles the end of the connection.
    pub fn disconnected(&mut self) {
        if std::mem::take(&mut self.open) {
            self.tell(Update::Disconnected);
        }
        self.listed = false;
        self.listing.clear();
        self.asked.clear();
        self.retries.clear();
        self.me_waits = false;
        self.rooms.values_mut().for_each(|room| room.waits = false);
        self.outbox.disconnected();
    }

    /// Handles the passing of time.
    pub fn on_tick(&mut self, now: Duration) {
        self.ask_again(now);
        self.pump(now);
    }

    /// Returns when `on_tick` is due.
    pub fn next_tick(&self) -> Option<Duration> {
        self.outbox.next_due().into_iter().chain(self.retries.next_due()).min().filter(|_| self.open)
    }

    /// Handles a frame.
    pub fn on_frame(&mut self, frame: ServerFrame, now: Duration) {
        match frame {
            ServerFrame::Welcome { user, epoch, node, .. } => self.welcome(user, epoch, node),
            ServerFrame::Rooms { me, rooms, more } => {
                self.me = self.me.or(me);
                self.listing.extend(rooms);
                if !more {
                    self.listed();
                    self.pump(now);
                }
            }
            ServerFrame::Sync { re, room, status, head, n, events, .. } if self.asked.get(&room) == Some(&re) => {
                self.sync(&room, status, head, n, events);
            }
            ServerFrame::Event(event) => self.event(event),
            ServerFrame::Ack { id, room, seq, dup, noop, .. } => {
                let acked = Acked { seq, dup, noop };
                if let Ok(id) = id.parse()
                    && self.outbox.settle(id, room.as_deref(), seq)
                {
                    self.out.push(Output::Answer(id, Ok(acked)));
                }
            }
            ServerFrame::Error { id: Some(re), of: Some(of), room, code, retry_ms, .. }
                if matches!(of.as_str(), "resume" | "fill") =>
            {
                self.page_refused(&re, room.as_deref(), code, retry_ms.map(Duration::from_millis), now);
            }
            ServerFrame::Error { id, code, message, retry_ms, .. } => self.error(id, code, message, retry_ms, now),
            ServerFrame::Ping { heads } => {
                self.say(ClientFrame::Pong {});
                self.heads(heads);
            }
            ServerFrame::Expiring { .. } => self.out.push(Output::Renew),
            ServerFrame::Goaway { delay_ms, .. } => self.out.push(Output::Leave(Duration::from_millis(delay_ms))),
            _ => {}
        }
        self.pump(now);
    }

    fn welcome(&mut self, user: UserSelf, epoch: String, node: String) {
        self.user = Some(user);
        self.open = true;
        self.tell(Update::Connected { node });
        if self.epoch.as_ref().is_some_and(|known| *known != epoch) {
            self.rooms.clear();
            self.list.clear();
            self.member_seq.clear();
            self.marks.clear();
            self.me = None;
            self.outbox.enter_epoch();
            self.tell(Update::EpochChanged);
        }
        self.epoch = Some(epoch);
    }

    fn error(&mut self, id: Option<String>, code: Code, message: String, retry_ms: Option<u64>, now: Duration) {
        if code == Code::Unauthenticated && self.open {
            self.out.push(Output::Renew);
        }
        let Some(id) = id.and_then(|id| id.parse::<EntryId>().ok()) else { return };
        if self.outbox.refuse(id, code, retry_ms.map(Duration::from_millis), now) {
            self.out.push(Output::Answer(id, Err(Refused { code, message })));
        }
    }

    /// Sends the changes that are due.
    fn pump(&mut self, now: Duration) {
        if !self.open {
            return;
        }
        let rooms = &self.rooms;
        let frames = self.outbox.due(now, |room| rooms.get(room).map_or(0, |room| room.seen));
        self.out.extend(frames.into_iter().map(Output::Say));
    }

    fn say(&mut self, frame: ClientFrame) {
        self.out.push(Output::Say(frame));
    }

    fn tell(&mut self, update: Update) {
        self.out.push(Output::Tell(update));
    }
}

#[cfg(test)]
mod tests;
