//! The feed of a process that does nothing between two events: catches up the rooms that an event names, and returns.
//!
//! Like the loop, it has one reader per room (a shard's lease) and never trusts what woke it. Cursors are saved only
//! from time to time; what another process then reads again guards itself.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::limits::{FEED_LEASE_LIFE, FEED_ROOMS, FEED_ROOMS_AT_ONCE, FEED_SAVE_INTERVAL};
use domain::limits::PAGE_ROWS;
use domain::{LogId, Refusal, RoomId, Seq, Timestamp};
use futures_util::{StreamExt, stream};
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use tokio::time::Instant;

use super::reader::{perform, stored_cursors};
use super::scheduler::{Ran, Run, lease_name, shard_of};
use super::{Consumer, Troubles};
use crate::clock::Clock;
use crate::ports::{Fence, Store, StoreResult};
use crate::refusals::RETRY_MS;

/// How long to wait for another reader of the shard. A batch takes it less than that.
const LEASE_PATIENCE: Duration = Duration::from_secs(5);
/// The pause between two tries to get the lease.
const LEASE_AGAIN: Duration = Duration::from_millis(100);
/// How long rooms are read under one lease: well below its duration.
const WORK: Duration = Duration::from_secs(20);

/// Reads rooms to their heads on request.
pub struct CatchUp {
    store: Store,
    clock: Arc<dyn Clock>,
    consumers: Vec<Arc<dyn Consumer>>,
    owner: String,
    /// How far rooms were read here, and when that was last saved.
    kept: Cache<RoomId, Kept>,
    /// Where the next sweep of this process begins: which consumer's rooms, and after which room.
    place: Mutex<(usize, Option<RoomId>)>,
    troubles: Troubles,
}

#[derive(Debug, Clone, Default)]
struct Kept {
    positions: Vec<Seq>,
    saved_at: Option<Timestamp>,
}

impl CatchUp {
    /// Creates the feed. Each entry goes to the consumers in this order. `owner` holds the leases; each process has its
    /// own.
    pub fn new(store: Store, clock: Arc<dyn Clock>, consumers: Vec<Arc<dyn Consumer>>, owner: String) -> Arc<Self> {
        let (kept, place, troubles) = (Cache::new(FEED_ROOMS), Mutex::default(), Troubles::default());
        Arc::new(CatchUp { store, clock, consumers, owner, kept, place, troubles })
    }

    /// Reads these rooms to their heads. Returns those that are still behind, for the caller to ask again.
    pub async fn rooms(&self, rooms: &[RoomId]) -> Vec<RoomId> {
        let mut shards: HashMap<usize, Vec<RoomId>> = HashMap::new();
        for room in rooms {
            let shard = shards.entry(shard_of(*room)).or_default();
            if !shard.contains(room) {
                shard.push(*room);
            }
        }
        let all = shards.into_iter().map(|(shard, rooms)| self.shard(shard, rooms));
        futures_util::future::join_all(all).await.concat()
    }

