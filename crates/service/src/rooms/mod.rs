//! Rooms: created, found, listed, and the caller's own settings of them. The log's appender decides who may do what;
//! this module prepares the request and returns what a caller may see.

mod approach;
mod create;
mod direct;
mod membership;
mod offered;

use std::sync::Arc;

use domain::limits::{Limits, PAGE_ROWS, PINS_PER_ROOM, QUIET_S};
use domain::name::Slug;
use domain::text::Emoji;
use domain::{
    Ack, Actor, Change, EntryId, Epoch, Intent, Level, LogId, Member, OwnChange, Refusal, Related, Room, RoomId, Seq,
    UserId,
};

pub use approach::Approaches;
pub use create::NewRoom;
pub use direct::DirectPolicy;

use crate::access::{Access, RoomRef, Seen};
use crate::feed::OwnRooms;
use crate::ids::Ids;
use crate::log::Logs;
use crate::ports::{DirectoryRoom, Store, UserRoomRow};
use crate::user_cache::UserCache;

/// What a caller sends besides the change itself: the id of the change and what they had seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChangeRequest {
    /// The change's id; the server creates one if the caller gave none.
    pub id: Option<EntryId>,
    /// The head that the caller knew. Without it a repeat is not recognized.
    pub seen: Option<Seq>,
    /// The epoch that `seen` belongs to.
    pub epoch: Option<Epoch>,
}

impl ChangeRequest {
    /// Returns the change that asks for `intent`.
    pub fn change(self, ids: &Ids, by: Actor, intent: Intent) -> Change {
        let (id, asked) = self.with_id(ids);
        Change { by, id, seen: asked.seen, epoch: asked.epoch, intent }
    }

    /// Returns the change's id, a new one if the caller gave none, and the request with it.
    pub fn with_id(self, ids: &Ids) -> (EntryId, Self) {
        let id = self.id.unwrap_or_else(|| ids.entry());
        (id, ChangeRequest { id: Some(id), ..self })
    }
}

/// A room as one user sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomDetails {
    /// The room.
    pub room: Room,
    /// The caller's member row.
    pub member: Option<Member>,
    /// The number of members.
    pub members: u64,
    /// The seq of the last entry.
    pub head: Seq,
    /// The number of messages so far.
    pub n: u64,
    /// The seqs of the pinned messages.
    pub pins: Vec<Seq>,
    /// The other user of a direct room.
    pub related: Related,
}

/// A page of a list, and whether another follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Whether there are more after the last one.
    pub more: bool,
    /// The users that the rows name.
    pub related: Related,
}

/// A page of a room's members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembersPage {
    /// The rows.
    pub items: Vec<Member>,
    /// The user after whom the next page begins.
    pub next: Option<UserId>,
    /// The users that the rows name.
    pub related: Related,
}

/// A page of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryPage {
    /// The rooms, each with whether the caller is a member.
    pub items: Vec<(DirectoryRoom, bool)>,
    /// The slug where the next page begins.
    pub next: Option<Slug>,
}

impl<T> Listed<T> {
    /// Creates a page of rows that were read with one more than requested.
    fn cut(mut items: Vec<T>, limit: usize) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        Listed { items, more, related: Related::default() }
    }
}

/// The use cases of rooms.
pub struct Rooms {
    store: Store,
    logs: Arc<Logs>,
    access: Arc<Access>,
    user_cache: Arc<UserCache>,
    ids: Ids,
    rules: RoomRules,
    approaches: Approaches,
    own_rooms: Arc<OwnRooms>,
}

/// What an operator decides about rooms.
#[derive(Debug, Clone, Default)]
pub struct RoomRules {
    /// The limits.
    pub limits: Limits,
    /// The slugs of the rooms that everybody is offered first.
    pub offered: Vec<Slug>,
    /// Who may open a direct room with whom.
    pub direct: DirectPolicy,
}

impl Rooms {
    /// Creates the use cases from their parts.
    #[expect(clippy::too_many_arguments, reason = "each is a part of its own, and there is one caller")]
    pub fn new(
        store: Store,
        logs: Arc<Logs>,
        access: Arc<Access>,
        user_cache: Arc<UserCache>,
        ids: Ids,
        rules: RoomRules,
        approaches: Approaches,
        own_rooms: Arc<OwnRooms>,
    ) -> Arc<Self> {
        Arc::new(Rooms { store, logs, access, user_cache, ids, rules, approaches, own_rooms })
    }

    /// Returns a room that the caller may see.
    pub async fn get(&self, actor: &Actor, room: &RoomRef) -> Result<RoomDetails, Refusal> {
        let seen = self.access.room(actor, room).await?;
        self.details(seen).await
    }

    async fn details(&self, Seen { room, member }: Seen) -> Result<RoomDetails, Refusal> {
        let tip = self.store.log.tip(LogId::Room(room.id)).await?;
        let reads = member.as_ref().is_some_and(Member::is_joined) || room.kind == domain::RoomKind::Public;
        let pins = if reads { self.pins(&room, member.as_ref()).await? } else { Vec::new() };
        let members = self.store.rooms.member_count(room.id).await?;
        let related = self.people_of(room.pair.iter().flat_map(|(a, b)| [*a, *b]).collect()).await?;
        Ok(RoomDetails { room, member, members, head: tip.seq(), n: tip.n(), pins, related })
    }

