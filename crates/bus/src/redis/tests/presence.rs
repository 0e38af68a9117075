use crate::limits::PRESENCE_HOLD;
use conformance::suite::presence::PresenceNodes;
use domain::limits::PRESENCE_LIFE;
use domain::{PresenceStatus, Timestamp};
use local_servers::{Redis, shared};
use service::ports::PresenceStore;

use super::*;
use crate::RedisPresence;
use PresenceStatus::{Offline, Online};

const START: Timestamp = Timestamp(1_700_000_000_000);

/// A node and its presence.
struct Node {
    bus: Arc<RedisBus>,
    presence: RedisPresence,
}

struct Nodes(String, RedisSettings);

#[async_trait::async_trait]
impl PresenceNodes for Nodes {
    async fn node(&self) -> Arc<dyn PresenceStore> {
        let bus = node(&self.0, &self.1).await;
        let presence = bus.presence();
        // The connection lasts as long as the bus; a node keeps both.
        std::mem::forget(bus);
        Arc::new(presence)
    }
}

conformance::presence!(suite, async || Nodes(shared::redis().url(), apart()));

async fn a_node(redis: &Redis, settings: &RedisSettings) -> Node {
    let bus = node(&redis.url(), settings).await;
    Node { presence: bus.presence(), bus }
}

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

impl Node {
    async fn has(&self, now: Timestamp, users: &[u128]) {
        let lines: Vec<_> = users.iter().map(|n| (user(*n), format!("c{n}"), Online)).collect();
        self.presence.refresh(now, &lines).await;
    }

    async fn changes(&self, now: Timestamp) -> Vec<(UserId, PresenceStatus)> {
        let mut changed: Vec<_> = self.presence.changed(now).await.into_iter().map(|is| (is.user, is.status)).collect();
        changed.sort_unstable();
        changed
    }

    async fn status(&self, now: Timestamp, n: u128) -> PresenceStatus {
        self.presence.get(now, &[user(n)]).await.expect("it knows")[0].status
    }
}

#[tokio::test]
async fn users_of_a_crashed_node_expire() {
    let redis = Redis::start();
    let settings = apart();
    let (a, b) = (a_node(&redis, &settings).await, a_node(&redis, &settings).await);
    a.has(START, &[1]).await;
    b.has(START, &[2]).await;
    assert_eq!(a.changes(START).await, [(user(1), Online), (user(2), Online)]);
    drop(b);
    let soon = START + Duration::from_secs(20);
    a.has(soon, &[1]).await;
    assert!(a.changes(soon).await.is_empty());
    let end = START + PRESENCE_LIFE;
    assert_eq!(a.changes(end).await, [(user(2), Offline)]);
    assert_eq!(a.presence.online(end).await, 1);
}

#[tokio::test]
async fn a_lagging_replica_that_takes_over_hides_no_later_changes() {
    let redis = Redis::start();
    let settings = apart();
    let (a, b) = (a_node(&redis, &settings).await, a_node(&redis, &settings).await);
    a.has(START, &[1]).await;
    a.presence.remove(START, user(1), "c1").await;
    a.has(START, &[1]).await;
    assert_eq!(b.changes(START).await, [(user(1), Online)]);
    redis.command(&["HSET", &format!("{{{}:presence:1}}:meta", settings.prefix), "version", "1"]);
    // In the same shard.
    a.has(START, &[9]).await;
    assert_eq!(b.changes(START).await, [(user(9), Online)]);
}

#[tokio::test]
async fn a_redis_that_lost_its_data_declares_no_user_offline() {
    let redis = Redis::start();
    let settings = apart();
    let (a, b) = (a_node(&redis, &settings).await, a_node(&redis, &settings).await);
    a.has(START, &[1]).await;
    b.has(START, &[2, 3]).await;
    assert_eq!(a.changes(START).await.len(), 3);
    assert_eq!(b.changes(START).await.len(), 3);
    redis.flush();
    let soon = START + Duration::from_secs(1);
    assert!(a.changes(soon).await.is_empty());
    assert_eq!(a.status(soon, 1).await, Online, "it was sent again at once");
    assert_eq!(a.status(soon, 2).await, Online, "the other node has not sent it yet, and no node said otherwise");
    assert_eq!(a.presence.online(soon).await, 3);
    assert!(b.changes(soon).await.is_empty());
    assert!(a.changes(soon).await.is_empty());
    b.presence.remove(soon, user(3), "c3").await;
    assert_eq!(a.changes(soon).await, [(user(3), Offline)], "an explicit offline counts");
    let over = soon + PRESENCE_HOLD;
    a.has(over, &[1]).await;
    assert_eq!(a.changes(over).await, [(user(2), Offline)], "the other node no longer refreshed them");
}

