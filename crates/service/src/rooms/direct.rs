//! The direct room of two users, and what a user does about those who approach them: accept, ignore, block.

use domain::limits::BLOCKED_USERS;
use domain::{Ack, Actor, Code, Intent, LogId, OwnChange, Refusal, Room, RoomId, RoomKind, User, UserId};

use super::membership::refuse_older_guest;
use super::{ChangeRequest, RoomDetails, Rooms};
use crate::access::RoomRef;

/// Who may open a direct room with another user. Existing ones stay usable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DirectPolicy {
    /// Accounts with anyone, guests with users whom they share a room with.
    #[default]
    ByAccount,
    /// Everybody with anyone.
    Anyone,
    /// Everybody with users whom they share a room with.
    SharedRoom,
    /// Nobody except admins.
    Nobody,
}

impl Rooms {
    /// Returns the direct room of the caller and another user, and creates it if it does not exist. Both may call it
    /// concurrently. If the room is a request to the caller, it is accepted. Returns `forbidden` if the policy or the other user
    /// does not allow it, `rate_limited` if the caller opened too many.
    pub async fn direct(&self, actor: &Actor, other: UserId) -> Result<RoomDetails, Refusal> {
        if other == actor.user {
            return Err(Refusal::bad_request("You cannot open a direct room with yourself. Choose another user."));
        }
        refuse_older_guest(other)?;
        let id = RoomId::direct(actor.user, other);
        if self.store.rooms.room(id).await?.is_none() {
            self.open_direct(actor, other, id).await?;
        } else {
            let mut row = self.store.rooms.user_room(actor.user, id).await?;
            if row.is_none() {
                // The other user has opened it a moment ago.
                self.own_rooms.write_now(id, actor.user).await;
                row = self.store.rooms.user_room(actor.user, id).await?;
            }
            if row.is_some_and(|row| row.request.is_some()) {
                self.own(actor, OwnChange::Answer { room: id, accept: true }).await?;
            }
        }
        self.get(actor, &RoomRef::Id(id)).await
    }

    async fn open_direct(&self, actor: &Actor, other: UserId, id: RoomId) -> Result<(), Refusal> {
        self.check_room_count(actor).await?;
        self.check_policy(actor, other).await?;
        let place = self.approaches.open(actor).await?;
        let pair = if actor.user < other { (actor.user, other) } else { (other, actor.user) };
        let room = Room {
            id,
            kind: RoomKind::Direct,
            slug: None,
            name: None,
            description: String::new(),
            archived: false,
            hides_past: false,
            slow_mode_s: 0,
            pair: Some(pair),
            rev: 0,
        };
        let intent = Intent::Create { room: Box::new(room), people: vec![other] };
        let outcome = self.ask_own(actor, id, ChangeRequest::default(), intent).await;
        if let Some(place) = place.filter(|_| !outcome.as_ref().is_ok_and(|ack| !ack.noop)) {
            place.give_back().await;
        }
        outcome.map(drop)
    }

    async fn check_policy(&self, actor: &Actor, other: UserId) -> Result<(), Refusal> {
        let needs_a_room = match self.rules.direct {
            _ if actor.admin => false,
            DirectPolicy::Anyone => false,
            DirectPolicy::ByAccount => actor.guest,
            DirectPolicy::SharedRoom => true,
            DirectPolicy::Nobody => {
                return Err(Refusal::forbidden("Only admins can start direct conversations here."));
            }
        };
        if !needs_a_room || self.store.rooms.share_a_room(actor.user, other, None).await? {
            return Ok(());
        }
        let who = if actor.guest { "As a guest you" } else { "You" };
        Err(Refusal::forbidden(format!(
            "{who} can only write to people who are in a room with you. Join one of theirs."
        )))
    }

    /// Accepts or ignores a request. Returns `not_found` for a room that is not in the caller's list; has no effect on
    /// one that is no request. An invitation is accepted by joining.
    pub async fn answer(&self, actor: &Actor, room: &RoomRef, accept: bool) -> Result<Ack, Refusal> {
        let seen = self.access.room(actor, room).await?;
        if accept && !seen.is_joined() {
            return Err(Refusal::forbidden("This is an invitation. Join the room to accept it."));
        }
        self.own(actor, OwnChange::Answer { room: seen.room.id, accept }).await
    }

    /// Returns whom the caller blocks.
    pub async fn blocks(&self, actor: &Actor) -> Result<Vec<User>, Refusal> {
        let blocked = self.store.users.blocks(actor.user).await?;
        let mut users = self.user_cache.users(blocked.clone()).await?;
        Ok(blocked.iter().filter_map(|user| users.remove(user)).collect())
    }

    /// Blocks a user: they can neither write to the caller directly nor invite them, their mentions and replies do not
    /// notify the caller, and they do not see whether the caller is online. A request of theirs is ignored.
    pub async fn block(&self, actor: &Actor, other: UserId) -> Result<(), Refusal> {
        if other == actor.user {
            return Err(Refusal::bad_request("You cannot block yourself. Choose another user."));
        }
        if self.user_cache.user(other).await?.is_none() {
            return Err(Refusal::not_found("There is no such user."));
        }
        let blocks = self.store.users.blocks(actor.user).await?;
        if !blocks.contains(&other) {
            if blocks.len() >= BLOCKED_USERS {
                let text = format!("You can block at most {BLOCKED_USERS} users. Unblock one first.");
                return Err(Refusal::new(Code::TooLarge, text));
            }
            self.own(actor, OwnChange::Block { user: other, on: true }).await?;
        }
        let room = RoomId::direct(actor.user, other);
        if self.store.rooms.user_room(actor.user, room).await?.is_some_and(|row| row.pending().is_some()) {
            self.own(actor, OwnChange::Answer { room, accept: false }).await?;
        }
        Ok(())
    }

    /// Lifts a block. Has no effect on a user who is not blocked.
    pub async fn unblock(&self, actor: &Actor, other: UserId) -> Result<(), Refusal> {
        if !self.store.users.blocked_by(&[actor.user], other).await?.is_empty() {
            self.own(actor, OwnChange::Block { user: other, on: false }).await?;
        }
        Ok(())
    }

    /// Submits a change to the caller's own log.
    pub(super) async fn own(&self, actor: &Actor, change: OwnChange) -> Result<Ack, Refusal> {
        let change = ChangeRequest::default().change(&self.ids, *actor, Intent::Own(change));
        self.logs.submit(LogId::User(actor.user), change).await
    }
}
