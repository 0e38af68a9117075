//! The rules that decide who may do what in a room.

use crate::change::{Actor, Change, Intent};
use crate::ids::UserId;
use crate::refusal::{Code, Refusal};
use crate::room::{Member, MemberState, Role, Room, RoomKind};
use crate::time::Timestamp;
use crate::view::View;

/// Returns the room, if the actor may know that it exists.
pub(super) fn room<'a>(view: &'a View, actor: &Actor) -> Result<&'a Room, Refusal> {
    let unknown = || Refusal::not_found("There is no such room, or you may not see it.");
    let room = view.room().ok_or_else(unknown)?;
    let is_system = actor.user == UserId::SYSTEM;
    let known = is_system || room.kind == RoomKind::Public || view.member(actor.user).is_some();
    let known = known && (is_system || !room.is_deleted());
    if known { Ok(room) } else { Err(unknown()) }
}

/// Returns the room and the member row of an actor who is a member.
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

/// Returns whether the actor may learn where the log ends. A user who never was a member, or was removed, gets the
/// answer that the rules would give: otherwise anyone could learn the head of any two users' direct room, whose id is
/// no secret, by sending a `seen` that is too high.
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

/// Like [`joined`], for a member who may add something now: the room is not archived, and the member is neither
/// read-only nor muted.
pub(super) fn writer<'a>(view: &'a View, actor: &Actor, now: Timestamp) -> Result<(&'a Room, &'a Member), Refusal> {
    let (room, member) = joined(view, actor)?;
    not_archived(room)?;
    if let Some(other) = room.other(actor.user) {
        not_blocked(view, other, actor)?;
    }
    if member.role < Role::Member {
        return Err(Refusal::forbidden("You have read-only access to this room."));
    }
    if let Some(until) = member.muted_until.filter(|until| *until > now) {
        let left = until.since(now).as_secs().div_ceil(60).max(1);
        return Err(Refusal::new(Code::Muted, format!("You are muted in this room for another {left} min.")));
    }
    Ok((room, member))
}

/// Returns an actor's role for moderating the room: their own role, or owner if they are an admin of the installation
/// and the room is public.
pub(super) fn power(view: &View, actor: &Actor) -> Option<Role> {
    let public = view.room().is_some_and(|room| room.kind == RoomKind::Public);
    if actor.user == UserId::SYSTEM || (actor.admin && public) {
        return Some(Role::Owner);
    }
    view.member(actor.user).filter(|member| member.is_joined()).map(|member| member.role)
}

/// Returns the room and the role of an actor who has at least `least` in a room that is not a direct one.
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
            Err(Refusal::forbidden(format!("Only {who} can do this.")))
        }
    }
}

/// Returns a refusal unless the actor's role is above the member's.
pub(super) fn above(power: Role, target: Option<&Member>) -> Result<(), Refusal> {
    match target.filter(|member| member.is_joined()) {
        Some(member) if member.role >= power => {
            Err(Refusal::forbidden("You can only do this to members whose role is below yours."))
        }
        _ => Ok(()),
    }
}

/// Returns a refusal if a user blocks the actor. Says no more than what a user who accepts nothing from anybody would.
pub(super) fn not_blocked(view: &View, user: UserId, actor: &Actor) -> Result<(), Refusal> {
    if view.blocks(user, actor.user) {
        return Err(Refusal::forbidden("This user does not accept messages or invitations from you."));
    }
    Ok(())
}

pub(super) fn not_archived(room: &Room) -> Result<(), Refusal> {
    if room.archived {
        return Err(Refusal::new(Code::Archived, "This room is archived. Nothing more can be added."));
    }
    Ok(())
}
