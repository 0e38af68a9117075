//! Implements `Rooms`.

use std::collections::{BTreeSet, HashMap, HashSet};

use async_trait::async_trait;
use domain::name::{Slug, fold};
use domain::text::Emoji;
use domain::{LogId, Member, Room, RoomId, RoomKind, Seq, Timestamp, UserId, UserRoom};
use futures_util::future::{try_join, try_join_all};
use futures_util::{StreamExt as _, TryStreamExt as _};
use service::ports::{DirectoryRoom, Head, RoomLog as _, RoomStore, StoreResult, UserRoomRow, readable};

use super::counts::own_room;
use crate::item::{Item, PK};
use crate::keys::{self, Key};
use crate::rows;
use crate::table_store::{Range, TableStore};

/// Rooms whose heads or members are read concurrently.
const ROOMS_AT_ONCE: usize = 16;
/// Rows that one step through the rooms of a user, or through the directory, reads.
const STEP: usize = 100;
/// Rows of each of two users that are compared.
const ROOMS_COMPARED: usize = 2_000;
/// Lines of the directory in which a name is searched; further rooms are found only by their slug.
const NAMES_LOOKED_AT: usize = 5_000;

/// A room's row also holds the hint of its head, so that a list of rooms reads one row per room.
///
/// Costs, besides one read: a list of a user's rooms 0.5 RRU per room and the rows themselves (53 for 100); a room by
/// its slug 2 reads; members are counted, 1 RRU for some 30 of them (see `counts`); two users are compared by the rows
/// of both, and the member rows of the rooms that both have; the directory reads its lines until the page is full, and
/// the row and the members of each room on it. A head without a hint is a read.
#[async_trait]
impl RoomStore for TableStore {
    async fn room(&self, room: RoomId) -> StoreResult<Option<Room>> {
        let row = self.get(keys::room(room)).await?;
        row.map_or(Ok(None), |row| rows::room(&row))
    }

    async fn room_by_slug(&self, slug: &Slug) -> StoreResult<Option<Room>> {
        let Some(claim) = self.get(keys::slug(slug.as_str())).await? else { return Ok(None) };
        let room = self.room(RoomId(claim.id("rm")?)).await?;
        Ok(room.filter(|room| room.slug.as_ref() == Some(slug)))
    }

    async fn member(&self, room: RoomId, user: UserId) -> StoreResult<Option<Member>> {
        self.get(keys::member(room, user)).await?.as_ref().map(rows::member).transpose()
    }

    async fn members_of(&self, room: RoomId, users: &[UserId]) -> StoreResult<Vec<Member>> {
        let found = self.get_all(users.iter().map(|user| keys::member(room, *user)).collect()).await?;
        readable(found.iter().map(rows::member))
    }

    async fn memberships(&self, user: UserId, rooms: &[RoomId]) -> StoreResult<Vec<(RoomId, Member)>> {
        let found = self.get_all(rooms.iter().map(|room| keys::member(*room, user)).collect()).await?;
        readable(found.iter().map(|item| Ok((keys::room_of(item.text(PK)?)?, rows::member(item)?))))
    }

    async fn members(&self, room: RoomId, after: Option<UserId>, limit: usize) -> StoreResult<Vec<Member>> {
        let mut members = Vec::new();
        let mut after = after.map(|user| user.to_string()).unwrap_or_default();
        // A page is full as long as more follow, however many of its rows cannot be decoded.
        while members.len() < limit {
            let wanted = limit - members.len();
            let rows = self.query(Range::after(keys::room_rows(room), keys::MEMBERS, &after).limit(wanted)).await?;
            members.extend(readable(rows.iter().map(rows::member))?);
            match rows.last() {
                Some(last) if rows.len() == wanted => {
                    after = last.key()?.sk.trim_start_matches(keys::MEMBERS).to_owned()
                }
                _ => break,
            }
        }
        Ok(members)
    }

    async fn member_count(&self, room: RoomId) -> StoreResult<u64> {
        self.members_in(room, true).await
    }

    async fn user_rooms(&self, user: UserId, after: Option<RoomId>, limit: usize) -> StoreResult<Vec<UserRoomRow>> {
        let mut lines = Vec::new();
        let mut after = after.map(|room| room.to_string()).unwrap_or_default();
        while lines.len() < limit {
            let step = (limit - lines.len()).max(STEP);
            let range = Range::after(keys::user_rows(user), keys::ROOMS, &after).limit(step);
            let found = self.query(range).await?;
            // The last row that was read, whether it can be decoded or not.
            let last = found.last().filter(|_| found.len() == step).map(rows::room_of_user_room).transpose()?;
            let rows = readable(found.iter().map(rows::user_room))?;
            let mut listed: Vec<UserRoom> = rows.into_iter().filter(UserRoom::is_listed).collect();
            listed.truncate(limit - lines.len());
            let mut rooms = self.rooms_with_heads(listed.iter().map(|row| row.room)).await?;
            lines.extend(listed.into_iter().filter_map(|row| {
                let (room, head) = rooms.remove(&row.room)?;
                Some(UserRoomRow { row, room, head })
            }));
            match last {
                Some(last) => after = last.to_string(),
                None => break,
            }
        }
        Ok(lines)
    }