    /// Finds rooms that are behind, whatever should have woken their reader, and reads them to their heads: all rooms,
    /// or as many as fit into `time`. The next sweep continues there.
    pub async fn sweep(&self, time: Duration) -> StoreResult<()> {
        let until = Instant::now() + time;
        let (mut consumer, mut after) = *self.place.lock();
        for _ in 0..self.consumers.len() {
            loop {
                if Instant::now() >= until {
                    return Ok(());
                }
                let step = self.store.feed.behind(self.consumers[consumer].name(), after, PAGE_ROWS).await?;
                let rooms: Vec<RoomId> = step.rooms.into_iter().map(|(room, _)| room).collect();
                // Rooms that stay behind are left to another reader or to the next sweep.
                self.rooms(&rooms).await;
                after = step.next;
                if after.is_none() {
                    consumer = (consumer + 1) % self.consumers.len();
                }
                *self.place.lock() = (consumer, after);
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Reads the rooms of one shard, under its lease.
    async fn shard(&self, shard: usize, rooms: Vec<RoomId>) -> Vec<RoomId> {
        let name = lease_name(shard);
        let Some(fence) = self.lease(&name).await else {
            tracing::info!(shard, "another reader holds the shard, will retry its rooms");
            return rooms;
        };
        let until = Instant::now() + WORK;
        let behind = stream::iter(rooms)
            .map(|room| async move { (room, self.room(room, fence, until).await) })
            .buffer_unordered(FEED_ROOMS_AT_ONCE)
            .filter_map(|(room, read)| async move {
                let refusal = read.err()?;
                tracing::warn!(%room, %refusal, "room not read up to its head, will retry");
                Some(room)
            })
            .collect()
            .await;
        // A lease that is not released expires by itself.
        let _ = self.store.feed.release(&name, &self.owner).await;
        behind
    }

    async fn lease(&self, name: &str) -> Option<Fence> {
        let until = Instant::now() + LEASE_PATIENCE;
        loop {
            let asked = self.store.feed.lease(name, &self.owner, self.clock.now(), FEED_LEASE_LIFE).await;
            if let Ok(Some(fence)) = asked {
                return Some(fence);
            }
            if Instant::now() >= until {
                return None;
            }
            tokio::time::sleep(LEASE_AGAIN).await;
        }
    }

    async fn room(&self, room: RoomId, fence: Fence, until: Instant) -> Result<(), Refusal> {
        let tip = self.store.log.tip(LogId::Room(room)).await?;
        let head = tip.seq();
        let stored = stored_cursors(&self.store, &self.consumers, room).await?;
        let kept = self.kept.get(&room).unwrap_or_default();
        // A cursor above the head belongs to another epoch of the store; what was read here may be ahead of what is
        // saved.
        let known = |consumer: usize, seq: Seq| seq.max(kept.positions.get(consumer).copied().unwrap_or(0));
        let from = stored.iter().enumerate().map(|(consumer, seq)| known(consumer, *seq));
        let mut positions: Vec<Seq> = from.map(|seq| if seq > head { 0 } else { seq }).collect();
        let mut result = Ok(());
        while result.is_ok() && positions.iter().any(|seq| *seq < head) {
            let due = positions.iter().map(|seq| *seq < head).collect();
            let run = Run {
                room,
                number: 0,
                epoch: tip.epoch(),
                positions: Some(positions.clone()),
                due,
                head,
                fresh: Vec::new(),
            };
            match perform(&self.store, &self.consumers, &self.troubles, run).await {
                Ran::Failed { .. } => result = Err(later()),
                Ran::To { moved, .. } => {
                    for (consumer, seq, retry) in moved {
                        positions[consumer] = positions[consumer].max(seq);
                        if retry.is_some() {
                            result = Err(later());
                        }
                    }
                }
            }
            if Instant::now() >= until {
                result = result.and(Err(later()));
            }
        }
        self.keep(room, fence, &stored, Kept { positions, ..kept }).await;
        result
    }

    /// Remembers how far a room was read, and saves it if it was not saved for a while.
    async fn keep(&self, room: RoomId, fence: Fence, stored: &[Seq], mut kept: Kept) {
        let now = self.clock.now();
        if kept.saved_at.is_none_or(|at| now.since(at) >= FEED_SAVE_INTERVAL) {
            kept.saved_at = Some(now);
            for (consumer, (seq, stored)) in kept.positions.iter().zip(stored).enumerate() {
                if seq > stored
                    && let Err(error) =
                        self.store.feed.advance(room, self.consumers[consumer].name(), fence, *seq).await
                {
                    kept.saved_at = None;
                    tracing::debug!(%room, %error, "feed cursor not saved, will retry");
                }
            }
        }
        self.kept.insert(room, kept);
    }
}

fn later() -> Refusal {
    Refusal::unavailable("The room could not be read up to its newest entry.", RETRY_MS)
}
