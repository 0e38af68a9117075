//! Names the rows that a change needs, and loads them.

use std::collections::BTreeSet;

use crate::change::{Change, Intent};
use crate::entry::Entry;
use crate::file::File;
use crate::ids::{FileId, RoomId, Seq, UserId};
use crate::own::{Notification, NotificationKey, OwnChange, UserRoom};
use crate::room::{Member, Role, Room};
use crate::text::{Emoji, MessageText};
use crate::view::View;

/// The key of a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RowKey {
    /// The log's room.
    Room,
    /// A member row.
    Member(UserId),
    /// A message of the log.
    Message(Seq),
    /// A reactor beyond those that the message holds.
    Reactor(Seq, Emoji, UserId),
    /// The room's pins.
    Pins,
    /// The room's owners and its number of members.
    Roster,
    /// The user who has this folded name.
    Name(String),
    /// A file.
    File(FileId),
    /// Whether this user exists and can sign in.
    Person(UserId),
    /// Whether a user blocks another.
    Block {
        /// The user who may block.
        by: UserId,
        /// The other user.
        other: UserId,
    },
    /// The log's user's row of a room.
    UserRoom(RoomId),
    /// A notification of the log's user.
    Notification(NotificationKey),
    /// Whether the log's user has unread notifications.
    HasUnread,
}

/// A row that was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// The log's room.
    Room(Option<Room>),
    /// A member row.
    Member(UserId, Option<Member>),
    /// A message; none if the entry is not a message.
    Message(Seq, Option<Entry>),
    /// Whether the reactor's row exists.
    Reactor(Seq, Emoji, UserId, bool),
    /// The room's pins.
    Pins(Vec<Seq>),
    /// The room's owners and its number of members.
    Roster(Roster),
    /// The user who has the name.
    Name(String, Option<UserId>),
    /// A file.
    File(FileId, Option<File>),
    /// Whether the user exists and can sign in.
    Person(UserId, bool),
    /// Whether the first user blocks the second.
    Block(UserId, UserId, bool),
    /// The user's row of a room.
    UserRoom(RoomId, Option<UserRoom>),
    /// The notification, and whether it or its mark exists.
    Notification(NotificationKey, Option<Notification>, bool),
    /// Whether there are unread notifications.
    HasUnread(bool),
}

/// A room's owners and its number of members; needed only when an owner leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster {
    /// The owners who are members.
    pub owners: BTreeSet<UserId>,
    /// The number of members.
    pub joined: u64,
}

impl Roster {
    pub(super) fn fold(&mut self, old: Option<&Member>, new: &Member) {
        let was_in = old.is_some_and(Member::is_joined);
        self.joined = self.joined + u64::from(new.is_joined()) - u64::from(was_in && self.joined > 0);
        if new.is_joined() && new.role == Role::Owner {
            self.owners.insert(new.user);
        } else {
            self.owners.remove(&new.user);
        }
    }
}

impl View {
    /// Returns the rows that the decision of `change` needs and this view lacks. Call it again once they are loaded:
    /// some rows show that another one is needed.
    pub fn missing(&self, change: &Change) -> Vec<RowKey> {
        let mut keys = Vec::new();
        let by = change.by.user;
        match &change.intent {
            Intent::Own(own) => self.own_rows(own, &mut keys),
            Intent::Create { people, .. } if self.place.seq == 0 => {
                for user in people.iter().filter(|user| **user != by) {
                    keys.extend([RowKey::Person(*user), RowKey::Block { by: *user, other: by }]);
                }
            }
            Intent::Create { .. } => {}
            intent => {
                keys.extend([RowKey::Room, RowKey::Member(by)]);
                self.room_rows(intent, by, &mut keys);
            }
        }
        keys.retain(|key| !self.has(key));
        keys
    }

