//! The other nodes: sends this node's heartbeat, knows which nodes are alive, and notices when one disappears.
//!
//! Nothing durable depends on it: the set of live nodes decides which node appends first, and when followed logs are
//! checked.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::LogId;
use parking_lot::RwLock;
use service::Services;
use service::limits::NODE_LIFE;
use service::ports::{NodeRow, StoreResult};

use crate::drain::Drain;
use crate::follow::Follow;
use crate::limits::NODE_HEARTBEAT;
use crate::node_api::{AccessKeys, Home, home_of};
use crate::tasks::Tasks;

/// How other nodes reach this node's private port.
pub struct Reachable {
    /// Its URL: `http://10.0.0.7:9000`.
    pub endpoint: String,
    /// The keys that sign this node's requests, and verify those of others.
    pub keys: Arc<AccessKeys>,
}

/// The nodes that are alive, as of the last check.
pub(crate) struct PeerNodes {
    me: String,
    alive: RwLock<Vec<NodeRow>>,
    /// Whether the other nodes know this one.
    joined: AtomicBool,
}

impl PeerNodes {
    /// Returns a list without other nodes.
    pub fn new(me: String) -> Arc<PeerNodes> {
        Arc::new(PeerNodes { me, alive: RwLock::default(), joined: AtomicBool::new(false) })
    }

    /// Returns the home of a log; `None` if that is this node.
    pub fn home(&self, log: LogId) -> Option<NodeRow> {
        let alive = self.alive.read();
        // Nothing can be forwarded to a node without a private port.
        let home = home_of(log, alive.iter().filter(|node| !node.endpoint.is_empty()))?;
        (home.node != self.me).then(|| home.clone())
    }

    /// Records the nodes that are alive now. Returns whether another node disappeared.
    fn update(&self, now: Vec<NodeRow>) -> bool {
        let mut alive = self.alive.write();
        let names: HashSet<&str> = now.iter().map(|node| node.node.as_str()).collect();
        let vanished = alive.iter().any(|node| node.node != self.me && !names.contains(node.node.as_str()));
        *alive = now;
        vanished
    }

    /// Makes this node one of several: it sends heartbeats, and checks each followed log once when another node
    /// disappears. With `reachable`, nodes also forward changes to each other.
    pub fn join(
        self: &Arc<Self>,
        services: Services,
        follow: Arc<Follow>,
        drain: Arc<Drain>,
        tasks: &Tasks,
        reachable: Option<Reachable>,
    ) {
        let mut endpoint = String::new();
        if let Some(reachable) = reachable {
            let home = Home::new(self.clone(), reachable.keys, services.ports.clock.clone());
            services.logs.forward_by(Arc::new(home));
            endpoint = reachable.endpoint;
        }
        self.joined.store(true, Ordering::Release);
        let this = self.clone();
        tasks.spawn("peers", async move { this.run(services, follow, drain, endpoint).await });
    }

    /// Tells the other nodes that this one leaves, so that they stop forwarding to it.
    pub async fn leave(&self, services: &Services) {
        if !self.joined.load(Ordering::Acquire) {
            return;
        }
        if let Err(error) = services.ports.store.nodes.leave(&self.me).await {
            tracing::warn!(%error, "announcing shutdown failed, other nodes will notice when heartbeats stop");
        }
    }

    async fn run(&self, services: Services, follow: Arc<Follow>, drain: Arc<Drain>, endpoint: String) {
        while !drain.is_draining() {
            match self.heartbeat(&services, &endpoint).await {
                Ok(alive) => {
                    metrics::gauge!("palaver_nodes").set(alive.len() as f64);
                    if self.update(alive) {
                        // It may have crashed before it published its last appends.
                        tracing::info!("a node disappeared, checking each followed log");
                        follow.drive(|hub, effects| hub.check_all(effects));
                    }
                }
                // If the store cannot list the nodes, no node counts as lost.
                Err(error) => tracing::warn!(%error, "heartbeat failed, will retry"),
            }
            tokio::time::sleep(NODE_HEARTBEAT.mul_f64(rand::random_range(0.75..1.25))).await;
        }
    }

    async fn heartbeat(&self, services: &Services, endpoint: &str) -> StoreResult<Vec<NodeRow>> {
        let now = services.ports.clock.now();
        let row = NodeRow { node: self.me.clone(), endpoint: endpoint.to_owned(), at: now };
        let nodes = &services.ports.store.nodes;
        nodes.beat(&row).await?;
        nodes.nodes(now, NODE_LIFE).await
    }
}

#[cfg(test)]
mod tests {
    use domain::{RoomId, Timestamp};
    use uuid::Uuid;

    use super::*;

    fn node(name: &str, endpoint: &str) -> NodeRow {
        NodeRow { node: name.into(), endpoint: endpoint.into(), at: Timestamp(0) }
    }

    #[test]
    fn a_missing_node_counts_as_lost_and_a_new_one_does_not() {
        let peers = PeerNodes::new("a".into());
        assert!(!peers.update(vec![node("a", "x"), node("b", "y")]));
        assert!(!peers.update(vec![node("a", "x"), node("b", "y"), node("c", "z")]));
        assert!(peers.update(vec![node("a", "x"), node("c", "z")]));
        assert!(!peers.update(vec![node("c", "z")]), "this node itself never counts as lost");
    }

    #[test]
    fn a_home_is_another_reachable_node() {
        let peers = PeerNodes::new("a".into());
        let logs = || (0..100).map(|n| LogId::Room(RoomId(Uuid::from_u128(n))));
        assert!(logs().all(|log| peers.home(log).is_none()), "no other node is known");
        peers.update(vec![node("a", "http://a"), node("b", "http://b"), node("c", "")]);
        let homes: HashSet<Option<String>> = logs().map(|log| peers.home(log).map(|home| home.node)).collect();
        assert_eq!(homes, HashSet::from([None, Some("b".to_owned())]));
    }
}
