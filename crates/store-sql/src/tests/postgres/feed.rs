//! Feed workers of two nodes: a lease has one holder, and a worker that lost it can no longer write.

use std::collections::BTreeMap;
use std::time::Duration;

use conformance::suite::world::a_room;
use domain::{RoomId, Timestamp};
use service::ports::{FeedCursor, Fence, Store};

use super::{new_database, open_at};

const LIFE: Duration = Duration::from_millis(10);

/// Takes each lease that is free, as time goes by in its own steps, and moves that room's cursor under it.
async fn work(store: Store, owner: String, rooms: Vec<RoomId>) -> Vec<(usize, Fence, i64)> {
    let mut held = Vec::new();
    for now in 0..60_i64 {
        for (number, room) in rooms.iter().enumerate() {
            let lease =
                store.feed.lease(&format!("shard{number}"), &owner, Timestamp(now), LIFE).await.expect("an answer");
            if let Some(fence) = lease {
                held.push((number, fence, now));
                store.feed.advance(*room, "mail", fence, fence.0 * 10).await.expect("an answer");
            }
        }
    }
    held
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_of_two_nodes_share_the_leases() {
    let url = new_database();
    let (one, other) = (open_at(&url).await.expect("it opens"), open_at(&url).await.expect("it opens"));
    let rooms: Vec<RoomId> = (0..4).map(|_| a_room()).collect();
    let mut workers = Vec::new();
    for (number, store) in [&one, &other, &one, &other].into_iter().enumerate() {
        workers.push(tokio::spawn(work(store.store(), format!("worker{number}"), rooms.clone())));
    }
    let (mut owners, mut highest) = (BTreeMap::new(), BTreeMap::new());
    for (number, worker) in workers.into_iter().enumerate() {
        for (shard, fence, _) in worker.await.expect("it ends") {
            let owner = owners.entry((shard, fence)).or_insert(number);
            assert_eq!(*owner, number, "two hold shard {shard} under {fence:?}");
            let most = highest.entry(shard).or_insert(fence);
            *most = fence.max(*most);
        }
    }
    for (shard, room) in rooms.iter().enumerate() {
        let cursors = one.store().feed.cursors(*room).await.expect("the cursors");
        assert_eq!(cursors, [FeedCursor { consumer: "mail".into(), seq: highest[&shard].0 * 10 }]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_worker_is_fenced_off() {
    let url = new_database();
    let (one, other) = (open_at(&url).await.expect("it opens").store(), open_at(&url).await.expect("it opens").store());
    let room = a_room();
    let first = one.feed.lease("shard", "one", Timestamp(0), LIFE).await.expect("an answer").expect("it is free");
    assert_eq!(other.feed.lease("shard", "other", Timestamp(5), LIFE).await, Ok(None));
    let second = other.feed.lease("shard", "other", Timestamp(50), LIFE).await.expect("an answer").expect("it ran out");
    assert!(second > first);
    other.feed.advance(room, "mail", second, 5).await.expect("an answer");
    one.feed.advance(room, "mail", first, 9).await.expect("an answer");
    assert_eq!(one.feed.cursors(room).await.expect("the cursors")[0].seq, 5, "the old holder's write has no effect");
}