    fn room_rows(&self, intent: &Intent, by: UserId, keys: &mut Vec<RowKey>) {
        let writes = !matches!(intent, Intent::Delete { .. });
        if let Some(other) = self.room().and_then(|room| room.other(by)).filter(|_| writes) {
            keys.push(RowKey::Block { by: other, other: by });
        }
        match intent {
            Intent::Send { text, reply_to, thread, files } => {
                keys.extend(reply_to.iter().chain(thread).map(|seq| RowKey::Message(*seq)));
                keys.extend(names(text));
                keys.extend(files.iter().map(|file| RowKey::File(*file)));
            }
            Intent::Edit { target, text } => {
                keys.push(RowKey::Message(*target));
                keys.extend(names(text));
            }
            Intent::Delete { target } | Intent::Pin { target, .. } => {
                keys.extend([RowKey::Message(*target), RowKey::Pins]);
            }
            Intent::React { target, emoji, .. } => {
                keys.push(RowKey::Message(*target));
                let beyond = self.message(*target).is_some_and(|(_, message)| {
                    let reaction = message.reactions.iter().find(|reaction| reaction.emoji == *emoji);
                    reaction.is_some_and(|held| held.n as usize > held.users.len() && !held.users.contains(&by))
                });
                if beyond {
                    keys.push(RowKey::Reactor(*target, emoji.clone(), by));
                }
            }
            Intent::Leave if self.member(by).is_some_and(|member| member.role == Role::Owner) => {
                keys.push(RowKey::Roster);
            }
            Intent::Invite { user, .. } => {
                let block = RowKey::Block { by: *user, other: by };
                keys.extend([RowKey::Member(*user), RowKey::Person(*user), block]);
            }
            Intent::Ban { user, .. } => keys.extend([RowKey::Member(*user), RowKey::Person(*user)]),
            Intent::Kick { user, .. }
            | Intent::Unban { user }
            | Intent::Mute { user, .. }
            | Intent::Unmute { user } => keys.push(RowKey::Member(*user)),
            Intent::SetRole { user, .. } => {
                keys.push(RowKey::Member(*user));
                if self.member(*user).is_some_and(|member| member.role == Role::Owner) {
                    keys.push(RowKey::Roster);
                }
            }
            _ => {}
        }
    }

    fn own_rows(&self, own: &OwnChange, keys: &mut Vec<RowKey>) {
        match own {
            OwnChange::Room { row } => keys.push(RowKey::UserRoom(row.room)),
            OwnChange::RoomSettings { room, .. } | OwnChange::Answer { room, .. } => keys.push(RowKey::UserRoom(*room)),
            OwnChange::Notify(notification) => keys.push(RowKey::Notification(notification.key)),
            OwnChange::NotificationRead(key)
            | OwnChange::NotificationDrop(key)
            | OwnChange::NotificationChange { key, .. }
            | OwnChange::NotificationRevoke(key) => {
                keys.push(RowKey::Notification(*key));
            }
            OwnChange::NotificationsRead => keys.push(RowKey::HasUnread),
            OwnChange::Block { .. } | OwnChange::Setting { .. } | OwnChange::SessionEnded(_) => {}
        }
    }

    fn has(&self, key: &RowKey) -> bool {
        match key {
            RowKey::Room => self.room.is_some(),
            RowKey::Member(user) => self.members.contains_key(user),
            // There is nothing to read above the head: a target there does not exist, or was accepted in this append
            // and is here.
            RowKey::Message(seq) => *seq > self.place.seq || *seq == 0 || self.messages.contains_key(seq),
            RowKey::Reactor(seq, emoji, user) => self.reactors.contains_key(&(*seq, emoji.clone(), *user)),
            RowKey::Pins => self.pins.is_some(),
            RowKey::Roster => self.roster.is_some(),
            RowKey::Name(name) => self.names.contains_key(name),
            RowKey::File(file) => self.files.contains_key(file),
            RowKey::Person(user) => self.people.contains_key(user),
            RowKey::Block { by, other } => self.blocks.contains_key(&(*by, *other)),
            RowKey::UserRoom(room) => self.user_rooms.contains_key(room),
            RowKey::Notification(key) => self.notifications.contains_key(key),
            RowKey::HasUnread => self.has_unread.is_some(),
        }
    }

    /// Loads a row that was read after the head. Only allowed while no entry waits to be taken, because a row that is
    /// read then does not reflect that entry.
    pub fn load(&mut self, row: Row) {
        debug_assert_eq!(self.pending(), 0, "rows are read before the first entry of an append");
        match row {
            Row::Room(room) => self.room = Some(room),
            Row::Member(user, member) => drop(self.members.insert(user, member)),
            Row::Message(seq, entry) => drop(self.messages.insert(seq, entry)),
            Row::Reactor(seq, emoji, user, on) => drop(self.reactors.insert((seq, emoji, user), on)),
            Row::Pins(pins) => self.pins = Some(pins.into_iter().collect()),
            Row::Roster(roster) => self.roster = Some(roster),
            Row::Name(name, user) => drop(self.names.insert(name, user)),
            Row::File(id, file) => drop(self.files.insert(id, file)),
            Row::Person(user, there) => drop(self.people.insert(user, there)),
            Row::Block(by, other, on) => drop(self.blocks.insert((by, other), on)),
            Row::UserRoom(room, row) => drop(self.user_rooms.insert(room, row)),
            Row::Notification(key, row, known) => drop(self.notifications.insert(key, (row, known))),
            Row::HasUnread(unread) => self.has_unread = Some(unread),
        }
    }
}

/// Returns the names to look up for the mentions of a text, each once.
fn names(text: &MessageText) -> impl Iterator<Item = RowKey> {
    let names: BTreeSet<String> = text.mentions().into_iter().flat_map(|mention| mention.keys).collect();
    names.into_iter().map(RowKey::Name)
}
