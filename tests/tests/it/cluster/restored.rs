//! Tests a database that is restored from a backup, with its own tools, while nodes are paused: they continue in the
//! new epoch.

use std::time::Duration;

use local_servers::shared;
use serde_json::json;
use service::limits::NODE_LIFE;
use tests::backends::Profile;
use tests::cluster::Cluster;
use tests::person::{Person, answer};
use tests::socket::{Next, Socket};
use tests::wait;

use crate::setup::{generous, join, messages, number, room, say, text, texts};

/// Closes all connections to a database of paused nodes, which cannot reconnect until they are resumed.
fn cut_off(database: &str) {
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity";
    shared::postgres().sql("postgres", &format!("{end} WHERE datname = '{database}'"));
}

/// Resumes all nodes, and waits until they are connected to the database again.
async fn resume(cluster: &Cluster, people: &[&Person]) {
    cluster.nodes().iter().for_each(|node| node.resume());
    for person in people {
        let answers = async || person.get("/api/rooms").await.status.is_success().then_some(());
        wait::until("the database's connections", answers).await;
    }
}

async fn closed(socket: &mut Socket) -> u16 {
    loop {
        if let Next::Closed(code) = socket.next().await {
            return code;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_paused_during_a_restore_continue_in_the_new_epoch() {
    let cluster = Cluster::start(Profile::SelfHosted, 2, generous()).await;
    let (postgres, database) = (shared::postgres(), cluster.backends().database().to_owned());
    let ada = Person::register(cluster.node(0), "ada").await;
    let bob = Person::register(cluster.node(1), "bob").await;
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    say(&ada, &id, "kept").await;

    cluster.nodes().iter().for_each(|node| node.pause());
    cut_off(&database);
    let backup = postgres.new_database_like(&database);
    resume(&cluster, &[&ada, &bob]).await;

    let mut sockets = [ada.connect().await, bob.connect().await];
    for socket in &mut sockets {
        socket.follow(&id).await;
    }
    let key = uuid::Uuid::now_v7().to_string();
    let send = async |by: &Person, epoch: &str, seen: u64| {
        let request = by.request(reqwest::Method::POST, &messages(&id));
        let request = request.header("palaver-epoch", epoch).header("idempotency-key", key.clone());
        answer(request.json(&json!({ "text": "lost", "seen": seen }))).await
    };
    let epoch = async |by: &Person| text(&by.get(&messages(&id)).await.ok()["epoch"]);
    let before = epoch(&ada).await;
    let lost = number(&send(&ada, &before, 0).await.ok()["seq"]);

    cluster.nodes().iter().for_each(|node| node.pause());
    cut_off(&database);
    postgres.sql("postgres", &format!("DROP DATABASE {database}"));
    postgres.sql("postgres", &format!("ALTER DATABASE {backup} RENAME TO {database}"));
    // According to the database, a node of the time of the backup may still be running.
    let patience = NODE_LIFE + Duration::from_secs(20);
    wait::until_within(patience, "the new epoch", async || {
        let output = cluster.backends().palaver(&["migrate", "--restored"]).await;
        output.status.success().then_some(())
    })
    .await;
    resume(&cluster, &[&ada, &bob]).await;

    for mut socket in sockets {
        assert_eq!(closed(&mut socket).await, 4412);
    }
    let after = epoch(&ada).await;
    assert_ne!(after, before);
    assert_eq!(epoch(&bob).await, after);
    assert_eq!(texts(&ada, &id).await, ["kept"]);
    // The client retries what was acked in the other epoch as a new change, because the ack no longer counts.
    let refused = send(&ada, &before, lost).await;
    assert_eq!(refused.body["code"], "unavailable", "{}", refused.text());
    let mut socket = bob.connect().await;
    socket.follow(&id).await;
    let again = number(&send(&ada, &after, 0).await.ok()["seq"]);
    assert_eq!(socket.find("event", |event| event["text"] == "lost").await["seq"], again);
    // A paused appender learns the new epoch from its next append, whose outcome is unknown.
    let key = uuid::Uuid::now_v7().to_string();
    wait::until("the other node's append", async || {
        let request = bob.request(reqwest::Method::POST, &messages(&id)).header("idempotency-key", key.clone());
        let said = answer(request.json(&json!({ "text": "goes on", "seen": 0 }))).await;
        said.status.is_success().then_some(())
    })
    .await;
    assert_eq!(texts(&ada, &id).await, ["kept", "lost", "goes on"]);
}
