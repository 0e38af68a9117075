//! `Feed`.

use std::time::Duration;

use async_trait::async_trait;
use domain::{LogId, RoomId, Seq, Timestamp};
use futures_util::{StreamExt as _, TryStreamExt as _};
use service::ports::{Feed, FeedCursor, Fence, RoomLog as _, StoreResult};

use crate::item::{Item, number, text, time};
use crate::keys;
use crate::op::{Change, Op, When};
use crate::shared::{Range, Shared, WriteError};

/// Logs that one step of [`Feed::behind`] looks at.
const LOOKED_AT: usize = 100;
/// Heads of logs that it reads at the same time.
const HEADS_AT_ONCE: usize = 16;

/// A cursor is `co` consumer, `sq` seq, `fe` fence; a lease is `ow` owner, `un` until, `fe` fence.
///
/// Costs, beside one read or write: a cursor whose fence is new but whose seq is not, and a lease that
/// changes hands, take a second conditional write. `behind` costs 2 RRU for each room log that it looks
/// at, and the list of logs; its memory is bounded by a step. On the way it mends hints of heads that were
/// lost with a process.
#[async_trait]
impl Feed for Shared {
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
        // The seq is known, the fence is new: whoever had the older one cannot write any more.
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
        // Late to renew is as good as another's: somebody may have believed the lease free.
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
            // What stands there is what this very write put, though no answer came.
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

    async fn behind(&self, consumer: &str, after: Option<RoomId>, limit: usize) -> StoreResult<Vec<(RoomId, Seq)>> {
        let mut behind = Vec::new();
        let mut after = after;
        while behind.len() < limit {
            let rooms = self.listed_rooms(after, LOOKED_AT).await?;
            let Some(last) = rooms.last().copied() else { break };
            behind.extend(self.behind_of(consumer, &rooms).await?);
            if rooms.len() < LOOKED_AT {
                break;
            }
            after = Some(last);
        }
        behind.truncate(limit);
        Ok(behind)
    }
}

impl Shared {
    /// Those of `rooms` whose log goes on above the cursor, in the same order.
    async fn behind_of(&self, consumer: &str, rooms: &[RoomId]) -> StoreResult<Vec<(RoomId, Seq)>> {
        // A cursor may be a moment old: then a room is looked at once more.
        let rows = self.get_all_weak(rooms.iter().map(|room| keys::feed(*room, consumer)).collect()).await?;
        let mut cursors = std::collections::HashMap::new();
        for row in &rows {
            cursors.insert(row.key()?.pk, row.number("sq")?);
        }
        let heads = rooms.iter().copied().map(async |room| Ok((room, self.tip(LogId::Room(room)).await?.seq())));
        let heads: Vec<(RoomId, Seq)> = futures_util::stream::iter(heads).buffered(HEADS_AT_ONCE).try_collect().await?;
        let cursor = |room: RoomId| cursors.get(&keys::room_rows(room)).copied().unwrap_or_default();
        Ok(heads.into_iter().filter(|(room, head)| *head > cursor(*room)).collect())
    }

    /// The rooms that have a log, in order, after `after`, from all parts of the list.
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
