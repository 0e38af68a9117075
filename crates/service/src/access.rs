//! Decides who may see which room, and which range of it. Decides nothing that is appended: that is `domain::decide`.

use std::ops::RangeInclusive;
use std::sync::Arc;

use domain::name::Slug;
use domain::{Actor, Member, MemberState, Refusal, Room, RoomId, RoomKind, Seq};
use quick_cache::sync::Cache;

pub use domain::RoomRef;

use crate::ports::Store;

/// The number of slugs that the cache holds at most.
const CACHED_SLUGS: usize = 10_000;

/// A room that the caller may see, and their membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The room.
    pub room: Room,
    /// The caller's member row, if they have one.
    pub member: Option<Member>,
}

impl Seen {
    /// Returns whether the caller is a member.
    pub fn is_joined(&self) -> bool {
        self.member.as_ref().is_some_and(Member::is_joined)
    }

    /// Returns the entries they may read. Empty for an invitation. A public room is limited only for banned users.
    pub fn range(&self) -> RangeInclusive<Seq> {
        let public = self.room.kind == RoomKind::Public;
        match &self.member {
            Some(member) if public && member.state != MemberState::Banned => 1..=Seq::MAX,
            Some(member) => member.from_seq..=member.to_seq.unwrap_or(Seq::MAX),
            None if public => 1..=Seq::MAX,
            None => RangeInclusive::new(1, 0),
        }
    }
}

/// Returns the refusal for a room that does not exist or that the caller may not know of.
pub(crate) fn no_such_room() -> Refusal {
    Refusal::no_such_room()
}

/// Looks up rooms on behalf of a user.
pub struct Access {
    store: Store,
    slugs: Cache<Slug, RoomId>,
}

impl Access {
    /// Creates the look-up for the rooms of a store.
    pub fn new(store: Store) -> Arc<Self> {
        Arc::new(Access { store, slugs: Cache::new(CACHED_SLUGS) })
    }

    /// Returns the id behind a reference. Returns `not_found` for an unknown slug; an id is not checked.
    pub async fn id(&self, room: &RoomRef) -> Result<RoomId, Refusal> {
        let slug = match room {
            RoomRef::Id(id) => return Ok(*id),
            RoomRef::Slug(slug) => slug,
        };
        // A slug belongs to one room forever, so a cached one stays valid.
        if let Some(id) = self.slugs.get(slug) {
            return Ok(id);
        }
        let id = self.store.rooms.room_by_slug(slug).await?.ok_or_else(no_such_room)?.id;
        self.slugs.insert(slug.clone(), id);
        Ok(id)
    }

    /// Evicts everything, because the process is short of memory.
    pub fn shrink(&self) {
        self.slugs.clear();
    }

    /// Returns a room that the caller may see now: a public one unless they are banned, another one if they are joined
    /// or invited. Returns `not_found` for a room they may not know of, `forbidden` for one they are banned from.
    pub async fn room(&self, actor: &Actor, room: &RoomRef) -> Result<Seen, Refusal> {
        let seen = self.look(actor, room).await?;
        let state = seen.member.as_ref().map(|member| member.state);
        match (seen.room.kind, state) {
            (RoomKind::Public, Some(MemberState::Banned)) => Err(Refusal::forbidden("You are banned from this room.")),
            (RoomKind::Public, _) | (_, Some(MemberState::Joined | MemberState::Invited)) => Ok(seen),
            _ => Err(no_such_room()),
        }
    }

    /// Returns a room of whose past the caller may read at least a part: like [`Access::room`], and also one they were
    /// a member of. Its [`Seen::range`] says which part, and must be obeyed.
    pub async fn past(&self, actor: &Actor, room: &RoomRef) -> Result<Seen, Refusal> {
        let seen = self.look(actor, room).await?;
        if !seen.range().is_empty() {
            return Ok(seen);
        }
        match seen.member.as_ref().map(|member| member.state) {
            Some(MemberState::Invited) => Err(Refusal::forbidden("Accept the invitation to read this room.")),
            Some(MemberState::Banned) if seen.room.kind == RoomKind::Public => {
                Err(Refusal::forbidden("You are banned from this room."))
            }
            _ => Err(no_such_room()),
        }
    }

    /// Reads room and member row, whatever they allow. The row is read last, so that it is not older than what was read
    /// before.
    async fn look(&self, actor: &Actor, room: &RoomRef) -> Result<Seen, Refusal> {
        let id = self.id(room).await?;
        let room = self.store.rooms.room(id).await?.filter(|room| !room.is_deleted()).ok_or_else(no_such_room)?;
        let member = self.store.rooms.member(id, actor.user).await?;
        Ok(Seen { room, member })
    }
}
