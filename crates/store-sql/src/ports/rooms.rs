//! Implements `Rooms`.

use async_trait::async_trait;
use domain::name::{Slug, fold};
use domain::text::Emoji;
use domain::{LogId, Member, Room, RoomId, RoomKind, Seq, Timestamp, UserId, UserRoom};
use service::ports::{DirectoryRoom, Head, RoomStore, StoreResult, UserRoomRow, readable};
use sqlx::AssertSqlSafe;

use crate::codec::{self, MEMBER, USER_ROOM, int};
use crate::connections::{SqlConnections, texts};
use crate::database::{Row, Statement};
use crate::sql;

#[async_trait]
impl RoomStore for SqlConnections {
    async fn room(&self, room: RoomId) -> StoreResult<Option<Room>> {
        let query = sql::query("SELECT room, body AS room_body FROM room WHERE room = $1").bind(room.to_string());
        self.one(query).await?.as_ref().map(codec::room).transpose()
    }

    async fn room_by_slug(&self, slug: &Slug) -> StoreResult<Option<Room>> {
        let query =
            sql::query("SELECT room, body AS room_body FROM room WHERE slug = $1").bind(slug.as_str().to_owned());
        self.one(query).await?.as_ref().map(codec::room).transpose()
    }

    async fn member(&self, room: RoomId, user: UserId) -> StoreResult<Option<Member>> {
        let query = format!("SELECT {MEMBER} FROM member WHERE room = $1 AND user_id = $2");
        let query = sql::query(AssertSqlSafe(query)).bind(room.to_string()).bind(user.to_string());
        self.one(query).await?.as_ref().map(codec::member).transpose()
    }

    async fn members_of(&self, room: RoomId, users: &[UserId]) -> StoreResult<Vec<Member>> {
        let select = format!("SELECT {MEMBER} FROM member WHERE room = $1 AND user_id");
        let rows = self.all_in(&select, &[room.to_string()], &texts(users)).await?;
        readable(rows.iter().map(codec::member))
    }

    async fn memberships(&self, user: UserId, rooms: &[RoomId]) -> StoreResult<Vec<(RoomId, Member)>> {
        let select = format!("SELECT room, {MEMBER} FROM member WHERE user_id = $1 AND room");
        let rows = self.all_in(&select, &[user.to_string()], &texts(rooms)).await?;
        readable(rows.iter().map(|row| Ok((row.parsed("room")?, codec::member(row)?))))
    }

    async fn members(&self, room: RoomId, after: Option<UserId>, limit: usize) -> StoreResult<Vec<Member>> {
        let query = format!("SELECT {MEMBER} FROM member WHERE room = $1 AND user_id > $2 ORDER BY user_id LIMIT $3");
        let after = after.map(|user| user.to_string()).unwrap_or_default();
        let query = |after: String, limit| {
            let query = sql::query(AssertSqlSafe(query.clone())).bind(room.to_string());
            query.bind(after).bind(sql::limit(limit))
        };
        self.page(after, limit, "user_id", query, codec::member).await
    }