#[tokio::test]
async fn while_redis_is_down_each_node_uses_its_own_view() {
    let mut redis = Redis::start();
    let settings = apart();
    let (a, b) = (a_node(&redis, &settings).await, a_node(&redis, &settings).await);
    a.has(START, &[1]).await;
    b.has(START, &[2]).await;
    assert_eq!(a.changes(START).await.len(), 2);
    assert_eq!(b.changes(START).await.len(), 2);
    redis.kill();
    becomes(&*a.bus, BusStatus::Down).await;
    let began = Instant::now();
    for second in 0..45 {
        let now = START + Duration::from_secs(second);
        a.has(now, &[1]).await;
        assert!(a.changes(now).await.is_empty(), "after {second} s");
        assert_eq!((a.status(now, 1).await, a.status(now, 2).await), (Online, Online));
        assert!(!a.presence.check().await);
    }
    assert!(began.elapsed() < SLACK, "no call waits for a Redis that is down");
    a.has(START + Duration::from_secs(44), &[7]).await;
    let over = START + PRESENCE_HOLD;
    assert_eq!(a.changes(over).await, [(user(2), Offline), (user(7), Online)]);

    redis.restart();
    becomes(&*a.bus, BusStatus::Up).await;
    becomes(&*b.bus, BusStatus::Up).await;
    b.has(over, &[2]).await;
    b.changes(over).await;
    let back = a.changes(over).await;
    assert_eq!(back, [(user(2), Online)], "and the other node's are back");
    assert_eq!(a.presence.online(over).await, 3);
    b.changes(over).await;
    assert_eq!((b.status(over, 1).await, b.status(over, 7).await), (Online, Online), "both sent all they had, at once");
}

#[tokio::test]
async fn a_node_without_changes_has_no_answer_while_redis_is_down() {
    let mut redis = Redis::start();
    let settings = apart();
    let (tier, function) = (a_node(&redis, &settings).await, a_node(&redis, &settings).await);
    tier.has(START, &[1]).await;
    assert_eq!(function.status(START, 1).await, Online);
    redis.kill();
    becomes(&*function.bus, BusStatus::Down).await;
    assert_eq!(function.presence.get(START, &[user(1)]).await, None, "online or not: it cannot tell");
    function.has(START, &[2]).await;
    assert_eq!(function.status(START, 2).await, Online, "a user connected here is online");
    assert_eq!(function.presence.get(START, &[user(1), user(2)]).await, None);
}

#[tokio::test]
async fn a_redis_that_hangs_for_a_minute_declares_no_user_offline() {
    let redis = Redis::start();
    let settings = apart();
    let (a, b) = (a_node(&redis, &settings).await, a_node(&redis, &settings).await);
    a.has(START, &[1]).await;
    b.has(START, &[2]).await;
    assert_eq!(a.changes(START).await.len(), 2);
    redis.freeze();
    let began = Instant::now();
    a.has(START, &[1]).await;
    assert!(a.changes(START).await.is_empty());
    assert!(began.elapsed() < crate::limits::BUS_TIMEOUT * 3 + SLACK, "{:?}", began.elapsed());
    becomes(&*a.bus, BusStatus::Down).await;
    let later = START + Duration::from_secs(40);
    a.has(later, &[1]).await;
    assert!(a.changes(later).await.is_empty());
    redis.thaw();
    becomes(&*a.bus, BusStatus::Up).await;
    assert!(a.changes(later).await.is_empty(), "they expired in Redis, and the other node could not refresh them");
    assert_eq!(a.status(later, 2).await, Online);
    let over = later + PRESENCE_HOLD;
    a.has(over, &[1]).await;
    assert_eq!(a.changes(over).await, [(user(2), Offline)]);
}

#[tokio::test]
async fn unrelated_keys_are_not_searched() {
    let redis = Redis::start();
    let settings = RedisSettings { server_clock: true, ..apart() };
    let a = a_node(&redis, &settings).await;
    let users: Vec<u128> = (0..2_000).collect();
    a.has(START, &users).await;
    a.changes(START).await;
    assert_eq!(a.presence.online(START).await, 2_000, "the server's clock counts, whatever a node's clock shows");
    let room = RoomId(Uuid::now_v7());
    a.presence.set_typing(START, room, user(1), true).await;
    assert_eq!(a.presence.typing(START, room).await, [user(1)]);
    let stats = redis.command(&["INFO", "commandstats"]);
    assert!(!stats.contains("cmdstat_keys") && !stats.contains("cmdstat_scan"), "{stats}");
    let keys = redis.command(&["DBSIZE"]);
    assert!(keys.parse::<u32>().expect("a number") <= 8 * 5 + 1, "{keys} keys, however many users");
}
