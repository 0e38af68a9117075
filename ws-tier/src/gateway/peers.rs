//! The other nodes: says that this one lives, knows who else does, and notices who vanished.
//!
//! Nothing durable depends on it: who lives decides which node appends first, and when a look at the logs is due.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use crate::limits::NODE_BEAT;
use domain::LogId;
use service::limits::NODE_LIFE;
use service::ports::{NodeRow, StoreResult};

use super::Tier;
use crate::internal::{AccessKeys, Home, home_of};

/// How others reach this node's private port.
pub struct Reachable {
    /// Its URL: `http://10.0.0.7:9000`.
    pub endpoint: String,
    /// What signs this node's requests, and verifies those of others.
    pub keys: Arc<AccessKeys>,
}

/// The nodes that live, as of the last look.
pub(crate) struct Peers {
    me: String,
    live: RwLock<Vec<NodeRow>>,
}

impl Peers {
    fn new(me: String) -> Arc<Peers> {
        Arc::new(Peers { me, live: RwLock::default() })
    }

    /// The home of a log; none when that is this node.
    pub fn home(&self, log: LogId) -> Option<NodeRow> {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        // Nodes without a private port take nothing from others.
        let home = home_of(log, live.iter().filter(|node| !node.endpoint.is_empty()))?;
        (home.node != self.me).then(|| home.clone())
    }

    /// Takes in who lives now. Returns whether one of the others vanished.
    fn see(&self, now: Vec<NodeRow>) -> bool {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        let names: HashSet<&str> = now.iter().map(|node| node.node.as_str()).collect();
        let vanished = live.iter().any(|node| node.node != self.me && !names.contains(node.node.as_str()));
        *live = now;
        vanished
    }
}

impl Tier {
    /// From now on this node is one of several: it says that it lives, and checks each followed log once when another
    /// one vanished. `reachable`: the others may hand changes to it, and it to them.
    pub fn join(self: &Arc<Self>, reachable: Option<Reachable>) {
        let peers = Peers::new(self.node().to_owned());
        let mut endpoint = String::new();
        if let Some(reachable) = reachable {
            let home = Home::new(peers.clone(), reachable.keys, self.parts.clock.clone());
            self.parts.logs.forward_by(Arc::new(home));
            endpoint = reachable.endpoint;
        }
        self.spawn(run(self.clone(), peers, endpoint));
    }

    /// This node goes: the others hand nothing to it any more.
    pub(super) async fn leave(&self) {
        if !self.joined.load(std::sync::atomic::Ordering::Acquire) {
            return;
        }
        if let Err(error) = self.parts.store.nodes.leave(self.node()).await {
            tracing::warn!(%error, "the others do not know that this node leaves; they notice");
        }
    }
}

/// Runs until the tier ends.
async fn run(tier: Arc<Tier>, peers: Arc<Peers>, endpoint: String) {
    tier.joined.store(true, std::sync::atomic::Ordering::Release);
    while !tier.is_draining() {
        match beat(&tier, &endpoint).await {
            Ok(live) => {
                metrics::gauge!("palaver_nodes").set(live.len() as f64);
                if peers.see(live) {
                    // What it appended last, it may have told nobody.
                    tracing::info!("a node is gone: each followed log is checked");
                    tier.drive(|hub, effects| hub.check_all(effects));
                }
            }
            // Who cannot be asked after has not vanished.
            Err(error) => tracing::warn!(%error, "this node could not say that it lives"),
        }
        tokio::time::sleep(NODE_BEAT.mul_f64(rand::random_range(0.75..1.25))).await;
    }
}

async fn beat(tier: &Tier, endpoint: &str) -> StoreResult<Vec<NodeRow>> {
    let now = tier.now();
    let row = NodeRow { node: tier.node().to_owned(), endpoint: endpoint.to_owned(), at: now };
    let nodes = &tier.parts.store.nodes;
    nodes.beat(&row).await?;
    nodes.nodes(now, NODE_LIFE).await
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
    fn one_that_is_no_longer_there_vanished_and_one_that_comes_did_not() {
        let peers = Peers::new("a".into());
        assert!(!peers.see(vec![node("a", "x"), node("b", "y")]));
        assert!(!peers.see(vec![node("a", "x"), node("b", "y"), node("c", "z")]));
        assert!(peers.see(vec![node("a", "x"), node("c", "z")]));
        assert!(!peers.see(vec![node("c", "z")]), "this node itself does not vanish");
    }

    #[test]
    fn a_home_is_another_node_that_can_be_reached() {
        let peers = Peers::new("a".into());
        let logs = || (0..100).map(|n| LogId::Room(RoomId(Uuid::from_u128(n))));
        assert!(logs().all(|log| peers.home(log).is_none()), "nobody is known");
        peers.see(vec![node("a", "http://a"), node("b", "http://b"), node("c", "")]);
        let homes: HashSet<Option<String>> = logs().map(|log| peers.home(log).map(|home| home.node)).collect();
        assert_eq!(homes, HashSet::from([None, Some("b".to_owned())]));
    }
}
