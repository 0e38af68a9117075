//! Public rooms and their messages, as clients of the older contract know them: by slug.

use domain::limits::{DESCRIPTION_CHARS, PAGE_ROWS};
use domain::name::{RoomName, Slug};
use domain::{Actor, LogId, Refusal, Room, RoomId, RoomKind, RoomRef, Timestamp};
use futures_util::{StreamExt, stream};

use super::limits::Write;
use super::{Compat, Visitor};
use crate::access::Seen;
use crate::limits::{COMPAT_ROOMS_LISTED, COMPAT_ROOMS_READ_AT_ONCE};
use crate::messages::{MessagePage, PageQuery};
use crate::rooms::{ChangeRequest, NewRoom};

/// A room, and when it was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompatRoom {
    /// The room. It has a slug.
    pub room: Room,
    /// When it was created.
    pub created_at: Timestamp,
}

/// What a client says of a new room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewCompatRoom {
    /// The slug; if it is missing, it follows from the name.
    pub id: Option<String>,
    /// The name; if it is missing, it is the slug.
    pub name: Option<String>,
    /// What the room is about.
    pub description: Option<String>,
}

/// A page of a room's messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompatMessages {
    /// The room's slug.
    pub room: String,
    /// The messages, newest last.
    pub page: MessagePage,
}

impl Compat {
    /// Returns the public rooms, newest first; at most [`COMPAT_ROOMS_LISTED`].
    pub async fn rooms(&self, visitor: Visitor) -> Result<Vec<CompatRoom>, Refusal> {
        let reader = self.reader(visitor)?;
        let mut rooms: Vec<Room> = Vec::new();
        let mut after: Option<Slug> = None;
        while rooms.len() < COMPAT_ROOMS_LISTED {
            let page = self.rooms.directory(&reader, "", after.as_ref(), Some(PAGE_ROWS)).await?;
            rooms.extend(page.items.into_iter().map(|(line, _)| line.room));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        rooms.truncate(COMPAT_ROOMS_LISTED);

        let made: Vec<_> = rooms.into_iter().map(|room| self.with_time(room)).collect();
        let made: Vec<_> = stream::iter(made).buffer_unordered(COMPAT_ROOMS_READ_AT_ONCE).collect().await;
        let mut rooms: Vec<CompatRoom> = made.into_iter().collect::<Result<_, _>>()?;
        rooms.sort_by_key(|room| std::cmp::Reverse((room.created_at, room.room.id)));
        Ok(rooms)
    }

    /// Creates a public room. Without a token it belongs to the user who owns what was made without a person.
    pub async fn create_room(&self, visitor: Visitor, new: NewCompatRoom) -> Result<CompatRoom, Refusal> {
        let owner = match visitor.actor {
            Some(actor) => actor,
            None => {
                self.admit_without_token()?;
                self.throttles.take(Write::Room, visitor.address)?;
                self.system().await?
            }
        };
        let NewCompatRoom { id, name, description } = new;
        let name = name.or_else(|| id.clone()).ok_or_else(|| Refusal::bad_request("A room needs a `name`."))?;
        let description = description.unwrap_or_default();
        if description.chars().count() > DESCRIPTION_CHARS {
            let why = format!("A description can have at most {DESCRIPTION_CHARS} characters.");
            return Err(Refusal::bad_request(why));
        }
        let new = NewRoom {
            slug: id.as_deref().map(Slug::parse).transpose()?,
            name: RoomName::parse(&name)?,
            description,
            kind: RoomKind::Public,
            hides_past: false,
        };
        let details = self.rooms.create(&owner, new, ChangeRequest::default()).await?;
        self.with_time(details.room).await
    }

    /// Returns the newest messages of a public room, newest last.
    pub async fn messages(&self, visitor: Visitor, room: &str, limit: usize) -> Result<CompatMessages, Refusal> {
        let reader = self.reader(visitor)?;
        let seen = self.public_room(&reader, room).await?;
        let query = PageQuery { limit: Some(limit), ..PageQuery::default() };
        let page = self.messages.page(&reader, &RoomRef::Id(seen.room.id), query).await?;
        Ok(CompatMessages { room: slug_of(&seen.room), page })
    }

    /// Returns a public room by its slug. Any other room is not found, also for its members: the older contract has no word
    /// for it.
    pub async fn public_room(&self, reader: &Actor, room: &str) -> Result<Seen, Refusal> {
        let slug = Slug::parse(room).map_err(|_| Refusal::no_such_room())?;
        let seen = self.access.room(reader, &RoomRef::Slug(slug)).await?;
        match seen.room.kind {
            RoomKind::Public => Ok(seen),
            RoomKind::Private | RoomKind::Direct => Err(Refusal::no_such_room()),
        }
    }

    /// Joins a public room, unless the caller is a member already. Returns the room.
    pub async fn enter(&self, actor: &Actor, room: &str) -> Result<Room, Refusal> {
        let seen = self.public_room(actor, room).await?;
        if !seen.is_joined() {
            self.rooms.join(actor, &RoomRef::Id(seen.room.id), ChangeRequest::default()).await?;
        }
        Ok(seen.room)
    }

    /// Returns the slug of a public room; none for any other room.
    pub(super) async fn slug(&self, room: RoomId) -> Result<Option<String>, Refusal> {
        let room = self.store.rooms.room(room).await?;
        Ok(room.filter(|room| room.kind == RoomKind::Public).and_then(|room| room.slug).map(|slug| slug.to_string()))
    }

    /// Adds when a room was created: when its first entry was made.
    async fn with_time(&self, room: Room) -> Result<CompatRoom, Refusal> {
        let first = self.store.log.read(LogId::Room(room.id), 1, 1).await?;
        let created_at = first.first().map_or_else(|| self.clock.now(), |entry| entry.at);
        Ok(CompatRoom { room, created_at })
    }
}

/// Returns what a client of the older contract calls a public room.
pub(super) fn slug_of(room: &Room) -> String {
    room.slug.as_ref().map_or_else(|| room.id.to_string(), ToString::to_string)
}
