//! Implements `Feed`.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use domain::{LogId, RoomId, Seq, Timestamp};
use futures_util::{StreamExt as _, TryStreamExt as _};
use service::ports::{Behind, FeedCursor, FeedStore, Fence, RoomLog as _, StoreResult, Tip};

use crate::item::{Item, number, text, time};
use crate::keys::{self, Key};
use crate::op::{Change, Op, When};
use crate::table_store::{Range, TableStore, WriteError};

/// Logs that one step of [`Feed::behind`] examines.
const LOOKED_AT: usize = 100;
/// Heads of logs that it reads concurrently.
const HEADS_AT_ONCE: usize = 16;

/// A cursor is `co` consumer, `sq` seq, `fe` fence; a lease is `ow` owner, `un` until, `fe` fence.
///
/// Costs, besides one read or write: a cursor with a new fence but an old seq, and a lease that changes hands, take a
/// second conditional write. `behind` costs 2.5 RRU for each room log that it examines, and the list of logs; its
/// memory is bounded by a step. On the way it repairs hints of heads that were lost with a process.
#[async_trait]
impl FeedStore for TableStore {
    async fn cursors(&self, room: RoomId) -> StoreResult<Vec<FeedCursor>> {
        let rows = self.query(Range::beginning(keys::room_rows(room), keys::CURSORS)).await?;
        let cursor = |row: &Item| Ok(FeedCursor { consumer: row.text("co")?.to_owned(), seq: row.number("sq")? });
        rows.iter().map(cursor).collect()
    }

    async fn advance(&self, room: RoomId, consumer: &str, fence: Fence, seq: Seq) -> StoreResult<()> {
        let key = keys::feed(room, consumer);
        let own = Change::of(key.clone()).set("fe", number(fence.0));
        let raised = own.clone().set("co", text(consumer)).set("sq", number(seq));
        let rises = When::All(vec![When::AtMost("fe", number(fence.0)), When::Less("sq", number(seq))]);
        let old = match self.write(vec![Op::Update(raised, When::Any(vec![When::Absent, rises]))]).await {
            Ok(()) => return Ok(()),
            Err(WriteError::Refused(which)) => which.into_iter().next().and_then(|(_, old)| old).unwrap_or_default(),
            Err(WriteError::Store(error)) => return Err(error),
        };
        if old.number("fe")? >= fence.0 {
            return Ok(());
        }
        // The seq is known, the fence is new: the previous holder can no longer write.
        let newer = When::All(vec![When::Present, When::Less("fe", number(fence.0))]);
        match self.write(vec![Op::Update(own, newer)]).await {
            Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
            Err(WriteError::Store(error)) => Err(error),
        }
    }

    async fn lease(&self, name: &str, owner: &str, now: Timestamp, life: Duration) -> StoreResult<Option<Fence>> {
        let until = now + life;
        let renewed = Change::of(keys::lease(name)).set("un", time(until));
        let held = When::All(vec![When::Is("ow", text(owner)), When::More("un", time(now))]);
        let old = match self.update(Op::Update(renewed, held)).await {
            Ok(lease) => return Ok(Some(Fence(lease.number("fe")?))),
            Err(WriteError::Refused(which)) => which.into_iter().next().and_then(|(_, old)| old),
            Err(WriteError::Store(error)) => return Err(error),
        };
        // A late renewal counts as a new holder: another process may have believed the lease free.
        let (fence, free) = match &old {
            None => (1, When::Absent),
            Some(lease) if lease.time("un")? <= now => {
                let fence = lease.number("fe")?;
                (fence + 1, When::All(vec![When::Is("fe", number(fence)), When::AtMost("un", time(now))]))
            }
            Some(_) => return Ok(None),
        };
        let taken =
            Item::at(keys::lease(name)).with("ow", text(owner)).with("un", time(until)).with("fe", number(fence));
        match self.write(vec![Op::Put(taken.clone(), free)]).await {
            Ok(()) => Ok(Some(Fence(fence))),
            // The stored lease is what this very write put, though no answer arrived.
            Err(WriteError::Refused(which)) => Ok(which.contains(&(0, Some(taken))).then_some(Fence(fence))),
            Err(WriteError::Store(error)) => Err(error),
        }
    }

    async fn release(&self, name: &str, owner: &str) -> StoreResult<()> {
        // The row stays, so that the next holder's fence is higher.
        let over = Change::of(keys::lease(name)).set("un", number(0));
        match self.write(vec![Op::Update(over, When::Is("ow", text(owner)))]).await {
            Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
            Err(WriteError::Store(error)) => Err(error),
        }
    }

    async fn behind(&self, consumer: &str, after: Option<RoomId>, limit: usize) -> StoreResult<Behind> {
        let looked_at = self.listed_rooms(after, LOOKED_AT).await?;
        let mut rooms = self.behind_of(consumer, &looked_at).await?;
        if rooms.len() > limit {
            rooms.truncate(limit);
            return Ok(Behind::up_to(limit, rooms));
        }
        let next = looked_at.last().filter(|_| looked_at.len() == LOOKED_AT).copied();
        Ok(Behind { rooms, next })
    }
}

impl TableStore {
    /// Returns those of `rooms` whose log has entries above the cursor, in the same order.
    async fn behind_of(&self, consumer: &str, rooms: &[RoomId]) -> StoreResult<Vec<(RoomId, Seq)>> {
        // A cursor may be a moment old: then a room is examined once more. So may a hint.
        let keys = rooms.iter().flat_map(|room| [keys::feed(*room, consumer), keys::room(*room)]);
        let mut seqs: HashMap<Key, Seq> = HashMap::new();
        for row in &self.get_all_weak(keys.collect()).await? {
            seqs.insert(row.key()?, row.number("sq")?);
        }
        let heads = rooms.iter().copied().map(async |room| Ok((room, self.tip(LogId::Room(room)).await?)));
        let heads: Vec<(RoomId, Tip)> = futures_util::stream::iter(heads).buffered(HEADS_AT_ONCE).try_collect().await?;
        let known = |key: Key| seqs.get(&key).copied().unwrap_or(0);
        for (room, tip) in heads.iter().filter(|(room, tip)| tip.seq() > known(keys::room(*room))) {
            self.hint_head(LogId::Room(*room), tip);
        }
        let behind = heads.into_iter().filter(|(room, tip)| tip.seq() > known(keys::feed(*room, consumer)));
        Ok(behind.map(|(room, tip)| (room, tip.seq())).collect())
    }

    /// Returns the rooms that have a log, in order, after `after`, from all parts of the list.
    async fn listed_rooms(&self, after: Option<RoomId>, limit: usize) -> StoreResult<Vec<RoomId>> {
        let after = after.map(|room| room.to_string()).unwrap_or_default();
        let parts = (0..keys::LOG_SHARDS)
            .map(|shard| self.query(Range::after(keys::logs_shard(shard), "r:", &after).limit(limit).weak()));
        let mut rooms = Vec::new();
        for row in futures_util::future::try_join_all(parts).await?.iter().flatten() {
            if let Some(LogId::Room(room)) = keys::listed_log_of(&row.key()?) {
                rooms.push(room);
            }
        }
        rooms.sort();
        rooms.truncate(limit);
        Ok(rooms)
    }
}
