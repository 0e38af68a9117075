//! The rows that an append changes, in memory.

use domain::{Entry, FileState, LogId, Member, Notification, RoomId, RowWrite, UserId, UserRoom};
use service::ports::AppendError;

use super::state::{NotificationRow, State};

/// Checks that the row writes can be applied: only a slug can belong to another room.
pub(super) fn check(state: &State, log: LogId, row_writes: &[RowWrite]) -> Result<(), AppendError> {
    for row_write in row_writes {
        let RowWrite::Room(room) = row_write else { continue };
        debug_assert_eq!(log.room(), Some(room.id), "a room's row is written by its own log");
        let taken = |other: &domain::Room| other.id != room.id && other.slug == room.slug;
        if room.slug.is_some() && state.rooms.values().any(taken) {
            return Err(AppendError::Taken("slug"));
        }
    }
    Ok(())
}

/// Applies the row writes. "All are read" comes first: a notification of the same append sets itself whether it was
/// read.
pub(super) fn apply(state: &mut State, log: LogId, entries: &[Entry], row_writes: &[RowWrite]) {
    let read_all = |row_write: &&RowWrite| matches!(row_write, RowWrite::NotificationRead { key: None, .. });
    for row_write in row_writes.iter().filter(read_all).chain(row_writes.iter().filter(|e| !read_all(e))) {
        match log {
            LogId::Room(room) => apply_to_room(state, room, entries, row_write),
            LogId::User(user) => apply_to_user(state, user, row_write),
        }
    }
}

fn apply_to_room(state: &mut State, room: RoomId, entries: &[Entry], row_write: &RowWrite) {
    match row_write {
        RowWrite::Message(new) => {
            let log = state.logs.get_mut(&LogId::Room(room)).expect("the log was just appended to");
            let Some(old) = log.at_mut(new.seq) else { return };
            // A deleted message stays deleted, also if retention removed it while the change was decided.
            let gone = |entry: &Entry| entry.message().is_none_or(|message| message.deleted);
            if !gone(old) || (old.message().is_some() && gone(new)) {
                old.body = new.body.clone();
            }
        }
        RowWrite::Reactor { target, emoji, user, on, .. } => {
            let key = (room, *target, emoji.clone(), *user);
            if *on {
                state.reactors.insert(key)
            } else {
                state.reactors.remove(&key)
            };
        }
        RowWrite::Pin { target, on } => {
            let key = (room, *target);
            if *on {
                state.pins.insert(key)
            } else {
                state.pins.remove(&key)
            };
        }
        RowWrite::Thread { root, seq } => {
            state.threads.insert((room, *root, *seq));
        }
        RowWrite::Member(member) => {
            let key = (room, member.user);
            let old = state.members.get(&key);
            let (level, quiet_until) = old.map(|old| (old.level, old.quiet_until)).unwrap_or_default();
            state.members.insert(key, Member { level, quiet_until, ..member.clone() });
        }
        RowWrite::Room(row) => {
            state.rooms.insert(row.id, row.clone());
        }
        RowWrite::FileSent { file, seq } => {
            let sender = entries.iter().find(|entry| entry.seq == *seq).map(|entry| entry.by);
            if let Some(file) = state.files.get_mut(file)
                && file.state == FileState::Unsent
                && file.room == room
                && Some(file.user) == sender
            {
                file.state = FileState::Sent;
                file.seq = Some(*seq);
            }
        }
        RowWrite::FileDropped { file } => {
            if let Some(file) = state.files.get_mut(file).filter(|file| file.room == room) {
                file.state = FileState::Dropped;
            }
        }
        own => debug_assert!(false, "{own:?} belongs to a user log"),
    }
}

fn apply_to_user(state: &mut State, user: UserId, row_write: &RowWrite) {
    match row_write {
        RowWrite::UserRoom(new) => {
            let old = state.user_rooms.get(&(user, new.room)).cloned();
            if old.as_ref().is_some_and(|old| old.rev > new.rev) {
                return;
            }
            let kept = old.unwrap_or_else(|| unread(new));
            let (why, request) = (new.why.clone(), new.request);
            let mut row = UserRoom { state: new.state, role: new.role, rev: new.rev, why, request, ..kept };
            if new.read_seq > row.read_seq {
                row.read_seq = new.read_seq;
                row.read_n = row.read_n.max(new.read_n);
                row.mentions.retain(|mention| *mention > new.read_seq);
            }
            state.user_rooms.insert((user, new.room), row);
        }
        RowWrite::RoomSettings { room, level, quiet_until, hidden } => {
            if let Some(row) = state.user_rooms.get_mut(&(user, *room)) {
                row.level = *level;
                row.quiet_until = *quiet_until;
                row.hidden = *hidden;
            }
            if let Some(member) = state.members.get_mut(&(*room, user)) {
                member.level = *level;
                member.quiet_until = *quiet_until;
            }
        }
        RowWrite::Answer { room, request } => {
            if let Some(row) = state.user_rooms.get_mut(&(user, *room)) {
                row.request = *request;
            }
        }
        RowWrite::Block { user: other, on: true } => drop(state.blocks.insert((user, *other))),
        RowWrite::Block { user: other, on: false } => drop(state.blocks.remove(&(user, *other))),
        RowWrite::Notification(new) => {
            let row = NotificationRow::There(new.clone());
            state.notifications.entry((user, new.key)).or_insert(row);
        }
        RowWrite::NotificationChanged(new) => {
            if let Some(NotificationRow::There(row)) = state.notifications.get_mut(&(user, new.key)) {
                *row = Notification { read_at: row.read_at, ..new.clone() };
            }
        }
        RowWrite::NotificationRead { key, at } => {
            let rows = state.notifications.iter_mut().filter(|((of, _), _)| *of == user);
            for ((_, this), row) in rows {
                if let NotificationRow::There(Notification { read_at: read_at @ None, .. }) = row
                    && key.is_none_or(|key| key == *this)
                {
                    *read_at = Some(*at);
                }
            }
        }
        RowWrite::NotificationDropped { key, expires } => {
            state.notifications.insert((user, *key), NotificationRow::Dropped { expires: *expires });
        }
        other => debug_assert!(false, "{other:?} belongs to a room's log"),
    }
}

/// A new row: mentions and settings are never an append's.
fn unread(new: &UserRoom) -> UserRoom {
    UserRoom {
        level: Default::default(),
        quiet_until: None,
        hidden: false,
        read_seq: 0,
        read_n: 0,
        mentions: Vec::new(),
        ..new.clone()
    }
}
