use crate::limits::{BUS_PING, BUS_TIMEOUT};
use local_servers::Redis;
use tokio::task::JoinHandle;

use super::*;

/// Two nodes on their own Redis; the second follows a log.
struct Two {
    redis: Redis,
    a: Arc<RedisBus>,
    b: Arc<RedisBus>,
    heard: Receiver<Heard>,
    log: LogId,
}

impl Two {
    async fn start() -> Two {
        let redis = Redis::start();
        let settings = apart();
        let (a, b) = (node(&redis.url(), &settings).await, node(&redis.url(), &settings).await);
        let mut heard = b.listen().expect("first");
        let log = a_log();
        b.subscribe(log).await;
        hears(&*a, &mut heard, log, 1).await;
        Two { redis, a, b, heard, log }
    }

    /// Publishes from one node every ten milliseconds, until aborted.
    fn chatter(&self) -> JoinHandle<()> {
        let (a, log) = (self.a.clone(), self.log);
        tokio::spawn(async move {
            for n in 0.. {
                let began = Instant::now();
                a.publish(log, typing(1_000_000 + n)).await;
                assert!(began.elapsed() < SLACK, "publishing waits for nothing");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
    }

    /// Checks that messages published now arrive, on the old log and on one that was wanted while the bus was down.
    async fn is_whole(&mut self, new: LogId) {
        becomes(&*self.a, BusStatus::Up).await;
        becomes(&*self.b, BusStatus::Up).await;
        hears(&*self.a, &mut self.heard, self.log, 2).await;
        hears(&*self.a, &mut self.heard, new, 3).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_logs_are_followed_again_after_redis_was_killed() {
    let mut two = Two::start().await;
    let chatter = two.chatter();
    two.redis.kill();
    for bus in [&two.a, &two.b] {
        let took = becomes(&**bus, BusStatus::Down).await;
        assert!(took < SLACK, "{took:?}");
    }
    let new = a_log();
    let began = Instant::now();
    two.b.subscribe(new).await;
    assert!(began.elapsed() < SLACK, "no call waits while it is down");
    let lost = two.a.figures().lost;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(two.a.figures().lost > lost, "what is lost is counted");
    two.redis.restart();
    two.is_whole(new).await;
    assert!(!chatter.is_finished(), "the publisher did not fail");
    chatter.abort();
    assert_eq!((two.a.figures().reconnects, two.b.figures().reconnects), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_hangs_is_down_within_two_seconds() {
    let mut two = Two::start().await;
    let chatter = two.chatter();
    two.redis.freeze();
    let began = Instant::now();
    for bus in [&two.a, &two.b] {
        becomes(&**bus, BusStatus::Down).await;
        assert!(began.elapsed() < BUS_PING + BUS_TIMEOUT + SLACK, "{:?}", began.elapsed());
    }
    let new = a_log();
    two.b.subscribe(new).await;
    assert!(began.elapsed() < BUS_PING + BUS_TIMEOUT + SLACK * 2);
    two.redis.thaw();
    two.is_whole(new).await;
    assert!(!chatter.is_finished());
    chatter.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_during_a_hang_returns_when_the_bus_is_down() {
    let two = Two::start().await;
    two.redis.freeze();
    let began = Instant::now();
    two.b.subscribe(a_log()).await;
    assert!(began.elapsed() < BUS_TIMEOUT * 2 + SLACK, "{:?}", began.elapsed());
    assert_eq!(*two.b.status().borrow(), BusStatus::Down);
    two.redis.thaw();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_of_redis_does_not_affect_the_bus() {
    let mut two = Two::start().await;
    two.redis.flush();
    hears(&*two.a, &mut two.heard, two.log, 2).await;
    assert_eq!(two.b.figures().reconnects, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_closed_by_the_server_is_restored() {
    let mut two = Two::start().await;
    for kind in ["pubsub", "normal"] {
        let mut down = two.b.status();
        down.mark_unchanged();
        two.redis.command(&["CLIENT", "KILL", "TYPE", kind]);
        tokio::time::timeout(PATIENCE, down.changed()).await.expect("it is noticed").expect("the bus lives");
        let log = two.log;
        two.is_whole(log).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_starts_without_redis_and_joins_when_it_is_up() {
    let mut redis = Redis::start();
    redis.kill();
    let settings = apart();
    let began = Instant::now();
    let (a, b) = (node(&redis.url(), &settings).await, node(&redis.url(), &settings).await);
    assert!(began.elapsed() < BUS_TIMEOUT * 6 + SLACK);
    assert_eq!(*a.status().borrow(), BusStatus::Down);
    let mut heard = b.listen().expect("first");
    let log = a_log();
    b.subscribe(log).await;
    a.publish(log, typing(1)).await;
    assert_eq!(a.figures().lost, 1);
    redis.restart();
    becomes(&*a, BusStatus::Up).await;
    becomes(&*b, BusStatus::Up).await;
    hears(&*a, &mut heard, log, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_returns_even_if_redis_hangs() {
    let two = Two::start().await;
    two.redis.freeze();
    two.a.publish(two.log, typing(5)).await;
    let began = Instant::now();
    two.a.flush().await;
    assert!(began.elapsed() < BUS_TIMEOUT * 2 + SLACK, "{:?}", began.elapsed());
    two.redis.thaw();
}
