//! The rules for the room itself: create, update, archive.

use super::rights::{not_archived, not_blocked, runs};
use super::{Ruled, Verdict};
use crate::change::{Change, Intent};
use crate::entry::Body;
use crate::ids::{EntryId, RoomId, UserId};
use crate::limits::{DESCRIPTION_CHARS, PEOPLE_PER_CREATE, SLOW_MODE_MAX_S};
use crate::refusal::{Code, Refusal};
use crate::room::{MemberState, Role, Room, RoomKind};
use crate::time::Timestamp;
use crate::view::View;

pub(super) fn create(view: &mut View, change: &Change, room: &Room, people: &[UserId], now: Timestamp) -> Ruled {
    let owner = change.by.user;
    if view.log.room() != Some(room.id) {
        return Err(Refusal::bad_request("The room's id does not match its log."));
    }
    let direct = room.kind == RoomKind::Direct;
    if direct {
        check_pair(room, owner)?;
    }
    if view.place().seq > 0 {
        // Both users of a direct room may create it at the same time: the second one finds it.
        return match direct {
            true => Ok(Verdict::Nothing),
            false => Err(Refusal::new(Code::Conflict, "This room already exists.")),
        };
    }
    if !direct && room.name.is_none() {
        return Err(Refusal::bad_request("Give the room a name."));
    }
    if (room.kind == RoomKind::Public) != room.slug.is_some() {
        return Err(Refusal::bad_request(
            "A public room needs an id of its own (a slug); private and direct rooms cannot have one.",
        ));
    }
    check_size(&room.description, room.slow_mode_s)?;
    let mut others: Vec<UserId> = Vec::new();
    for user in people.iter().filter(|user| **user != owner) {
        if !others.contains(user) {
            others.push(*user);
        }
    }
    if others.len() > PEOPLE_PER_CREATE {
        return Err(Refusal::new(
            Code::TooLarge,
            format!("A new room can have at most {PEOPLE_PER_CREATE} people. Invite the others later."),
        ));
    }
    if others.iter().any(|user| !view.people.get(user).copied().unwrap_or(false)) {
        return Err(Refusal::not_found("There is no such user."));
    }
    for user in &others {
        not_blocked(view, *user, &change.by)?;
    }
    let body = Body::Room(Room { rev: view.place().seq + 1, archived: false, ..room.clone() });
    view.accept(owner, change.id, now, body);
    // The further entries have their own ids, the same on every retry.
    let mut add = |user: UserId, state, role| {
        let id = EntryId::derived(room.id, owner, change.id, &format!("create:{user}"));
        view.accept(owner, id, now, Body::Member { user, state, role, muted_until: None, why: None });
    };
    // The system is nobody who could be listed. Admins of the installation act as owners of public rooms.
    if owner != UserId::SYSTEM {
        add(owner, MemberState::Joined, if direct { Role::Member } else { Role::Owner });
    }
    let state = if direct { MemberState::Joined } else { MemberState::Invited };
    for user in others {
        add(user, state, Role::Member);
    }
    Ok(Verdict::Accepted)
}

pub(super) fn update(view: &mut View, change: &Change, now: Timestamp) -> Ruled {
    let Intent::Update { name, description, archived, hides_past, slow_mode_s } = &change.intent else {
        unreachable!("only an update comes here")
    };
    let changes_archived = |room: &Room| archived.is_some_and(|archived| archived != room.archived);
    let least = if view.room().is_some_and(changes_archived) { Role::Owner } else { Role::Admin };
    let (room, _) = runs(view, &change.by, least)?;
    let mut next = room.clone();
    next.name = name.clone().or(next.name);
    next.description = description.clone().unwrap_or(next.description);
    next.archived = archived.unwrap_or(next.archived);
    next.hides_past = hides_past.unwrap_or(next.hides_past);
    next.slow_mode_s = slow_mode_s.unwrap_or(next.slow_mode_s);
    if next == *room {
        return Ok(Verdict::Nothing);
    }
    // An archived room cannot be changed until it is unarchived.
    if room.archived && next.archived {
        not_archived(room)?;
    }
    check_size(&next.description, next.slow_mode_s)?;
    next.rev = view.place().seq + 1;
    view.accept(change.by.user, change.id, now, Body::Room(next));
    Ok(Verdict::Accepted)
}

pub(super) fn delete(view: &mut View, change: &Change, now: Timestamp) -> Ruled {
    if change.by.user != UserId::SYSTEM {
        return Err(Refusal::forbidden("Only admins of this server can delete a room."));
    }
    // A direct room is deleted for nobody: its id follows from its two users, who could never write to each other again.
    let (room, _) = runs(view, &change.by, Role::Owner)?;
    if room.is_deleted() {
        return Ok(Verdict::Nothing);
    }
    let next = room.deleted(view.place().seq + 1);
    view.accept(change.by.user, change.id, now, Body::Room(next));
    Ok(Verdict::Accepted)
}

/// Checks that a direct room is that of its two users and requested by one of them.
fn check_pair(room: &Room, asks: UserId) -> Result<(), Refusal> {
    match room.pair {
        Some((a, b)) if a <= b && (asks == a || asks == b) && RoomId::direct(a, b) == room.id => Ok(()),
        _ => Err(Refusal::bad_request("You can only open a direct room between yourself and one other user.")),
    }
}

fn check_size(description: &str, slow_mode_s: u32) -> Result<(), Refusal> {
    if description.chars().count() > DESCRIPTION_CHARS {
        return Err(Refusal::new(
            Code::TooLarge,
            format!("A description can have at most {DESCRIPTION_CHARS} characters."),
        ));
    }
    if slow_mode_s > SLOW_MODE_MAX_S {
        return Err(Refusal::bad_request(format!("Slow mode can be at most {SLOW_MODE_MAX_S} s.")));
    }
    Ok(())
}
