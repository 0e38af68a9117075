//! Membership: joining, leaving, inviting, removing, muting, roles, and the list of members.

use crate::limits::MEMBERS_LOOKED_AT;
use domain::limits::PAGE_ROWS;
use domain::{Ack, Actor, Intent, Member, MemberState, Refusal, Related, RoomKind, UserId};

use super::{ChangeRequest, MembersPage, Rooms};
use crate::access::{RoomRef, no_such_room};

impl Rooms {
    /// Joins a room, or accepts an invitation. `seen` is the head from the directory or the room's page.
    pub async fn join(&self, actor: &Actor, room: &RoomRef, asked: ChangeRequest) -> Result<Ack, Refusal> {
        let id = self.access.id(room).await?;
        let member = self.store.rooms.member(id, actor.user).await?;
        // A member who joins again repeats the change, and the log answers as before.
        if !member.as_ref().is_some_and(Member::is_joined) {
            self.check_room_count(actor).await?;
        }
        self.ask_own(actor, id, asked, Intent::Join).await
    }

    /// Leaves a room, or declines an invitation.
    pub async fn leave(&self, actor: &Actor, room: &RoomRef, asked: ChangeRequest) -> Result<Ack, Refusal> {
        let id = self.access.id(room).await?;
        self.ask_own(actor, id, asked, Intent::Leave).await
    }

    /// Changes another user's membership: invite, kick, ban, unban, mute, unmute, role.
    pub async fn change_member(
        &self,
        actor: &Actor,
        room: &RoomRef,
        asked: ChangeRequest,
        intent: Intent,
    ) -> Result<Ack, Refusal> {
        let Intent::Invite { user, .. } = &intent else { return self.ask(actor, room, asked, intent).await };
        refuse_older_guest(*user)?;
        let id = self.access.id(room).await?;
        // A repeat changes nothing, and costs no place.
        let member = self.store.rooms.member(id, *user).await?;
        if member.is_some_and(|member| matches!(member.state, MemberState::Joined | MemberState::Invited)) {
            return self.ask(actor, room, asked, intent).await;
        }

        let place = self.approaches.invite(actor).await?;
        let outcome = self.ask(actor, room, asked, intent).await;
        if let Some(place) = place.filter(|_| !outcome.as_ref().is_ok_and(|ack| !ack.noop && !ack.dup)) {
            place.give_back().await;
        }
        outcome
    }

    /// Returns the members in order of user id. Those who left are not included; the banned and the invited are
    /// included for members. Examines at most [`MEMBERS_LOOKED_AT`] rows, so a page of a room that very many users left
    /// may be short, or even empty.
    pub async fn members(
        &self,
        actor: &Actor,
        room: &RoomRef,
        after: Option<UserId>,
        limit: Option<usize>,
    ) -> Result<MembersPage, Refusal> {
        let seen = self.access.room(actor, room).await?;
        let joined = seen.is_joined();
        if !joined && seen.room.kind != RoomKind::Public {
            return Err(no_such_room());
        }
        let limit = limit.unwrap_or(PAGE_ROWS).clamp(1, PAGE_ROWS);
        let (mut items, mut looked_at) = (Vec::new(), 0);
        let mut from = after;
        // Rows of users who left are skipped, so a page may take more than one read.
        let next = 'page: loop {
            let rows = self.store.rooms.members(seen.room.id, from, PAGE_ROWS).await?;
            let is_last = rows.len() < PAGE_ROWS;
            looked_at += rows.len();
            for member in rows {
                let user = member.user;
                if is_shown(&member, joined) {
                    if items.len() == limit {
                        break 'page from;
                    }
                    items.push(member);
                }
                from = Some(user);
            }
            if is_last || looked_at >= MEMBERS_LOOKED_AT {
                break from.filter(|_| !is_last);
            }
        };
        let related = self.people_of(items.iter().map(|member| member.user).collect()).await?;
        Ok(MembersPage { items, next, related })
    }

    /// Returns one member with their user.
    pub async fn member(&self, actor: &Actor, room: &RoomRef, user: UserId) -> Result<(Member, Related), Refusal> {
        let seen = self.access.room(actor, room).await?;
        let joined = seen.is_joined();
        if !joined && seen.room.kind != RoomKind::Public {
            return Err(no_such_room());
        }
        let member = self.store.rooms.member(seen.room.id, user).await?;
        let member = member.filter(|member| is_shown(member, joined));
        let member = member.ok_or_else(|| Refusal::not_found("This user is not a member of this room."))?;
        Ok((member, self.people_of(vec![user]).await?))
    }
}

/// Refuses to let a guest of the older contract into a room that is not public: whoever names the guest would read it.
pub(super) fn refuse_older_guest(user: UserId) -> Result<(), Refusal> {
    match user.is_compat() {
        true => Err(Refusal::forbidden(
            "This is an unverified guest of an older client, who can only be in public rooms. Write to them there.",
        )),
        false => Ok(()),
    }
}

fn is_shown(member: &Member, to_member: bool) -> bool {
    use domain::MemberState::*;
    match member.state {
        Joined => true,
        Invited | Banned => to_member,
        Left | Kicked => false,
    }
}
