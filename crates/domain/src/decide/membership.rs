//! The rules for memberships: join, leave, invite, kick, ban, mute, roles.

use super::rights::{above, joined, not_archived, not_blocked, room, runs};
use super::{Ruled, Verdict};
use crate::change::Change;
use crate::entry::Body;
use crate::fold::Standing;
use crate::ids::UserId;
use crate::limits::REASON_CHARS;
use crate::refusal::{Code, Refusal};
use crate::room::{Member, MemberState, Role, RoomKind};
use crate::time::Timestamp;
use crate::view::View;

pub(super) fn join(view: &mut View, change: &Change, now: Timestamp) -> Ruled {
    let user = change.by.user;
    let room = room(view, &change.by)?;
    let old = view.member(user);
    let state = old.map(|member| member.state);
    match state {
        Some(MemberState::Joined) => return Ok(Verdict::Nothing),
        Some(MemberState::Banned) => return Err(Refusal::forbidden("You are banned from this room.")),
        Some(MemberState::Invited) => {}
        _ if room.kind == RoomKind::Public => {}
        _ => return Err(Refusal::not_found("There is no such room, or you may not see it.")),
    }
    not_archived(room)?;
    let invited = old.filter(|member| member.state == MemberState::Invited);
    // Leaving and joining again ends neither a mute nor the read-only role.
    let role = invited.map_or(kept_role(old), |member| member.role);
    let muted_until = old.and_then(|member| member.muted_until).filter(|until| *until > now);
    let standing = Standing { state: MemberState::Joined, role, muted_until };
    accept(view, change, user, standing, None, now)
}

pub(super) fn leave(view: &mut View, change: &Change, now: Timestamp) -> Ruled {
    let user = change.by.user;
    let room = room(view, &change.by)?;
    let Some(old) = view.member(user) else { return Ok(Verdict::Nothing) };
    if room.kind == RoomKind::Direct {
        return Err(Refusal::forbidden("You cannot leave a direct room. Hide it instead."));
    }
    match old.state {
        MemberState::Joined => keep_an_owner(view, old)?,
        MemberState::Invited => {}
        _ => return Ok(Verdict::Nothing),
    }
    let standing = Standing { state: MemberState::Left, role: kept_role(Some(old)), muted_until: old.muted_until };
    accept(view, change, user, standing, None, now)
}

pub(super) fn invite(view: &mut View, change: &Change, user: UserId, role: Role, now: Timestamp) -> Ruled {
    let (room, power) = runs(view, &change.by, Role::Member)?;
    not_archived(room)?;
    // Every member may invite a user as a plain member. Only admins may give another role, below their own.
    if role != Role::Member && (power < Role::Admin || (role >= power && power < Role::Owner)) {
        return Err(Refusal::forbidden("You cannot give this role."));
    }
    if !view.people.get(&user).copied().unwrap_or(false) {
        return Err(no_such_user());
    }
    not_blocked(view, user, &change.by)?;
    let old = view.member(user);
    match old.map(|member| (member.state, member.role)) {
        Some((MemberState::Joined, _)) => return Ok(Verdict::Nothing),
        // The role of an admin's invitation can only be changed by admins.
        Some((MemberState::Invited, invited)) if invited == role || power < Role::Admin => return Ok(Verdict::Nothing),
        Some((MemberState::Banned, _)) => {
            return Err(Refusal::new(Code::Conflict, "This user is banned from this room. Lift the ban first."));
        }
        _ => {}
    }
    // An ordinary member's invitation does not end the read-only role either.
    let role = if power < Role::Admin { kept_role(old) } else { role };
    let standing = Standing { state: MemberState::Invited, role, muted_until: old.and_then(|old| old.muted_until) };
    accept(view, change, user, standing, None, now)
}

pub(super) fn kick(view: &mut View, change: &Change, user: UserId, why: Option<String>, now: Timestamp) -> Ruled {
    let (_, power) = runs(view, &change.by, Role::Moderator)?;
    let old = view.member(user);
    // The system is above owners, too.
    if change.by.user != UserId::SYSTEM {
        above(power, old)?;
    }
    let Some(old) = old.filter(|old| matches!(old.state, MemberState::Joined | MemberState::Invited)) else {
        return Ok(Verdict::Nothing);
    };
    let standing = Standing { state: MemberState::Kicked, role: kept_role(Some(old)), muted_until: old.muted_until };
    accept(view, change, user, standing, why, now)
}

