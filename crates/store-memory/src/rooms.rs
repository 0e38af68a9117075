//! `Rooms` in memory.

use async_trait::async_trait;
use domain::name::{Slug, fold};
use domain::text::Emoji;
use domain::{LogId, Member, Room, RoomId, RoomKind, Seq, Timestamp, UserId, UserRoom};
use service::ports::{DirectoryRoom, Head, RoomStore, StoreResult, UserRoomRow};

use crate::MemoryStore;

#[async_trait]
impl RoomStore for MemoryStore {
    async fn room(&self, room: RoomId) -> StoreResult<Option<Room>> {
        Ok(self.up()?.rooms.get(&room).cloned())
    }

    async fn room_by_slug(&self, slug: &Slug) -> StoreResult<Option<Room>> {
        Ok(self.up()?.rooms.values().find(|room| room.slug.as_ref() == Some(slug)).cloned())
    }

    async fn member(&self, room: RoomId, user: UserId) -> StoreResult<Option<Member>> {
        Ok(self.up()?.members.get(&(room, user)).cloned())
    }

    async fn members_of(&self, room: RoomId, users: &[UserId]) -> StoreResult<Vec<Member>> {
        Ok(self.up()?.members_of_room(room).filter(|member| users.contains(&member.user)).cloned().collect())
    }

    async fn memberships(&self, user: UserId, rooms: &[RoomId]) -> StoreResult<Vec<(RoomId, Member)>> {
        let state = self.up()?;
        let rows = rooms.iter().filter_map(|room| Some((*room, state.members.get(&(*room, user))?.clone())));
        Ok(rows.collect())
    }

    async fn members(&self, room: RoomId, after: Option<UserId>, limit: usize) -> StoreResult<Vec<Member>> {
        let state = self.up()?;
        let page = state.members_of_room(room).filter(|member| after.is_none_or(|after| member.user > after));
        Ok(page.take(limit).cloned().collect())
    }

    async fn member_count(&self, room: RoomId) -> StoreResult<u64> {
        Ok(self.up()?.members_in(room))
    }

    async fn user_rooms(&self, user: UserId, after: Option<RoomId>, limit: usize) -> StoreResult<Vec<UserRoomRow>> {
        let state = self.up()?;
        let rows = state.user_rooms.values_of(user).filter(|row| after.is_none_or(|after| row.room > after));
        let listed = rows.filter(|row| row.is_listed()).filter_map(|row| {
            let room = state.rooms.get(&row.room)?.clone();
            Some(UserRoomRow { row: row.clone(), room, head: state.head(row.room) })
        });
        Ok(listed.take(limit).collect())
    }

    async fn user_room(&self, user: UserId, room: RoomId) -> StoreResult<Option<UserRoom>> {
        Ok(self.up()?.user_rooms.get(&(user, room)).cloned())
    }

    async fn user_room_count(&self, user: UserId) -> StoreResult<u64> {
        Ok(self.up()?.user_rooms.values_of(user).filter(|row| row.is_own()).count() as u64)
    }

    async fn requests(&self, user: UserId) -> StoreResult<Vec<(RoomId, Timestamp)>> {
        let state = self.up()?;
        let mut requests: Vec<_> = state.user_rooms.values_of(user).filter_map(UserRoom::pending).collect();
        requests.sort_unstable_by_key(|(room, at)| (*at, *room));
        Ok(requests)
    }

    async fn share_a_room(&self, a: UserId, b: UserId, kind: Option<RoomKind>) -> StoreResult<bool> {
        let state = self.up()?;
        let is_in = |room: RoomId, user| {
            let accepted = state.user_rooms.get(&(user, room)).is_some_and(|row| row.request.is_none());
            accepted && state.members.get(&(room, user)).is_some_and(Member::is_joined)
        };
        let mut rooms = state.rooms.values().filter(|room| kind.is_none_or(|kind| room.kind == kind));
        Ok(rooms.any(|room| is_in(room.id, a) && is_in(room.id, b)))
    }

    async fn head_hints(&self, rooms: &[RoomId]) -> StoreResult<Vec<(RoomId, Head)>> {
        let state = self.up()?;
        let known = rooms.iter().filter(|room| state.logs.contains_key(&LogId::Room(**room)));
        Ok(known.map(|room| (*room, state.head(*room))).collect())
    }

    async fn directory(&self, prefix: &str, after: Option<&Slug>, limit: usize) -> StoreResult<Vec<DirectoryRoom>> {
        let state = self.up()?;
        let (in_slug, in_name) = (prefix.to_lowercase(), fold(prefix));
        let begins = |room: &Room, slug: &Slug| {
            let name = room.name.as_ref().map(|name| fold(name.as_str()));
            slug.as_str().starts_with(&in_slug) || name.is_some_and(|name| name.starts_with(&in_name))
        };
        let public = state.rooms.values().filter(|room| room.kind == RoomKind::Public && !room.archived);
        let mut found: Vec<(&Slug, &Room)> = public
            .filter_map(|room| Some((room.slug.as_ref()?, room)))
            .filter(|(slug, room)| begins(room, slug) && after.is_none_or(|after| *slug > after))
            .collect();
        found.sort_by_key(|(slug, _)| *slug);
        let line = |room: &Room| DirectoryRoom {
            room: room.clone(),
            head: state.head(room.id),
            members: state.members_in(room.id),
        };
        Ok(found.into_iter().take(limit).map(|(_, room)| line(room)).collect())
    }

    async fn pins(&self, room: RoomId) -> StoreResult<Vec<Seq>> {
        Ok(self.up()?.pins.iter().filter(|(of, _)| *of == room).map(|(_, seq)| *seq).collect())
    }

    async fn reactors(
        &self,
        room: RoomId,
        seq: Seq,
        emoji: &Emoji,
        after: Option<UserId>,
        limit: usize,
    ) -> StoreResult<Vec<UserId>> {
        let state = self.up()?;
        let of_message = state.reactors.iter().filter(|(r, s, e, _)| (*r, *s, e) == (room, seq, emoji));
        let users = of_message.map(|(.., user)| *user).filter(|user| after.is_none_or(|after| *user > after));
        Ok(users.take(limit).collect())
    }

    async fn has_reacted(&self, room: RoomId, seq: Seq, emoji: &Emoji, user: UserId) -> StoreResult<bool> {
        Ok(self.up()?.reactors.contains(&(room, seq, emoji.clone(), user)))
    }

    async fn thread(&self, room: RoomId, root: Seq, after: Seq, limit: usize) -> StoreResult<Vec<Seq>> {
        let state = self.up()?;
        let of_thread = state.threads.iter().filter(|(r, t, seq)| (*r, *t) == (room, root) && *seq > after);
        Ok(of_thread.take(limit).map(|(.., seq)| *seq).collect())
    }
}

trait ValuesOf {
    fn values_of(&self, user: UserId) -> impl Iterator<Item = &UserRoom>;
}

impl ValuesOf for std::collections::BTreeMap<(UserId, RoomId), UserRoom> {
    fn values_of(&self, user: UserId) -> impl Iterator<Item = &UserRoom> {
        self.iter().filter(move |((of, _), _)| *of == user).map(|(_, row)| row)
    }
}
