//! The protocol's state machine: frames in, frames and news out.
//!
//! No I/O, no clock, no randomness, so that every schedule can be tested. The rules are those of
//! `docs/protocol`: apply in order of `seq`, ask for gaps, believe only the newest request's answer, fold by
//! `rev`, repeat what is not acked, start afresh with another epoch.

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

/// What a change became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acked {
    /// Its place; none when it changed nothing, or when only its room is known.
    pub seq: Option<Seq>,
    /// It was there already.
    pub dup: bool,
    /// It changed nothing.
    pub noop: bool,
}

/// News for the application.
#[derive(Debug, Clone, PartialEq)]
pub enum Update {
    /// Signed in, on this node.
    Connected {
        /// Its name.
        node: String,
    },
    /// The connection is gone; it is made again by itself.
    Disconnected,
    /// A new message. Each comes once, in the room's order, also what was missed meanwhile.
    Message {
        /// The room's id.
        room: String,
        /// The message.
        message: Message,
    },
    /// Something else happened in a room; its state has it already.
    Changed {
        /// The room's id.
        room: String,
        /// The entry.
        seq: Seq,
    },
    /// A room was added, or changed in the list.
    RoomSet {
        /// Its line.
        entry: Box<RoomEntry>,
    },
    /// A room is gone from the list.
    RoomGone {
        /// The room's id.
        room: String,
    },
    /// Everything that was cached is of another epoch, and dropped.
    EpochChanged,
}

/// What the machine asks for.
#[derive(Debug, PartialEq)]
pub enum Output {
    Say(ClientFrame),
    Tell(Update),
    /// A change is answered.
    Answer(EntryId, Result<Acked, Refused>),
    /// The access token is over, or soon: get another one and send `auth`.
    Renew,
    /// Connect anew after this.
    Leave(Duration),
}

/// Why a change was refused for good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// For programs.
    pub code: Code,
    /// For people.
    pub message: String,
}

/// A client's state.
#[derive(Default)]
pub struct ClientState {
    user: Option<UserSelf>,
    epoch: Option<String>,
    /// Between `welcome` and the end of the connection.
    open: bool,
    /// The room list of this connection is complete.
    listed: bool,
    /// The cursor of the own log.
    me: Option<Seq>,
    me_waits: bool,
    rooms: BTreeMap<String, Room>,
    list: BTreeMap<String, RoomEntry>,
    /// Pages of the room list that came so far on this connection.
    listing: Vec<RoomEntry>,
    /// The seq of the newest member entry that was heard of, by room.
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
    /// What is to be done now.
    pub fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    /// The epoch for `hello`.
    pub fn epoch(&self) -> Option<&str> {
        self.epoch.as_deref()
    }

    /// A room that one is in.
    pub fn room(&self, id: &str) -> Option<&Room> {
        self.rooms.get(id)
    }

    /// The room list.
    pub fn list(&self) -> impl Iterator<Item = &RoomEntry> {
        self.list.values()
    }

    /// How many changes are not answered.
    pub fn unanswered(&self) -> usize {
        self.outbox.len()
    }

    /// Whether everything is answered and live: no change waits, no page is asked for.
    pub fn is_settled(&self) -> bool {
        let live = |room: &Room| room.cursor.is_some() && !room.waits;
        self.listed && self.outbox.len() == 0 && !self.me_waits && self.rooms.values().all(live)
    }

    /// Asks a room for something. Its answer is an [`Output::Answer`] with this id.
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

    /// A page of history that REST gave. False when it is too old to be used, or of another epoch.
    pub fn loaded(&mut self, room: &str, epoch: &str, as_of: Seq, events: &[wire::Event]) -> bool {
        self.epoch.as_deref() == Some(epoch) && self.rooms.get_mut(room).is_some_and(|room| room.load(events, as_of))
    }

    /// What a page of history must know of.
    pub fn min_seq(&self, room: &str) -> Seq {
        self.rooms.get(room).map_or(0, |room| room.live_from)
    }

    /// The connection is gone.
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

    /// Time passed.
    pub fn on_tick(&mut self, now: Duration) {
        self.ask_again(now);
        self.pump(now);
    }

    /// When `on_tick` is due.
    pub fn next_tick(&self) -> Option<Duration> {
        self.outbox.next_due().into_iter().chain(self.retries.next_due()).min().filter(|_| self.open)
    }

    /// A frame came.
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

    /// Sends the changes whose turn it is.
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