    async fn user_room(&self, user: UserId, room: RoomId) -> StoreResult<Option<UserRoom>> {
        self.get(keys::user_room(user, room)).await?.as_ref().map(rows::user_room).transpose()
    }

    async fn user_room_count(&self, user: UserId) -> StoreResult<u64> {
        self.count(Range::beginning(keys::user_rows(user), keys::ROOMS), &own_room()).await
    }

    async fn requests(&self, user: UserId) -> StoreResult<Vec<(RoomId, Timestamp)>> {
        let range = Range::beginning(keys::user_rows(user), keys::ROOMS);
        let rows = readable(self.query(range).await?.iter().map(rows::user_room))?;
        let mut requests: Vec<(RoomId, Timestamp)> = rows.iter().filter_map(UserRoom::pending).collect();
        requests.sort_unstable_by_key(|(room, at)| (*at, *room));
        Ok(requests)
    }

    async fn share_a_room(&self, a: UserId, b: UserId, kind: Option<RoomKind>) -> StoreResult<bool> {
        let (of_a, of_b) = try_join(self.own_rooms(a), self.own_rooms(b)).await?;
        let mut both: Vec<RoomId> = of_a.intersection(&of_b).copied().collect();
        if let Some(kind) = kind {
            let found = self.get_all_weak(both.iter().map(|room| keys::room(*room)).collect()).await?;
            let rooms = readable(found.iter().map(rows::room))?;
            both = rooms.into_iter().flatten().filter(|room| room.kind == kind).map(|room| room.id).collect();
        }
        // The lists follow the rooms; the rooms themselves decide who is a member.
        for some in both.chunks(STEP / 2) {
            let keys = some.iter().flat_map(|room| [keys::member(*room, a), keys::member(*room, b)]);
            let mut joined: HashMap<String, usize> = HashMap::new();
            let found = self.get_all_weak(keys.collect()).await?;
            let members = found.iter().map(|item| Ok((item.key()?.pk, rows::member(item)?)));
            for (room, member) in readable(members)? {
                if member.is_joined() {
                    *joined.entry(room).or_default() += 1;
                }
            }
            if joined.values().any(|members| *members == 2) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn head_hints(&self, rooms: &[RoomId]) -> StoreResult<Vec<(RoomId, Head)>> {
        let found = self.get_all_weak(rooms.iter().map(|room| keys::room(*room)).collect()).await?;
        let mut rows = HashMap::new();
        for row in found {
            rows.insert(row.key()?.pk, row);
        }
        let rows = &rows;
        let heads = rooms.iter().copied().map(async |room| {
            let row = rows.get(&keys::room_rows(room));
            match row.map_or(Ok(None), |row| self.hinted_head(room, row))? {
                Some(head) => Ok((room, head)),
                None => Ok((room, self.head_of(room).await?)),
            }
        });
        let heads: Vec<(RoomId, Head)> =
            futures_util::stream::iter(heads).buffered(ROOMS_AT_ONCE).try_collect().await?;
        Ok(heads.into_iter().filter(|(_, head)| head.seq > 0).collect())
    }

    async fn directory(&self, prefix: &str, after: Option<&Slug>, limit: usize) -> StoreResult<Vec<DirectoryRoom>> {
        let (in_slug, in_name) = (prefix.to_lowercase(), fold(prefix));
        let mut lines = Vec::new();
        let mut after = after.map(|slug| slug.as_str().to_owned()).unwrap_or_default();
        let mut looked_at = 0;
        while lines.len() < limit {
            // A name may match in any line; when too many were examined, only slugs are searched.
            let slugs_only = looked_at >= NAMES_LOOKED_AT;
            let listed = self.listed_slugs(&after, slugs_only.then_some(&in_slug), STEP).await?;
            let Some(last) = listed.last() else { break };
            let (last, is_full) = (last.slug.clone(), listed.len() == STEP);
            looked_at += listed.len();
            let begins = |line: &Listed| line.slug.starts_with(&in_slug) || line.name.starts_with(&in_name);
            let mut fitting: Vec<Listed> = listed.into_iter().filter(begins).collect();
            fitting.truncate(limit - lines.len());
            lines.extend(self.directory_rooms(&fitting).await?);
            if !is_full {
                break;
            }
            after = last;
        }
        Ok(lines)
    }

    async fn pins(&self, room: RoomId) -> StoreResult<Vec<Seq>> {
        let rows = self.query(Range::beginning(keys::room_rows(room), keys::PINS)).await?;
        rows.iter().map(|row| keys::seq_of(&row.key()?)).collect()
    }

    async fn reactors(
        &self,
        room: RoomId,
        seq: Seq,
        emoji: &Emoji,
        after: Option<UserId>,
        limit: usize,
    ) -> StoreResult<Vec<UserId>> {
        let after = after.map(|user| user.to_string()).unwrap_or_default();
        let range = Range::after(keys::reactors(room), &keys::reactors_of(seq, emoji), &after).limit(limit);
        self.query(range).await?.iter().map(|row| keys::reactor_of(&row.key()?)).collect()
    }

    async fn has_reacted(&self, room: RoomId, seq: Seq, emoji: &Emoji, user: UserId) -> StoreResult<bool> {
        Ok(self.get(keys::reactor(room, seq, emoji, user)).await?.is_some())
    }

    async fn thread(&self, room: RoomId, root: Seq, after: Seq, limit: usize) -> StoreResult<Vec<Seq>> {
        let (from, to) = (keys::padded(after.saturating_add(1)), keys::padded(Seq::MAX));
        let range = Range::between(keys::thread(room, root), from, to).limit(limit);
        self.query(range).await?.iter().map(|row| keys::seq_of(&row.key()?)).collect()
    }
}

/// A line of the directory.
struct Listed {
    slug: String,
    room: RoomId,
    /// The folded name; empty for a room without one.
    name: String,
}

impl TableStore {
    /// Returns these rooms, with the hints of their heads; unknown ids are left out.
    async fn rooms_with_heads(
        &self,
        rooms: impl Iterator<Item = RoomId> + Send,
    ) -> StoreResult<HashMap<RoomId, (Room, Head)>> {
        let mut missing: Vec<Key> = rooms.map(keys::room).collect();
        let mut found = self.get_all_weak(missing.clone()).await?;
        let there = found.iter().map(Item::key).collect::<StoreResult<HashSet<Key>>>()?;
        missing.retain(|key| !there.contains(key));
        // A room that was just created: a client that learned of it looks for it here.
        found.extend(self.get_all(missing).await?);
        let mut read = Vec::with_capacity(found.len());
        let rooms = found.iter().map(|row| Ok((row, rows::room(row)?)));
        for (row, room) in readable(rooms)? {
            if let Some(room) = room {
                let head = self.hinted_head(room.id, row)?;
                read.push((room, head));
            }
        }
        let with_heads = read.into_iter().map(async |(room, head)| match head {
            Some(head) => Ok((room.id, (room, head))),
            None => {
                let head = self.head_of(room.id).await?;
                Ok((room.id, (room, head)))
            }
        });
        futures_util::stream::iter(with_heads).buffer_unordered(ROOMS_AT_ONCE).try_collect().await
    }

    /// Returns the actual head of a room that has no hint yet.
    async fn head_of(&self, room: RoomId) -> StoreResult<Head> {
        let tip = self.tip(LogId::Room(room)).await?;
        Ok(Head { seq: tip.seq(), n: tip.n(), at: tip.at() })
    }

    /// Returns the rooms that a user's list shows as their own; it may be a moment old.
    async fn own_rooms(&self, user: UserId) -> StoreResult<BTreeSet<RoomId>> {
        let range = Range::beginning(keys::user_rows(user), keys::ROOMS).limit(ROOMS_COMPARED).weak();
        let rows = readable(self.query(range).await?.iter().map(rows::user_room))?;
        Ok(rows.into_iter().filter(UserRoom::is_own).map(|row| row.room).collect())
    }

    /// Returns lines of the directory after a slug, in order, from all of its parts; only those with `prefix`, if there
    /// is one.
    async fn listed_slugs(&self, after: &str, prefix: Option<&String>, limit: usize) -> StoreResult<Vec<Listed>> {
        let from = format!("{after}\u{1}").max(prefix.cloned().unwrap_or_default());
        let to = format!("{}{}", prefix.map_or("", String::as_str), keys::END);
        let parts = (0..keys::DIR_SHARDS)
            .map(|shard| self.query(Range::between(keys::directory(shard), from.as_str(), to.as_str()).limit(limit)));
        let mut listed = Vec::new();
        for line in try_join_all(parts).await?.iter().flatten() {
            let name = line.text_or_none("fn")?.unwrap_or_default().to_owned();
            listed.push(Listed { slug: line.key()?.sk, room: RoomId(line.id("rm")?), name });
        }
        listed.sort_by(|a, b| a.slug.cmp(&b.slug));
        listed.truncate(limit);
        Ok(listed)
    }

    async fn directory_rooms(&self, lines: &[Listed]) -> StoreResult<Vec<DirectoryRoom>> {
        let mut rooms = self.rooms_with_heads(lines.iter().map(|line| line.room)).await?;
        let rooms: Vec<(Room, Head)> = lines.iter().filter_map(|line| rooms.remove(&line.room)).collect();
        let counted = rooms.into_iter().map(async |(room, head)| {
            let members = self.members_in(room.id, false).await?;
            Ok(DirectoryRoom { room, head, members })
        });
        futures_util::stream::iter(counted).buffered(ROOMS_AT_ONCE).try_collect().await
    }
}
