//! `SharedLimits`: what nodes count together, with the time as an argument.

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use service::ports::{Rate, SharedLimits};

const START: Timestamp = Timestamp(1_700_000_000_000);
const RATE: Rate = Rate { count: 4, period: Duration::from_secs(60) };
/// How long one place takes to become free again.
const INTERVAL: Duration = Duration::from_secs(15);

/// Creates nodes that count together.
#[async_trait::async_trait]
pub trait LimitNodes: Send + Sync {
    /// Returns another node.
    async fn node(&self) -> Arc<dyn SharedLimits>;
}

/// Takes as many places as there are, at most `most`, from both nodes in turn.
async fn taken(nodes: [&Arc<dyn SharedLimits>; 2], key: &str, now: Timestamp, most: usize) -> usize {
    for turn in 0..most {
        match nodes[turn % 2].take(key, RATE, now).await.expect("the counter answers") {
            Ok(()) => {}
            Err(wait) => {
                assert!(wait > Duration::ZERO && wait <= RATE.period, "{wait:?}");
                return turn;
            }
        }
    }
    most
}

pub async fn nodes_together_admit_what_one_does(nodes: impl LimitNodes) {
    let (here, there) = (&nodes.node().await, &nodes.node().await);
    assert_eq!(taken([here, there], "key", START, 10).await, 4);
    assert_eq!(there.take("key", RATE, START).await, Some(Err(INTERVAL)), "a refusal does not count");
    let soon = START + INTERVAL / 3;
    assert_eq!(here.take("key", RATE, soon).await, Some(Err(INTERVAL / 3 * 2)));
    assert_eq!(taken([here, there], "key", START + INTERVAL, 10).await, 1);
    assert_eq!(taken([here, there], "key", START + 10 * RATE.period, 10).await, 4, "all are free again");
}

pub async fn a_place_that_is_given_back_is_free(nodes: impl LimitNodes) {
    let (here, there) = (&nodes.node().await, &nodes.node().await);
    assert_eq!(taken([here, there], "key", START, 10).await, 4);
    here.give_back("key", RATE, START).await;
    there.give_back("key", RATE, START).await;
    assert_eq!(taken([here, there], "key", START, 10).await, 2);
    for _ in 0..9 {
        there.give_back("key", RATE, START).await;
    }
    here.give_back("nothing", RATE, START).await;
    for key in ["key", "nothing"] {
        assert_eq!(taken([here, there], key, START, 10).await, 4, "never more than the count: {key}");
    }
}

pub async fn concurrent_nodes_never_admit_more(nodes: impl LimitNodes) {
    let nodes = [nodes.node().await, nodes.node().await];
    let takes = (0..20).map(|turn| {
        let node = nodes[turn % 2].clone();
        tokio::spawn(async move { node.take("key", RATE, START).await })
    });
    let mut admitted = 0;
    for take in takes.collect::<Vec<_>>() {
        admitted += usize::from(take.await.expect("it ends").expect("the counter answers").is_ok());
    }
    assert!((1..=4).contains(&admitted), "{admitted}");
    let rest = taken([&nodes[0], &nodes[1]], "key", START, 10).await;
    assert_eq!(admitted + rest, 4);
}

pub async fn what_was_admitted_already_counts(nodes: impl LimitNodes) {
    let (here, there) = (&nodes.node().await, &nodes.node().await);
    assert_eq!(here.add("key", RATE, 3, START).await, Some(3 * INTERVAL));
    assert_eq!(taken([here, there], "key", START, 10).await, 1);
    assert_eq!(there.add("key", RATE, 100, START).await, Some(RATE.period), "a debt has a limit");
    assert_eq!(here.take("key", RATE, START).await, Some(Err(INTERVAL)));
    assert_eq!(here.add("key", RATE, 1, START + RATE.period).await, Some(INTERVAL));
}

pub async fn keys_do_not_share_a_count(nodes: impl LimitNodes) {
    let (here, there) = (&nodes.node().await, &nodes.node().await);
    let long = "k".repeat(128);
    for key in ["sign_in.address.00ff", "sign_in.account.00ff", long.as_str()] {
        assert_eq!(taken([here, there], key, START, 10).await, 4, "{key}");
    }
}
