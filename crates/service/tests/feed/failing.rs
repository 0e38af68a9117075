//! A feed that fails as if by a bug.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use service::ports::{Behind, FeedCursor, FeedStore, Fence, StoreResult};

use super::*;

/// A store whose leases panic so many times.
struct PanickingLeases {
    store: Arc<dyn FeedStore>,
    left: AtomicUsize,
}

#[async_trait]
impl FeedStore for PanickingLeases {
    async fn cursors(&self, room: RoomId) -> StoreResult<Vec<FeedCursor>> {
        self.store.cursors(room).await
    }
    async fn advance(&self, room: RoomId, consumer: &str, fence: Fence, seq: Seq) -> StoreResult<()> {
        self.store.advance(room, consumer, fence, seq).await
    }
    async fn lease(&self, name: &str, owner: &str, now: Timestamp, life: Duration) -> StoreResult<Option<Fence>> {
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(left.is_err(), "a fault of the test");
        self.store.lease(name, owner, now, life).await
    }
    async fn release(&self, name: &str, owner: &str) -> StoreResult<()> {
        self.store.release(name, owner).await
    }
    async fn behind(&self, consumer: &str, after: Option<RoomId>, limit: usize) -> StoreResult<Behind> {
        self.store.behind(consumer, after, limit).await
    }
}

/// Returns a node whose feed panics so many times when it requests a lease.
fn node(memory: &MemoryStore, panics: usize) -> Node {
    let node = Node::new(memory, "a");
    let mut store = memory.store();
    store.feed = Arc::new(PanickingLeases { store: store.feed, left: AtomicUsize::new(panics) });
    let consumers: Vec<Arc<dyn Consumer>> = vec![node.own_rooms.clone(), node.notify.clone()];
    let settings = FeedSettings { owner: "a".to_owned(), changes_every: Duration::from_secs(1) };
    let feed = Feed::new(store, Arc::new(VirtualClock(Instant::now())), consumers, settings);
    Node { feed, ..node }
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_panics_is_restarted_and_misses_nothing() {
    let memory = world().await;
    let store = memory.store();
    let node = node(&memory, 1);
    let room = node.room(RoomKind::Public, &[]).await;
    node.does(BOB, room, Intent::Join).await;
    node.feed.start(&node.logs, &node.supervisor);
    // While no feed runs, commits wait for the next one.
    tokio::time::sleep(Duration::from_millis(10)).await;
    let seq = node.says(ADA, room, "@bob").await;
    until("the notification", async || !notifications(&store, BOB).await.is_empty()).await;
    assert_eq!(announced(&store, BOB).await.0, [(room, seq)]);
    assert_eq!(node.supervisor.failure(), None);
    node.feed.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_keeps_panicking_ends_the_process() {
    let memory = world().await;
    let node = node(&memory, usize::MAX);
    node.feed.start(&node.logs, &node.supervisor);
    assert_eq!(node.supervisor.failed().await.task, "feed");
    node.feed.stop().await;
}
