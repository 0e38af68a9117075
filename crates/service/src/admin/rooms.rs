//! Deletes rooms. One entry hides the room from everybody at once; then its content is blanked, its files are dropped, and its
//! members are removed. Every step can be repeated, so a deletion that did not end goes on when it is requested again.

use std::sync::Arc;

use domain::limits::PAGE_ROWS;
use domain::{
    AuditAction, AuditSubject, AuditVia, Code, Intent, LogId, Member, MemberState, Refusal, Room, RoomId, RoomKind,
    RoomRef, UserId,
};
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::{Admin, Requester};
use crate::completes::Completes;
use crate::limits::{DELETION_WAIT, MEMBERS_REMOVED_AT_ONCE};

impl Admin {
    /// Returns the room that a requester names by id or by slug, deleted or not.
    pub async fn find_room(&self, by: Requester, room: &RoomRef) -> Result<Room, Refusal> {
        by.check()?;
        let found = match room {
            RoomRef::Id(id) => self.store.rooms.room(*id).await?,
            RoomRef::Slug(slug) => self.store.rooms.room_by_slug(slug).await?,
        };
        found.ok_or_else(|| Refusal::not_found("There is no such room."))
    }

    /// Deletes a room with all its messages and files. Its slug stays taken, since links and caches name the room by it.
    /// Direct rooms cannot be deleted.
    pub async fn delete_room(self: &Arc<Self>, by: Requester, room: &Room) -> Result<(), Refusal> {
        by.check()?;
        if room.kind == RoomKind::Direct {
            return Err(Refusal::bad_request("A direct room cannot be deleted. Delete its messages, or an account."));
        }
        let name = room.slug.as_ref().map(ToString::to_string);
        let name = name.or_else(|| room.name.as_ref().map(ToString::to_string)).unwrap_or_else(|| room.id.to_string());
        let (this, id) = (self.clone(), room.id);
        let work = async move {
            this.as_system(id, Intent::DeleteRoom).await?;
            let rest = Completes::new(async move { this.clear_room(id).await });
            match by.via {
                // The process ends with the command.
                AuditVia::Cli => rest.await,
                // The rest goes on after the answer.
                _ => tokio::time::timeout(DELETION_WAIT, rest).await.unwrap_or(Ok(())),
            }
        };
        self.audited(by, AuditAction::DeleteRoom, (AuditSubject::Room(room.id), name), work).await
    }

    async fn clear_room(&self, room: RoomId) -> Result<(), Refusal> {
        let log = LogId::Room(room);
        let head = self.store.log.tip(log).await?.seq();
        self.store.log.raise_floor(log, head).await?;
        if let Some(files) = self.files.get() {
            files.sweep_soon();
        }

        let mut after = None;
        loop {
            let rows = self.store.rooms.members(room, after, PAGE_ROWS).await?;
            let there = |member: &&Member| matches!(member.state, MemberState::Joined | MemberState::Invited);
            let users: Vec<UserId> = rows.iter().filter(there).map(|member| member.user).collect();
            let removals = users.into_iter().map(|user| self.remove(room, user));
            let removals = futures_util::stream::iter(removals).buffer_unordered(MEMBERS_REMOVED_AT_ONCE);
            removals.try_for_each(|()| async { Ok(()) }).await?;
            match rows.last() {
                Some(last) if rows.len() == PAGE_ROWS => after = Some(last.user),
                _ => return Ok(()),
            }
        }
    }

    async fn remove(&self, room: RoomId, user: UserId) -> Result<(), Refusal> {
        match self.as_system(room, Intent::Kick { user, why: None }).await {
            // They left meanwhile.
            Err(refusal) if refusal.code == Code::NotFound => Ok(()),
            result => result,
        }
    }
}
