//! Tests of the shards: a panic, a queue that overruns.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::{Change, Intent, LogId, Timestamp};
use serde_json::json;
use service::{Clock, SystemClock};
use ws_tier::limits::SHARD_QUEUE;

use crate::harness::{Cluster, PATIENCE, entry};

/// A clock that makes the first shard panic or wait when it asks for the time.
#[derive(Default)]
struct Trap {
    panics: AtomicBool,
    waits: AtomicBool,
}

fn is_first_shard() -> bool {
    std::thread::current().name() == Some("shard-0")
}

impl Clock for Trap {
    fn now(&self) -> Timestamp {
        if is_first_shard() {
            while self.waits.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(1));
            }
            assert!(!self.panics.swap(false, Ordering::SeqCst), "the test asked for a panic");
        }
        SystemClock.now()
    }
}

#[tokio::test]
async fn a_panic_closes_its_socket_and_leaves_presence_hub_and_registry_clean() {
    let trap = Arc::new(Trap::default());
    let cluster = Cluster::new();
    let node = cluster.node_with_clock(trap.clone()).await;
    let (ada, bob) = (node.guest("ada").await, node.guest("bob").await);
    let room = node.room("garden", &ada, &[&bob]).await;
    let (mut of_ada, mut of_bob) = (node.live(&ada, &[room]).await, node.live(&bob, &[room]).await);
    of_bob.say(json!({"t": "watch", "users": [ada.id.to_string()]})).await;
    while of_bob.expect("presence").await["users"][0]["status"] != "online" {}

    trap.panics.store(true, Ordering::SeqCst);
    of_ada.say(json!({"t": "typing", "room": room.to_string(), "on": true})).await;
    assert_eq!(of_ada.closed().await, 1011);
    while of_bob.expect("presence").await["users"][0]["status"] != "offline" {}
    tokio::time::timeout(PATIENCE, async {
        while node.node.open_sockets() > 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("the permit is returned");

    // The user can sign in again, and bob's socket still gets everything.
    let mut of_ada = node.live(&ada, &[room]).await;
    assert_eq!(of_ada.send(room, "back again", 0).await["t"], "ack");
    assert_eq!(of_bob.event(room).await["text"], "back again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shard_whose_queue_overruns_closes_its_sockets_which_resume() {
    let trap = Arc::new(Trap::default());
    let cluster = Cluster::new();
    let node = cluster.node_with_clock(trap.clone()).await;
    let (ada, bob) = (node.guest("ada").await, node.guest("bob").await);
    let room = node.room("garden", &ada, &[&bob]).await;
    // The first socket belongs to the first shard, the second to the other one.
    let (mut socket, mut other) = (node.live(&ada, &[room]).await, node.live(&bob, &[room]).await);

    trap.waits.store(true, Ordering::SeqCst);
    for n in 0..SHARD_QUEUE + 10 {
        let intent = Intent::Send {
            text: format!("message {n}").try_into().expect("a text"),
            files: Vec::new(),
            reply_to: None,
            thread: None,
        };
        let change = Change { by: ada.actor, id: entry(), seen: None, epoch: None, intent };
        node.services.logs.submit(LogId::Room(room), change).await.expect("appended");
        // At the pace of the deliveries, whose queue must not overflow: then the hub would read the log, and send less.
        other.event(room).await;
    }
    trap.waits.store(false, Ordering::SeqCst);
    assert_eq!(socket.closed().await, 4408);

    let mut again = node.live(&ada, &[room]).await;
    assert_eq!(again.send(room, "after the overrun", SHARD_QUEUE as u64).await["t"], "ack");
    assert_eq!(again.event(room).await["text"], "after the overrun");
}