    /// Returns the pins that a reader may see: none from before a hidden past.
    async fn pins(&self, room: &Room, member: Option<&Member>) -> Result<Vec<Seq>, Refusal> {
        let seen = Seen { room: room.clone(), member: member.cloned() };
        let range = seen.range();
        let mut pins = self.store.rooms.pins(room.id).await?;
        pins.retain(|seq| range.contains(seq));
        pins.truncate(PINS_PER_ROOM);
        Ok(pins)
    }

    /// Returns the caller's rooms and invitations, in order of room id.
    pub async fn list(
        &self,
        actor: &Actor,
        after: Option<RoomId>,
        limit: Option<usize>,
    ) -> Result<Listed<UserRoomRow>, Refusal> {
        let limit = limit.unwrap_or(PAGE_ROWS).clamp(1, PAGE_ROWS);
        let rows = self.store.rooms.user_rooms(actor.user, after, limit + 1).await?;
        let mut listed = Listed::cut(rows, limit);
        let others = listed.items.iter().filter_map(|row| row.room.other(actor.user)).collect();
        listed.related = self.people_of(others).await?;
        Ok(listed)
    }

    /// Changes the room's properties.
    pub async fn update(
        &self,
        actor: &Actor,
        room: &RoomRef,
        asked: ChangeRequest,
        intent: Intent,
    ) -> Result<(Ack, RoomDetails), Refusal> {
        let ack = self.ask(actor, room, asked, intent).await?;
        Ok((ack, self.get(actor, room).await?))
    }

    /// Submits a change of the caller's own membership. When it returns, the caller's list of rooms shows it.
    async fn ask_own(&self, actor: &Actor, room: RoomId, asked: ChangeRequest, intent: Intent) -> Result<Ack, Refusal> {
        let ack = self.logs.submit(LogId::Room(room), asked.change(&self.ids, *actor, intent)).await?;
        self.own_rooms.write_now(room, actor.user).await;
        Ok(ack)
    }

    /// Submits a change to the room's log, for a caller who can see the room or was a member of it.
    async fn ask(&self, actor: &Actor, room: &RoomRef, asked: ChangeRequest, intent: Intent) -> Result<Ack, Refusal> {
        let room = self.access.id(room).await?;
        self.logs.submit(LogId::Room(room), asked.change(&self.ids, *actor, intent)).await
    }

    /// Changes the caller's own settings of a room. They are stored in the user log, and reach all their devices.
    pub async fn set_settings(
        &self,
        actor: &Actor,
        room: &RoomRef,
        level: Option<Level>,
        quiet_s: Option<u64>,
        hidden: Option<bool>,
    ) -> Result<Ack, Refusal> {
        if quiet_s.is_some_and(|seconds| seconds > QUIET_S) {
            let message =
                format!("A room can be muted for at most {QUIET_S} seconds; set the level to \"none\" instead.");
            return Err(Refusal::bad_request(message));
        }
        let seen = self.access.room(actor, room).await?;
        if seen.member.is_none() {
            return Err(Refusal::forbidden("Join the room before you change its settings."));
        }
        self.own(actor, OwnChange::RoomSettings { room: seen.room.id, level, quiet_s, hidden }).await
    }

    /// Returns the user whom a caller names by id or by handle.
    pub async fn resolve_user(&self, text: &str) -> Result<UserId, Refusal> {
        let unknown = || Refusal::not_found("No user has this name.");
        if let Ok(id) = text.parse::<UserId>() {
            let found = self.user_cache.user(id).await?.filter(|user| !user.deleted);
            return found.map(|user| user.id).ok_or_else(unknown);
        }
        let folded = domain::name::lookup_key(text.trim_start_matches('@')).ok_or_else(unknown)?;
        self.store.users.user_by_name(&folded).await?.map(|record| record.user.id).ok_or_else(unknown)
    }

    /// Returns who reacted to a message with an emoji, in order of user id.
    pub async fn reactors(
        &self,
        actor: &Actor,
        room: &RoomRef,
        target: Seq,
        emoji: &Emoji,
        after: Option<UserId>,
        limit: Option<usize>,
    ) -> Result<Listed<UserId>, Refusal> {
        let seen = self.access.past(actor, room).await?;
        let no_such_message = || Refusal::not_found("There is no such message.");
        if !seen.range().contains(&target) {
            return Err(no_such_message());
        }
        let read = self.store.log.messages(LogId::Room(seen.room.id), &[target]).await?;
        let message = read.first().and_then(domain::Entry::message).ok_or_else(no_such_message)?;
        if message.rev > *seen.range().end() {
            // Somebody may have reacted after the caller's time in the room.
            return Ok(Listed::cut(Vec::new(), PAGE_ROWS));
        }
        let limit = limit.unwrap_or(PAGE_ROWS).clamp(1, PAGE_ROWS);
        let mut users = self.store.rooms.reactors(seen.room.id, target, emoji, after, limit + 1).await?;
        // The message itself lists the first ones; rows hold the further ones.
        let held = message.reactions.iter().find(|reaction| reaction.emoji == *emoji);
        users.extend(held.iter().flat_map(|reaction| &reaction.users).filter(|user| after.is_none_or(|a| **user > a)));
        users.sort_unstable();
        users.dedup();
        let mut listed = Listed::cut(users, limit);
        listed.related = self.people_of(listed.items.clone()).await?;
        Ok(listed)
    }

    async fn people_of(&self, ids: Vec<UserId>) -> Result<Related, Refusal> {
        Ok(Related { users: self.user_cache.users(ids).await?, ..Related::default() })
    }
}
