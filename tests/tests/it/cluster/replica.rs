//! Tests a read replica that lags: users always read their own writes (P7).

use local_servers::Postgres;
use serde_json::json;
use tests::backends::Backends;
use tests::cluster::Cluster;
use tests::person::Person;

use crate::setup::{generous, number, room, say};

#[tokio::test]
async fn own_writes_are_read_despite_a_lagging_replica() {
    // A separate server: a paused replica would block the other tests' databases too.
    let postgres = Postgres::start();
    let database = postgres.new_database_like("template0");
    let mut backends = Backends::self_hosted_on(postgres.url_of(&database), &database).await;
    let replica = postgres.replica();
    backends.set("DATABASE_REPLICA_URL", &replica.url_of(&database));
    let cluster = Cluster::start_on(backends, 2, generous()).await;
    let ada = Person::register(cluster.node(0), "ada").await;
    let there = ada.at(cluster.node(1));
    let id = room(&ada, "garden").await;
    let page = async |min_seq: u64| there.get(&format!("/api/rooms/{id}/messages?min_seq={min_seq}")).await.ok();

    let before = say(&ada, &id, "before").await;
    let arrived =
        format!("SELECT pg_last_wal_replay_lsn() >= '{}'", postgres.sql(&database, "SELECT pg_current_wal_lsn()"));
    tests::wait::until("the replica has it", async || (replica.sql(&database, &arrived) == "t").then_some(())).await;
    replica.pause();
    let paused = "SELECT pg_get_wal_replay_pause_state()";
    tests::wait::until("the pause", async || (replica.sql(&database, paused) == "paused").then_some(())).await;

    let mut behind = 0;
    for n in 0..5 {
        let seq = say(&ada, &id, &format!("after {n}")).await;
        let own = page(seq).await;
        let newest = own["items"].as_array().and_then(|items| items.last()).cloned().expect("there are messages");
        assert_eq!((&newest["seq"], &newest["text"]), (&json!(seq), &json!(format!("after {n}"))));
        // A reader that asks for less may get less, and learns from when it is.
        let old = page(before).await;
        assert!(number(&old["as_of"]) >= before, "{old}");
        behind += usize::from(number(&old["as_of"]) == before);
    }
    assert!(behind > 0, "the replica answered no reader");
    replica.resume();
    println!(
        "5 own writes read through another node while the replica lagged; {behind} of 5 others came from the replica"
    );
}
