//! The input of a decision: the relevant rows, folded up to the head of a log and then with every accepted entry, until
//! the entries are taken for an append.
//!
//! Never reads anything: [`View::missing`] names the rows that a change needs, the caller reads them (after the head),
//! and [`View::load`] adds them.

mod row_writes;
mod rows;

use std::collections::{BTreeSet, HashMap};

pub use rows::{Roster, Row, RowKey};

use crate::entry::{Body, EditTexts, Entry, Message};
use crate::file::File;
use crate::fold::{self, Standing};
use crate::ids::{EntryId, Epoch, FileId, LogId, RoomId, Seq, UserId};
use crate::own::{Notification, NotificationKey, UserRoom};
use crate::room::{Member, Room};
use crate::text::{Emoji, MessageText};
use crate::time::Timestamp;

use row_writes::Changed;

/// A position in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogPosition {
    /// The epoch of the store.
    pub epoch: Epoch,
    /// The seq of the last entry.
    pub seq: Seq,
    /// The number of messages so far.
    pub n: u64,
    /// When the last entry was made.
    pub at: Timestamp,
}

/// The rows behind a decision. Each map holds what was read; a `None` in it means that the row does not exist.
#[derive(Debug, Clone)]
pub struct View {
    pub(crate) log: LogId,
    pub(crate) place: LogPosition,
    pub(crate) room: Option<Option<Room>>,
    pub(crate) members: HashMap<UserId, Option<Member>>,
    pub(crate) messages: HashMap<Seq, Option<Entry>>,
    pub(crate) reactors: HashMap<(Seq, Emoji, UserId), bool>,
    pub(crate) pins: Option<BTreeSet<Seq>>,
    pub(crate) roster: Option<Roster>,
    pub(crate) names: HashMap<String, Option<UserId>>,
    pub(crate) files: HashMap<FileId, Option<File>>,
    pub(crate) people: HashMap<UserId, bool>,
    pub(crate) blocks: HashMap<(UserId, UserId), bool>,
    pub(crate) user_rooms: HashMap<RoomId, Option<UserRoom>>,
    pub(crate) notifications: HashMap<NotificationKey, (Option<Notification>, bool)>,
    pub(crate) has_unread: Option<bool>,
    entries: Vec<Entry>,
    texts: EditTexts,
    changed: Changed,
}

impl View {
    /// Returns a view of a log whose last entry is at `place`, without any rows.
    pub fn new(log: LogId, place: LogPosition) -> View {
        View {
            log,
            place,
            room: None,
            members: HashMap::new(),
            messages: HashMap::new(),
            reactors: HashMap::new(),
            pins: None,
            roster: None,
            names: HashMap::new(),
            files: HashMap::new(),
            people: HashMap::new(),
            blocks: HashMap::new(),
            user_rooms: HashMap::new(),
            notifications: HashMap::new(),
            has_unread: None,
            entries: Vec::new(),
            texts: EditTexts::new(),
            changed: Changed::default(),
        }
    }

    /// Returns the log's position, including the accepted entries.
    pub fn place(&self) -> LogPosition {
        self.place
    }

    /// Returns how many entries were accepted and not yet taken.
    pub fn pending(&self) -> usize {
        self.entries.len()
    }

    /// Returns roughly how many rows it holds, which bounds a cache.
    pub fn size(&self) -> usize {
        self.members.len() + self.messages.len() + self.reactors.len()
    }

    /// Forgets the rows that are changed by other writers than this log: users, blocks, names, files. A user log is not read
    /// often enough to keep anything.
    pub fn forget_foreign(&mut self) {
        self.names.clear();
        self.files.clear();
        self.people.clear();
        self.blocks.clear();
        if matches!(self.log, LogId::User(_)) {
            *self = View::new(self.log, self.place);
        }
    }

    /// Forgets every row and keeps the position. Only allowed between appends.
    pub fn forget_rows(&mut self) {
        debug_assert!(self.entries.is_empty(), "rows of an open append are needed");
        *self = View::new(self.log, self.place);
    }

    /// Returns the pause that the room requires between two messages, or `None` while the room's row is not loaded.
    pub fn slow_mode_s(&self) -> Option<u32> {
        self.room.as_ref().map(|room| room.as_ref().map_or(0, |room| room.slow_mode_s))
    }

    pub(crate) fn room(&self) -> Option<&Room> {
        self.room.as_ref().and_then(Option::as_ref)
    }

    pub(crate) fn member(&self, user: UserId) -> Option<&Member> {
        self.members.get(&user).and_then(Option::as_ref)
    }

    /// Returns whether a user blocks another.
    pub(crate) fn blocks(&self, by: UserId, other: UserId) -> bool {
        self.blocks.get(&(by, other)).copied().unwrap_or(false)
    }

