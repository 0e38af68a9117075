//! Who may do what in a room.

use crate::change::{Actor, Change, Intent};
use crate::ids::UserId;
use crate::refusal::{Code, Refusal};
use crate::room::{Member, MemberState, Role, Room, RoomKind};
use crate::time::Timestamp;
use crate::view::View;

/// The room, if the actor may know that it is there.
pub(super) fn room<'a>(view: &'a View, actor: &Actor) -> Result<&'a Room, Refusal> {
    let unknown = || Refusal::not_found("There is no such room, or you may not see it.");
    let room = view.room().ok_or_else(unknown)?;
    let known = room.kind == RoomKind::Public || actor.user == UserId::SYSTEM || view.member(actor.user).is_some();
    if known { Ok(room) } else { Err(unknown()) }
}

/// The room and the member row of an actor who is in.
pub(super) fn joined<'a>(view: &'a View, actor: &Actor) -> Result<(&'a Room, &'a Member), Refusal> {
    let room = room(view, actor)?;
    let member = view.member(actor.user);
    let refused = |text: &str| Err(Refusal::forbidden(text));
    match member.map(|member| (member.state, member)) {
        Some((MemberState::Joined, member)) => Ok((room, member)),
        Some((MemberState::Invited, _)) => refused("Accept the invitation first."),
        Some((MemberState::Banned, _)) => refused("You are banned from this room."),
        _ => refused("Join the room first."),
    }
}

/// Whether the actor may be told where the log ends. Strangers and those who were removed are told what the
/// rules would tell them: else the head of any two people's direct room, whose id is no secret, could be asked
/// for with a `seen` that is too high.
pub(super) fn may_know_head(view: &View, change: &Change) -> Result<(), Refusal> {
    if view.log.room().is_none() || matches!(change.intent, Intent::Create { .. }) {
        return Ok(());
    }
    let room = room(view, &change.by)?;
    let invited = view.member(change.by.user).is_some_and(|member| member.state == MemberState::Invited);
    if room.kind == RoomKind::Public || invited || change.by.user == UserId::SYSTEM {
        return Ok(());
    }
    joined(view, &change.by).map(drop)
}

/// As [`joined`], for one who may add something now: not in an archived room, not read-only, not muted.
pub(super) fn writer<'a>(view: &'a View, actor: &Actor, now: Timestamp) -> Result<(&'a Room, &'a Member), Refusal> {
    let (room, member) = joined(view, actor)?;
    not_archived(room)?;
    if member.role < Role::Member {
        return Err(Refusal::forbidden("You may only read in this room."));
    }
    if let Some(until) = member.muted_until.filter(|until| *until > now) {
        let left = until.since(now).as_secs().div_ceil(60).max(1);
        return Err(Refusal::new(Code::Muted, format!("You are muted in this room for another {left} min.")));
    }
    Ok((room, member))
}

/// What an actor may do as one of those who run the room: their role, or owner where they run the
/// installation and the room is public.
pub(super) fn power(view: &View, actor: &Actor) -> Option<Role> {
    let public = view.room().is_some_and(|room| room.kind == RoomKind::Public);
    if actor.user == UserId::SYSTEM || (actor.admin && public) {
        return Some(Role::Owner);
    }
    view.member(actor.user).filter(|member| member.is_joined()).map(|member| member.role)
}

/// The room and the power of an actor who has at least `least` in a room that is not a direct one.
pub(super) fn runs<'a>(view: &'a View, actor: &Actor, least: Role) -> Result<(&'a Room, Role), Refusal> {
    let room = room(view, actor)?;
    if room.kind == RoomKind::Direct {
        return Err(Refusal::forbidden("This cannot be done in a direct room."));
    }
    match power(view, actor) {
        Some(power) if power >= least => Ok((room, power)),
        _ => {
            let who = match least {
                Role::Moderator => "moderators",
                Role::Admin => "admins of the room",
                Role::Owner => "owners of the room",
                Role::Member | Role::ReadOnly => "members",
            };
            Err(Refusal::forbidden(format!("Only {who} may do this.")))
        }
    }
}

/// Whether the actor stands above a member; else a refusal.
pub(super) fn above(power: Role, target: Option<&Member>) -> Result<(), Refusal> {
    match target.filter(|member| member.is_joined()) {
        Some(member) if member.role >= power => Err(Refusal::forbidden("Their role is not below yours.")),
        _ => Ok(()),
    }
}

pub(super) fn not_archived(room: &Room) -> Result<(), Refusal> {
    if room.archived {
        return Err(Refusal::new(Code::Archived, "This room is archived; nothing more can be added."));
    }
    Ok(())
}