pub(super) fn ban(view: &mut View, change: &Change, user: UserId, why: Option<String>, now: Timestamp) -> Ruled {
    let (_, power) = runs(view, &change.by, Role::Moderator)?;
    let old = view.member(user);
    above(power, old)?;
    if old.is_none() && !view.people.get(&user).copied().unwrap_or(false) {
        return Err(no_such_user());
    }
    if old.is_some_and(|old| old.state == MemberState::Banned) {
        return Ok(Verdict::Nothing);
    }
    let muted_until = old.and_then(|old| old.muted_until);
    accept(view, change, user, Standing { state: MemberState::Banned, role: kept_role(old), muted_until }, why, now)
}

pub(super) fn unban(view: &mut View, change: &Change, user: UserId, now: Timestamp) -> Ruled {
    runs(view, &change.by, Role::Moderator)?;
    let Some(old) = view.member(user).filter(|old| old.state == MemberState::Banned) else {
        return Ok(Verdict::Nothing);
    };
    let standing = Standing { state: MemberState::Left, role: kept_role(Some(old)), muted_until: old.muted_until };
    accept(view, change, user, standing, None, now)
}

/// Mutes a member until `until`, or ends the mute.
pub(super) fn mute(
    view: &mut View,
    change: &Change,
    user: UserId,
    until: Option<Timestamp>,
    why: Option<String>,
    now: Timestamp,
) -> Ruled {
    let (_, power) = runs(view, &change.by, Role::Moderator)?;
    let old = view.member(user).filter(|old| old.is_joined());
    let old = old.ok_or_else(|| Refusal::not_found("They are not in this room."))?;
    above(power, Some(old))?;
    if until.is_some_and(|until| until <= now) {
        return Err(Refusal::bad_request("A mute must end in the future."));
    }
    let current = old.muted_until.filter(|current| *current > now);
    if current == until {
        return Ok(Verdict::Nothing);
    }
    let standing = Standing { state: old.state, role: old.role, muted_until: until };
    accept(view, change, user, standing, why, now)
}

pub(super) fn set_role(view: &mut View, change: &Change, user: UserId, role: Role, now: Timestamp) -> Ruled {
    let own = change.by.user == user;
    // Every member may lower their own role; only admins may change the roles of others.
    let power = if own { joined(view, &change.by)?.1.role } else { runs(view, &change.by, Role::Admin)?.1 };
    if view.room().is_some_and(|room| room.kind == RoomKind::Direct) {
        return Err(Refusal::forbidden("You cannot do this in a direct room."));
    }
    let old = view.member(user).filter(|old| matches!(old.state, MemberState::Joined | MemberState::Invited));
    let old = old.ok_or_else(|| Refusal::not_found("They are not in this room."))?;
    if old.role == role {
        return Ok(Verdict::Nothing);
    }
    let owner = super::rights::power(view, &change.by) == Some(Role::Owner);
    if !owner && (role >= power || (!own && old.role >= power)) {
        return Err(Refusal::forbidden(
            "You can only give roles below your own, to members whose role is below yours.",
        ));
    }
    if old.is_joined() && old.role == Role::Owner {
        keep_an_owner(view, old)?;
    }
    let standing = Standing { state: old.state, role, muted_until: old.muted_until };
    accept(view, change, user, standing, None, now)
}

/// Refuses to remove the last owner: a room with members must have one.
fn keep_an_owner(view: &View, leaving: &Member) -> Result<(), Refusal> {
    if leaving.role != Role::Owner {
        return Ok(());
    }
    let Some(roster) = &view.roster else { return Ok(()) };
    let others = roster.owners.iter().any(|owner| *owner != leaving.user);
    if others || roster.joined <= 1 {
        return Ok(());
    }
    Err(Refusal::new(Code::Conflict, "You are the only owner of this room. Make another member an owner first."))
}

/// Returns the role that is kept after a membership ends: rights end with it, the read-only role does not.
fn kept_role(old: Option<&Member>) -> Role {
    old.map_or(Role::Member, |old| old.role.min(Role::Member))
}

fn accept(
    view: &mut View,
    change: &Change,
    user: UserId,
    standing: Standing,
    why: Option<String>,
    now: Timestamp,
) -> Ruled {
    if why.as_ref().is_some_and(|why| why.chars().count() > REASON_CHARS) {
        return Err(Refusal::new(Code::TooLarge, format!("A reason can have at most {REASON_CHARS} characters.")));
    }
    let Standing { state, role, muted_until } = standing;
    view.accept(change.by.user, change.id, now, Body::Member { user, state, role, muted_until, why });
    Ok(Verdict::Accepted)
}

fn no_such_user() -> Refusal {
    Refusal::not_found("There is no such user.")
}
