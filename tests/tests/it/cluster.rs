//! Tests several nodes on one database: what clients must not notice of them. Each test starts its own nodes, on the
//! profile that it names.

mod across;
mod contention;
mod database;
mod limits;
mod outage;
mod replica;
mod restored;

use client::{Client, Credentials};
use tests::cluster::Cluster;
use tokio::sync::{Mutex, MutexGuard};

/// Keeps tests that put nodes under load from distorting each other's measurements.
async fn alone() -> MutexGuard<'static, ()> {
    static LOAD: Mutex<()> = Mutex::const_new(());
    LOAD.lock().await
}

/// Connects clients to all nodes in turn, each in one public room, which the first of them creates; also returns the
/// room's id.
async fn gather(cluster: &Cluster, count: usize, slug: &str) -> (Vec<Client>, String) {
    let mut clients = Vec::new();
    let mut room = String::new();
    for who in 0..count {
        let node = cluster.node(who % cluster.nodes().len());
        let client = Client::connect(&node.http(""), Credentials::guest(&format!("c{who}"))).await.expect("signed in");
        if who == 0 {
            room = client.create_room(slug, slug).await.expect("made");
        } else {
            client.join(slug).await.expect("joined");
        }
        clients.push(client);
    }
    (clients, room)
}