    async fn member_count(&self, room: RoomId) -> StoreResult<u64> {
        // The room's row has the count. In a log without such a row the members have to be counted.
        let query = "SELECT COALESCE((SELECT members FROM room WHERE room = $1),
                     (SELECT COUNT(*) FROM member WHERE room = $1 AND state = 'joined')) AS members";
        let row = self.one(sql::query(query).bind(room.to_string())).await?;
        row.map_or(Ok(0), |row| row.number("members"))
    }

    async fn user_rooms(&self, user: UserId, after: Option<RoomId>, limit: usize) -> StoreResult<Vec<UserRoomRow>> {
        let query = format!(
            "SELECT {USER_ROOM}, r.body AS room_body, COALESCE(l.head, 0) AS head, COALESCE(l.n, 0) AS n,
             COALESCE(l.at, 0) AS at FROM user_room ur JOIN room r ON r.room = ur.room
             LEFT JOIN log l ON l.log = 'r:' || ur.room
             WHERE ur.user_id = $1 AND ur.room > $2 AND ur.state IN ('joined', 'invited') AND ur.ignored = 0
             ORDER BY ur.room LIMIT $3"
        );
        let after = after.map(|room| room.to_string()).unwrap_or_default();
        let query = |after: String, limit| {
            let query = sql::query(AssertSqlSafe(query.clone())).bind(user.to_string());
            query.bind(after).bind(sql::limit(limit))
        };
        let line = |row: &Row| {
            Ok(UserRoomRow { row: codec::user_room(row)?, room: codec::room(row)?, head: codec::head(row)? })
        };
        self.page(after, limit, "room", query, line).await
    }

    async fn user_room(&self, user: UserId, room: RoomId) -> StoreResult<Option<UserRoom>> {
        let query = format!("SELECT {USER_ROOM} FROM user_room ur WHERE user_id = $1 AND room = $2");
        let query = sql::query(AssertSqlSafe(query)).bind(user.to_string()).bind(room.to_string());
        self.one(query).await?.as_ref().map(codec::user_room).transpose()
    }

    async fn user_room_count(&self, user: UserId) -> StoreResult<u64> {
        let query = "SELECT COUNT(*) AS rooms FROM user_room
                     WHERE user_id = $1 AND state = 'joined' AND request_at IS NULL AND ignored = 0";
        let row = self.one(sql::query(query).bind(user.to_string())).await?;
        row.map_or(Ok(0), |row| row.number("rooms"))
    }

    async fn requests(&self, user: UserId) -> StoreResult<Vec<(RoomId, Timestamp)>> {
        let query = "SELECT room, request_at FROM user_room WHERE user_id = $1 AND request_at IS NOT NULL
                     AND state IN ('joined', 'invited') ORDER BY request_at, room";
        let rows = self.all(sql::query(query).bind(user.to_string())).await?;
        rows.iter().map(|row| Ok((row.parsed("room")?, Timestamp(row.get("request_at")?)))).collect()
    }

    async fn share_a_room(&self, a: UserId, b: UserId, kind: Option<RoomKind>) -> StoreResult<bool> {
        // The lists of the users name the rooms; the rooms themselves decide who is a member.
        let query = "SELECT 1 AS found FROM user_room ur
                     JOIN user_room theirs ON theirs.user_id = $2 AND theirs.room = ur.room
                     JOIN member one ON one.room = ur.room AND one.user_id = $1 AND one.state = 'joined'
                     JOIN member two ON two.room = ur.room AND two.user_id = $2 AND two.state = 'joined'
                     JOIN room r ON r.room = ur.room
                     WHERE ur.user_id = $1 AND ur.request_at IS NULL AND ur.ignored = 0
                     AND theirs.request_at IS NULL AND theirs.ignored = 0 AND ($3 = '' OR r.kind = $3) LIMIT 1";
        let query = sql::query(query).bind(a.to_string()).bind(b.to_string());
        let query = query.bind(kind.as_ref().map(codec::word).unwrap_or_default());
        Ok(self.one(query).await?.is_some())
    }

    async fn head_hints(&self, rooms: &[RoomId]) -> StoreResult<Vec<(RoomId, Head)>> {
        let logs: Vec<String> = rooms.iter().map(|room| LogId::Room(*room).to_string()).collect();
        let rows = self.all_in("SELECT log, head, n, at FROM log WHERE log", &[], &logs).await?;
        let mut heads = Vec::with_capacity(rows.len());
        for row in &rows {
            if let LogId::Room(room) = row.parsed("log")? {
                heads.push((room, codec::head(row)?));
            }
        }
        Ok(heads)
    }

    async fn directory(&self, prefix: &str, after: Option<&Slug>, limit: usize) -> StoreResult<Vec<DirectoryRoom>> {
        let query = "SELECT r.body AS room_body, r.members, COALESCE(l.head, 0) AS head, COALESCE(l.n, 0) AS n,
                     COALESCE(l.at, 0) AS at FROM room r LEFT JOIN log l ON l.log = 'r:' || r.room
                     WHERE r.listed = 1 AND r.slug > $1
                     AND (substr(r.slug, 1, length($2)) = $2 OR substr(r.name, 1, length($3)) = $3)
                     ORDER BY r.slug LIMIT $4";
        let after = after.map(|slug| slug.as_str().to_owned()).unwrap_or_default();
        let query = sql::query(query).bind(after).bind(prefix.to_lowercase()).bind(fold(prefix));
        let rows = self.all(query.bind(sql::limit(limit))).await?;
        let line = |row| {
            Ok(DirectoryRoom { room: codec::room(row)?, head: codec::head(row)?, members: row.number("members")? })
        };
        readable(rows.iter().map(line))
    }

    async fn pins(&self, room: RoomId) -> StoreResult<Vec<Seq>> {
        let query = sql::query("SELECT seq FROM pin WHERE room = $1 ORDER BY seq").bind(room.to_string());
        self.all(query).await?.iter().map(|row| row.number("seq")).collect()
    }

    async fn reactors(
        &self,
        room: RoomId,
        seq: Seq,
        emoji: &Emoji,
        after: Option<UserId>,
        limit: usize,
    ) -> StoreResult<Vec<UserId>> {
        let query = "SELECT user_id FROM react WHERE log = $1 AND seq = $2 AND emoji = $3 AND user_id > $4
                     ORDER BY user_id LIMIT $5";
        let query = sql::query(query).bind(LogId::Room(room).to_string()).bind(int(seq));
        let after = after.map(|user| user.to_string()).unwrap_or_default();
        let query = query.bind(emoji.as_str().to_owned()).bind(after).bind(sql::limit(limit));
        self.all(query).await?.iter().map(|row| row.parsed("user_id")).collect()
    }

    async fn has_reacted(&self, room: RoomId, seq: Seq, emoji: &Emoji, user: UserId) -> StoreResult<bool> {
        let query = "SELECT 1 AS found FROM react WHERE log = $1 AND seq = $2 AND emoji = $3 AND user_id = $4";
        let query = sql::query(query).bind(LogId::Room(room).to_string()).bind(int(seq));
        Ok(self.one(query.bind(emoji.as_str().to_owned()).bind(user.to_string())).await?.is_some())
    }

    async fn thread(&self, room: RoomId, root: Seq, after: Seq, limit: usize) -> StoreResult<Vec<Seq>> {
        let query = "SELECT seq FROM thread WHERE room = $1 AND root = $2 AND seq > $3 ORDER BY seq LIMIT $4";
        let query = sql::query(query).bind(room.to_string()).bind(int(root)).bind(int(after));
        self.all(query.bind(sql::limit(limit))).await?.iter().map(|row| row.number("seq")).collect()
    }
}

impl SqlConnections {
    /// Reads rows after `after`, in the order of a column. A page is full as long as more follow, however many of its
    /// rows cannot be decoded.
    async fn page<T>(
        &self,
        mut after: String,
        limit: usize,
        column: &str,
        query: impl Fn(String, usize) -> Statement,
        decode: impl Fn(&Row) -> StoreResult<T>,
    ) -> StoreResult<Vec<T>> {
        let mut found = Vec::new();
        while found.len() < limit {
            let wanted = limit - found.len();
            let rows = self.all(query(after, wanted)).await?;
            found.extend(readable(rows.iter().map(&decode))?);
            match rows.last() {
                Some(last) if rows.len() == wanted => after = last.get(column)?,
                _ => break,
            }
        }
        Ok(found)
    }
}
