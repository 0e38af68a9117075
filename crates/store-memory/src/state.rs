//! All rows of the store in memory.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use domain::text::Emoji;
use domain::{
    AuditKey, AuditRecord, Entry, Epoch, File, FileId, LogId, Member, Notification, NotificationKey, Room, RoomId, Seq,
    SessionId, Timestamp, UserId, UserRoom,
};
use service::ports::{Connection, Deletion, Fence, Head, NodeRow, SessionRecord, SocketState, Ticket, UserRecord};

use crate::{Fault, Flaw};

/// One log.
#[derive(Clone, Default)]
pub(super) struct Log {
    /// The entries; the one with seq `s` is at index `s - 1`.
    pub entries: Vec<Entry>,
    pub floor: Seq,
    /// The value of [`State::appends`] after the log's last append.
    pub changed: u64,
}

impl Log {
    pub fn head(&self) -> Head {
        self.entries.last().map_or_else(Head::default, |last| Head { seq: last.seq, n: last.n, at: last.at })
    }

    pub fn at_mut(&mut self, seq: Seq) -> Option<&mut Entry> {
        self.entries.get_mut(usize::try_from(seq).ok()?.checked_sub(1)?)
    }
}

/// A notification, or the mark of a dropped one.
#[derive(Clone)]
pub(super) enum NotificationRow {
    There(Notification),
    Dropped { expires: Timestamp },
}

/// The holder of a lease, and until when.
#[derive(Clone)]
pub(super) struct Lease {
    pub owner: String,
    pub until: Timestamp,
    pub fence: Fence,
}

#[derive(Clone)]
pub(super) struct State {
    pub epoch: Epoch,
    pub logs: BTreeMap<LogId, Log>,
    /// The number of appends so far, of all logs.
    pub appends: u64,
    pub rooms: BTreeMap<RoomId, Room>,
    pub members: BTreeMap<(RoomId, UserId), Member>,
    pub user_rooms: BTreeMap<(UserId, RoomId), UserRoom>,
    /// Who blocked whom.
    pub blocks: BTreeSet<(UserId, UserId)>,
    pub pins: BTreeSet<(RoomId, Seq)>,
    pub threads: BTreeSet<(RoomId, Seq, Seq)>,
    pub reactors: BTreeSet<(RoomId, Seq, Emoji, UserId)>,
    pub notifications: BTreeMap<(UserId, NotificationKey), NotificationRow>,
    pub people: BTreeMap<UserId, UserRecord>,
    /// The keys of handles of deleted accounts.
    pub held_names: BTreeSet<String>,
    pub deletions: BTreeMap<UserId, Deletion>,
    pub audit: BTreeMap<AuditKey, AuditRecord>,
    pub sessions: BTreeMap<SessionId, SessionRecord>,
    pub tickets: BTreeMap<[u8; 32], Ticket>,
    pub files: BTreeMap<FileId, File>,
    pub cursors: BTreeMap<(RoomId, String), (Seq, Fence)>,
    pub leases: BTreeMap<String, Lease>,
    pub nodes: BTreeMap<String, NodeRow>,
    pub connections: BTreeMap<(UserId, String), Connection>,
    pub sockets: BTreeMap<String, SocketState>,
    pub faults: VecDeque<Fault>,
    pub flaws: BTreeMap<(LogId, Seq), Flaw>,
    pub down: bool,
    pub append_takes: Duration,
}

impl State {
    pub fn new(epoch: Epoch) -> Self {
        State {
            epoch,
            logs: BTreeMap::new(),
            appends: 0,
            rooms: BTreeMap::new(),
            members: BTreeMap::new(),
            user_rooms: BTreeMap::new(),
            blocks: BTreeSet::new(),
            pins: BTreeSet::new(),
            threads: BTreeSet::new(),
            reactors: BTreeSet::new(),
            notifications: BTreeMap::new(),
            people: BTreeMap::new(),
            held_names: BTreeSet::new(),
            deletions: BTreeMap::new(),
            audit: BTreeMap::new(),
            sessions: BTreeMap::new(),
            tickets: BTreeMap::new(),
            files: BTreeMap::new(),
            cursors: BTreeMap::new(),
            leases: BTreeMap::new(),
            nodes: BTreeMap::new(),
            connections: BTreeMap::new(),
            sockets: BTreeMap::new(),
            faults: VecDeque::new(),
            flaws: BTreeMap::new(),
            down: false,
            append_takes: Duration::ZERO,
        }
    }

    pub fn head(&self, room: RoomId) -> Head {
        self.logs.get(&LogId::Room(room)).map(Log::head).unwrap_or_default()
    }

    pub fn members_in(&self, room: RoomId) -> u64 {
        self.members_of_room(room).filter(|member| member.is_joined()).count() as u64
    }

    pub fn members_of_room(&self, room: RoomId) -> impl Iterator<Item = &Member> {
        self.members.range((room, UserId::SYSTEM)..).take_while(move |((of, _), _)| *of == room).map(|(_, row)| row)
    }
}
