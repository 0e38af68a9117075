//! The rules for a user log: each change is guarded by the row that it announces, read after the head, so that a
//! consumer that died between its append and its cursor update creates no duplicates.
//!
//! Checks no rights: only the server itself makes these changes, each for the log's user.

use std::time::Duration;

use super::{Ruled, Verdict};
use crate::change::Change;
use crate::entry::Body;
use crate::limits::NOTIFICATION_MARK_LIFE;
use crate::own::{BLOCK_SETTING, Notification, NotificationKey, OwnChange, Request, UserRoom};
use crate::refusal::Refusal;
use crate::room::MemberState;
use crate::row_write::RowWrite;
use crate::time::Timestamp;
use crate::view::View;

pub(super) fn change(view: &mut View, change: &Change, own: &OwnChange, now: Timestamp) -> Ruled {
    let at = now.max(view.place().at);
    let (body, row_write) = match own {
        OwnChange::Room { row } => {
            let old = view.user_rooms.get(&row.room).and_then(Option::as_ref);
            if old.is_some_and(|old| old.rev >= row.rev) {
                return Ok(Verdict::Nothing);
            }
            let next = follow(old, row);
            let rises = next.read_seq > old.map_or(0, |old| old.read_seq);
            let (read_seq, read_n) = if rises { (next.read_seq, next.read_n) } else { (0, 0) };
            let row_write = RowWrite::UserRoom(UserRoom { read_seq, read_n, ..next.clone() });
            (Body::UserRoom(next), Some(row_write))
        }
        OwnChange::RoomSettings { room, level, quiet_s, hidden } => {
            let old = view.user_rooms.get(room).and_then(Option::as_ref);
            let old = old.ok_or_else(|| Refusal::not_found("This room is not in your list."))?;
            let next = UserRoom {
                level: level.unwrap_or(old.level),
                quiet_until: match (quiet_s, level) {
                    (Some(seconds), _) => (*seconds > 0).then(|| now + Duration::from_secs(*seconds)),
                    (None, Some(_)) => None,
                    (None, None) => old.quiet_until,
                },
                hidden: hidden.unwrap_or(old.hidden),
                ..old.clone()
            };
            if next == *old {
                return Ok(Verdict::Nothing);
            }
            let UserRoom { level, quiet_until, hidden, .. } = next;
            let row_write = RowWrite::RoomSettings { room: *room, level, quiet_until, hidden };
            (Body::UserRoom(next), Some(row_write))
        }
        OwnChange::Answer { room, accept } => {
            let old = view.user_rooms.get(room).and_then(Option::as_ref);
            let old = old.ok_or_else(|| Refusal::not_found("This room is not in your list."))?;
            let request = if *accept { None } else { Some(Request::Ignored) };
            if old.request.is_none() || old.request == request {
                return Ok(Verdict::Nothing);
            }
            let next = UserRoom { request, ..old.clone() };
            (Body::UserRoom(next), Some(RowWrite::Answer { room: *room, request }))
        }
        OwnChange::Block { user, on } => {
            let value = serde_json::json!({ "user": user, "on": on });
            (Body::Setting { name: BLOCK_SETTING.into(), value }, Some(RowWrite::Block { user: *user, on: *on }))
        }
        OwnChange::Notify(notification) => {
            if known(view, notification.key) {
                return Ok(Verdict::Nothing);
            }
            (Body::NotificationAdded(notification.clone()), Some(RowWrite::Notification(notification.clone())))
        }
        OwnChange::NotificationRead(key) => {
            let row = row(view, *key).ok_or_else(no_such_notification)?;
            if row.read_at.is_some() {
                return Ok(Verdict::Nothing);
            }
            (Body::NotificationRead { key: Some(*key) }, Some(RowWrite::NotificationRead { key: Some(*key), at }))
        }
        OwnChange::NotificationsRead => {
            if view.has_unread == Some(false) {
                return Ok(Verdict::Nothing);
            }
            (Body::NotificationRead { key: None }, Some(RowWrite::NotificationRead { key: None, at }))
        }
        OwnChange::NotificationDrop(key) => {
            if row(view, *key).is_none() {
                // The mark of a notification that was deleted before: the change is a duplicate.
                return if known(view, *key) { Ok(Verdict::Nothing) } else { Err(no_such_notification()) };
            }
            dropped(*key, at)
        }
        OwnChange::NotificationRevoke(key) => {
            if row(view, *key).is_none() {
                return Ok(Verdict::Nothing);
            }
            dropped(*key, at)
        }
        OwnChange::NotificationChange { key, rev } => {
            let Some(row) = row(view, *key).filter(|row| row.rev < *rev) else { return Ok(Verdict::Nothing) };
            let next = Notification { rev: *rev, body: String::new(), ..row.clone() };
            (Body::NotificationChanged(next.clone()), Some(RowWrite::NotificationChanged(next)))
        }
        OwnChange::Setting { name, value } => (Body::Setting { name: name.clone(), value: value.clone() }, None),
        OwnChange::SessionEnded(session) => (Body::SessionEnded { session: *session }, None),
    };
    view.accept(change.by.user, change.id, now, body);
    if let Some(row_write) = row_write {
        view.with_row_write(row_write);
    }
    Ok(Verdict::Accepted)
}

/// Deletes a notification; its mark prevents it from being added again.
fn dropped(key: NotificationKey, at: Timestamp) -> (Body, Option<RowWrite>) {
    let row_write = RowWrite::NotificationDropped { key, expires: at + NOTIFICATION_MARK_LIFE };
    (Body::NotificationGone { key }, Some(row_write))
}

/// Returns the row after a member entry: the user's marks and settings stay. Only joining marks everything before it as
/// read, so that the room's whole history does not count as unread.
fn follow(old: Option<&UserRoom>, new: &UserRoom) -> UserRoom {
    let Some(old) = old.cloned() else { return new.clone() };
    let joins = new.state == MemberState::Joined && old.state != MemberState::Joined;
    // What the user ignored stays ignored until they join.
    let request = match old.request {
        Some(Request::Ignored) if new.state != MemberState::Joined => old.request,
        _ => new.request,
    };
    let mut row = UserRoom { state: new.state, role: new.role, rev: new.rev, why: new.why.clone(), request, ..old };
    if joins && new.read_seq > row.read_seq {
        row.read_seq = new.read_seq;
        row.read_n = row.read_n.max(new.read_n);
        row.mentions.retain(|mention| *mention > new.read_seq);
    }
    row
}

fn row(view: &View, key: NotificationKey) -> Option<&Notification> {
    view.notifications.get(&key).and_then(|(row, _)| row.as_ref())
}

fn known(view: &View, key: NotificationKey) -> bool {
    view.notifications.get(&key).is_some_and(|(row, known)| row.is_some() || *known)
}

fn no_such_notification() -> Refusal {
    Refusal::not_found("There is no such notification.")
}