    /// Returns a message and who sent it.
    pub(crate) fn message(&self, seq: Seq) -> Option<(&Entry, &Message)> {
        let entry = self.messages.get(&seq).and_then(Option::as_ref)?;
        entry.message().map(|message| (entry, message))
    }

    /// Returns whether a user's reaction is on a message.
    pub(crate) fn has_reacted(&self, seq: Seq, emoji: &Emoji, user: UserId) -> bool {
        let held = self.message(seq).is_some_and(|(_, message)| {
            message.reactions.iter().any(|reaction| reaction.emoji == *emoji && reaction.users.contains(&user))
        });
        held || self.reactors.get(&(seq, emoji.clone(), user)).copied().unwrap_or(false)
    }

    /// Accepts an entry: gives it the next seq and folds it into the rows.
    pub(crate) fn accept(&mut self, by: UserId, id: EntryId, now: Timestamp, body: Body) -> Seq {
        let seq = self.place.seq + 1;
        let n = self.place.n + u64::from(matches!(body, Body::Message(_)));
        // A clock that steps back, or another node's that is ahead, must not change the order.
        let at = now.max(self.place.at);
        self.place = LogPosition { seq, n, at, ..self.place };
        let entry = Entry { v: crate::entry::ENTRY_VERSION, seq, n, by, id, at, body };
        self.fold(&entry);
        self.entries.push(entry);
        seq
    }

    /// Like [`View::accept`], for an edit and its text.
    pub(crate) fn accept_edit(&mut self, by: UserId, id: EntryId, now: Timestamp, body: Body, text: MessageText) {
        self.texts.insert(self.place.seq + 1, text);
        self.accept(by, id, now, body);
    }

    /// Returns the entries accepted and not yet taken, from the `skip`-th on.
    pub(crate) fn accepted(&self, skip: usize) -> &[Entry] {
        &self.entries[skip..]
    }

    fn fold(&mut self, entry: &Entry) {
        let seq = entry.seq;
        match &entry.body {
            Body::Message(message) => {
                for file in &message.files {
                    self.send_file(*file, seq);
                }
                if let Some(root) = message.thread {
                    self.changed.threads.push((root, seq));
                }
                self.messages.insert(seq, Some(entry.clone()));
            }
            Body::Edit { target, mentions, .. } => {
                let text = self.texts.get(&seq).cloned();
                self.change_message(*target, |message| {
                    fold::edit(message, seq, entry.at, text.as_ref(), mentions.as_deref())
                });
            }
            Body::Delete { target, .. } => {
                if let Some((_, message)) = self.message(*target) {
                    self.changed.dropped_files.extend(message.files.clone());
                }
                self.change_message(*target, |message| fold::delete(message, seq));
                if self.pins.as_mut().is_some_and(|pins| pins.remove(target)) {
                    self.changed.pins.insert(*target, false);
                }
            }
            Body::React { target, emoji, on } => {
                let beyond = self.change_message(*target, |message| fold::react(message, seq, entry.by, emoji, *on));
                if beyond == Some(true) {
                    let row = (*target, emoji.clone(), entry.by);
                    self.changed.reactors.insert(row.clone(), (*on, seq));
                    self.reactors.insert(row, *on);
                }
            }
            Body::Pin { target, on } => {
                if let Some(pins) = &mut self.pins {
                    if *on {
                        pins.insert(*target)
                    } else {
                        pins.remove(target)
                    };
                }
                self.changed.pins.insert(*target, *on);
            }
            Body::Member { user, state, role, muted_until, .. } => {
                let standing = Standing { state: *state, role: *role, muted_until: *muted_until };
                let hides_past = self.room().is_some_and(|room| room.hides_past);
                let old = self.member(*user);
                let row = fold::member(old, *user, seq, standing, hides_past);
                if let Some(roster) = &mut self.roster {
                    roster.fold(self.members.get(user).and_then(Option::as_ref), &row);
                }
                self.members.insert(*user, Some(row));
                self.changed.members.insert(*user);
            }
            Body::Room(room) => {
                self.room = Some(Some(Room { rev: seq, ..room.clone() }));
                self.changed.room = true;
            }
            _ => {}
        }
    }

    fn change_message<T>(&mut self, target: Seq, step: impl FnOnce(&mut Message) -> T) -> Option<T> {
        let entry = self.messages.get_mut(&target).and_then(Option::as_mut)?;
        let Body::Message(message) = &mut entry.body else { return None };
        self.changed.messages.insert(target);
        Some(step(message))
    }

    fn send_file(&mut self, file: FileId, seq: Seq) {
        if let Some(Some(row)) = self.files.get_mut(&file) {
            row.state = crate::file::FileState::Sent;
            row.seq = Some(seq);
        }
        self.changed.sent_files.push((file, seq));
    }
}
