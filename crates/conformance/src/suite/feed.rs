//! `Feed`: cursors protected by a fence, leases with one holder.

use std::sync::Arc;
use std::time::Duration;

use domain::{LogId, RoomId, Timestamp};
use service::ports::{Behind, FeedCursor, Fence, Store};
use tokio::sync::Barrier;

use super::world::{LogWriter, a_room, a_user};

const LIFE: Duration = Duration::from_millis(100);

fn cursor(consumer: &str, seq: u64) -> FeedCursor {
    FeedCursor { consumer: consumer.into(), seq }
}

pub async fn cursors_only_rise(store: Store) {
    let room = a_room();
    assert_eq!(store.feed.cursors(room).await, Ok(Vec::new()));
    for (consumer, seq) in [("search", 5), ("mail", 3), ("search", 2), ("mail", 3), ("mail", 4)] {
        store.feed.advance(room, consumer, Fence(1), seq).await.expect("advanced");
    }
    store.feed.advance(a_room(), "mail", Fence(1), 99).await.expect("another room");
    let mut found = store.feed.cursors(room).await.expect("a read");
    found.sort_by(|a, b| a.consumer.cmp(&b.consumer));
    assert_eq!(found, [cursor("mail", 4), cursor("search", 5)]);
}

pub async fn an_old_fence_cannot_advance(store: Store) {
    let room = a_room();
    for (fence, seq) in [(3, 5), (2, 50), (3, 6), (4, 1), (3, 60)] {
        store.feed.advance(room, "mail", Fence(fence), seq).await.expect("no error either way");
    }
    assert_eq!(store.feed.cursors(room).await, Ok(vec![cursor("mail", 6)]));
    store.feed.advance(room, "mail", Fence(5), 7).await.expect("advanced");
    assert_eq!(store.feed.cursors(room).await, Ok(vec![cursor("mail", 7)]));
}

pub async fn a_lease_has_one_holder(store: Store) {
    let lease = async |owner: &str, now| store.feed.lease("shard-1", owner, Timestamp(now), LIFE).await;
    let first = lease("a", 1_000).await.expect("an answer").expect("it is free");
    assert_eq!(lease("b", 1_050).await, Ok(None), "another holds it");
    assert_eq!(lease("a", 1_050).await, Ok(Some(first)), "renewed until 1150");
    assert_eq!(lease("b", 1_149).await, Ok(None));
    let second = lease("b", 1_150).await.expect("an answer").expect("it had expired");
    assert!(second > first);
    assert_eq!(lease("a", 1_160).await, Ok(None));
    store.feed.release("shard-1", "a").await.expect("not its own: no effect");
    assert_eq!(lease("a", 1_160).await, Ok(None));
    store.feed.release("shard-1", "b").await.expect("released");
    let third = lease("a", 1_160).await.expect("an answer").expect("it is free");
    assert!(third > second);
    let late = lease("a", 1_400).await.expect("an answer").expect("its own");
    assert!(late > third, "another node may have considered it free");
    let other = store.feed.lease("shard-2", "b", Timestamp(1_400), LIFE).await;
    assert!(matches!(other, Ok(Some(_))), "another lease");
}

pub async fn concurrent_requests_for_a_lease_have_one_holder(store: Store) {
    let begin = Arc::new(Barrier::new(8));
    let askers: Vec<_> = (0..8)
        .map(|number| {
            let (store, begin) = (store.clone(), begin.clone());
            tokio::spawn(async move {
                begin.wait().await;
                store.feed.lease("one", &format!("node-{number}"), Timestamp(5), LIFE).await.expect("an answer")
            })
        })
        .collect();
    let mut holders = 0;
    for asker in askers {
        holders += usize::from(asker.await.expect("it ends").is_some());
    }
    assert_eq!(holders, 1);
}

pub async fn rooms_behind_are_found(store: Store) {
    let mut heads: Vec<(RoomId, u64)> = Vec::new();
    for number in 0..6 {
        let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
        for _ in 0..=number {
            log_writer.say("x").await;
        }
        heads.push((log_writer.log.room().expect("a room's log"), number + 1));
    }
    LogWriter::new(&store, LogId::User(a_user())).await.say("user logs are not fed").await;
    heads.sort();
    let (done, head) = heads[2];
    store.feed.advance(done, "mail", Fence(1), head).await.expect("advanced");
    let (partly, head) = heads[4];
    store.feed.advance(partly, "mail", Fence(1), head - 1).await.expect("advanced");
    let expected: Vec<_> = heads.iter().filter(|(room, _)| *room != done).copied().collect();
    for limit in 1..=7 {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let step = store.feed.behind("mail", after, limit).await.expect("a step");
            assert!(step.rooms.len() <= limit);
            found.extend(step.rooms);
            after = step.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, expected, "by {limit}");
    }
    let all = Behind { rooms: heads, next: None };
    assert_eq!(store.feed.behind("search", None, 100).await, Ok(all), "another consumer");
}
