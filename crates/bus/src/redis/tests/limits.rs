//! Runs the suite of rate limits on Redis, and tests what is specific to it.

use std::sync::Arc;
use std::time::Duration;

use conformance::suite::limits::LimitNodes;
use domain::Timestamp;
use local_servers::shared;
use service::ports::{Rate, SharedLimits};

use super::super::{RedisBus, RedisSettings};
use super::{apart, node};

/// Nodes of one installation, which stay open until the end of the test.
struct Nodes {
    settings: RedisSettings,
    open: parking_lot::Mutex<Vec<Arc<RedisBus>>>,
}

#[async_trait::async_trait]
impl LimitNodes for Nodes {
    async fn node(&self) -> Arc<dyn SharedLimits> {
        let bus = node(&shared::redis().url(), &self.settings).await;
        let limits = Arc::new(bus.limits());
        self.open.lock().push(bus);
        limits
    }
}

async fn on_redis() -> Nodes {
    Nodes { settings: apart(), open: parking_lot::Mutex::default() }
}

conformance::limits!(on_redis_itself, on_redis);

#[tokio::test]
async fn the_servers_clock_counts() {
    let settings = RedisSettings { server_clock: true, ..apart() };
    let bus = node(&shared::redis().url(), &settings).await;
    let limits = bus.limits();
    let rate = Rate { count: 2, period: Duration::from_secs(3_600) };
    // Nodes whose clocks differ by years.
    for now in [Timestamp(0), Timestamp(1_900_000_000_000)] {
        assert_eq!(limits.take("key", rate, now).await, Some(Ok(())));
    }
    let wait = limits.take("key", rate, Timestamp(0)).await.expect("an answer").expect_err("none left");
    assert!((Duration::from_secs(1_700)..=Duration::from_secs(1_800)).contains(&wait), "{wait:?}");
}
