//! The rooms that an installation offers to everybody: created with the installation, and first in the directory. Nobody
//! is joined to them unasked.

use std::collections::HashMap;

use domain::name::{RoomName, Slug};
use domain::{Actor, Code, Intent, LogId, MemberState, Refusal, Room, RoomId, RoomKind};

use super::{ChangeRequest, DirectoryPage, Listed, Rooms};
use crate::limits::ROOM_PREFIX_CHARS;
use crate::ports::{DirectoryRoom, Head, StoreResult};
use domain::limits::PAGE_ROWS;

impl Rooms {
    /// Creates the offered rooms if the installation has no room at all, and returns those that were created. They belong
    /// to the system: they have no owner, and the admins of the installation may do everything in them.
    pub async fn create_offered(&self) -> Result<Vec<Slug>, Refusal> {
        // The directory answers for almost every installation, and costs the least.
        let has_rooms = !self.store.rooms.directory("", None, 1).await?.is_empty() || self.has_log_of_a_room().await?;
        let mut created = Vec::new();
        if has_rooms {
            return Ok(created);
        }

        for slug in &self.rules.offered {
            match self.create_for_all(slug).await {
                Ok(()) => created.push(slug.clone()),
                // Another process started at the same time.
                Err(refusal) if refusal.code == Code::Conflict => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(created)
    }

    /// Private and archived rooms are in no directory. Logs are listed in order of their names, rooms' first.
    async fn has_log_of_a_room(&self) -> StoreResult<bool> {
        let first = self.store.log.all_logs(None, 1).await?;
        Ok(first.iter().any(|(log, _)| log.room().is_some()))
    }

    async fn create_for_all(&self, slug: &Slug) -> Result<(), Refusal> {
        let name = RoomName::parse(slug.as_str()).map_err(|error| Refusal::bad_request(error.to_string()))?;
        let room = Room {
            id: self.ids.room(),
            kind: RoomKind::Public,
            slug: Some(slug.clone()),
            name: Some(name),
            description: "For everyone.".into(),
            archived: false,
            hides_past: false,
            slow_mode_s: 0,
            pair: None,
            rev: 0,
        };
        let log = LogId::Room(room.id);
        let intent = Intent::Create { room: Box::new(room), people: Vec::new() };
        self.logs.submit(log, ChangeRequest::default().change(&self.ids, Actor::SYSTEM, intent)).await.map(drop)
    }

    /// Returns whether a room is offered to everybody.
    pub fn is_offered(&self, room: &Room) -> bool {
        room.slug.as_ref().is_some_and(|slug| self.rules.offered.contains(slug))
    }

    /// Returns public rooms by the beginning of their slug or name, with whether the caller is a member: the offered ones
    /// first, the others in order of slug. Rooms that ban the caller are left out, so a page may be shorter than
    /// requested. A search returns all in order of slug. The
    /// offered rooms come in addition to the first page.
    pub async fn directory(
        &self,
        actor: &Actor,
        prefix: &str,
        after: Option<&Slug>,
        limit: Option<usize>,
    ) -> Result<DirectoryPage, Refusal> {
        let limit = limit.unwrap_or(PAGE_ROWS).clamp(1, PAGE_ROWS);
        let prefix = prefix.trim();
        if prefix.chars().nth(ROOM_PREFIX_CHARS).is_some() {
            return Ok(DirectoryPage { items: Vec::new(), next: None });
        }
        let rows = self.store.rooms.directory(prefix, after, limit + 1).await?;
        let mut listed = Listed::cut(rows, limit);
        let last = listed.items.last().and_then(|line| line.room.slug.clone());
        if prefix.is_empty() {
            // They are on the first page, so they are on no other one.
            listed.items.retain(|line| !self.is_offered(&line.room));
            if after.is_none() {
                listed.items.splice(0..0, self.offered_lines().await?);
            }
        }

        let mut items = Vec::with_capacity(listed.items.len());
        for line in listed.items {
            let member = self.store.rooms.member(line.room.id, actor.user).await?;
            let state = member.map(|member| member.state);
            if state != Some(MemberState::Banned) {
                items.push((line, state == Some(MemberState::Joined)));
            }
        }
        Ok(DirectoryPage { items, next: last.filter(|_| listed.more) })
    }

    /// Returns the directory's lines of the offered rooms that exist, in the order in which they are offered.
    async fn offered_lines(&self) -> StoreResult<Vec<DirectoryRoom>> {
        let rooms = &self.store.rooms;
        let mut found = Vec::with_capacity(self.rules.offered.len());
        for slug in &self.rules.offered {
            let room = rooms.room_by_slug(slug).await?;
            found.extend(room.filter(|room| room.kind == RoomKind::Public && !room.archived));
        }
        let ids: Vec<RoomId> = found.iter().map(|room| room.id).collect();
        let heads: HashMap<RoomId, Head> = rooms.head_hints(&ids).await?.into_iter().collect();

        let mut lines = Vec::with_capacity(found.len());
        for room in found {
            let (head, members) =
                (heads.get(&room.id).copied().unwrap_or_default(), rooms.member_count(room.id).await?);
            lines.push(DirectoryRoom { room, head, members });
        }
        Ok(lines)
    }
}
