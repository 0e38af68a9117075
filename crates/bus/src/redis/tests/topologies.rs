use conformance::suite::{bus, presence};
use domain::{PresenceStatus, Timestamp};
use local_servers::{RedisCluster, RedisSentinel};
use service::ports::PresenceStore;

use super::*;

struct Nodes(String, RedisSettings);

#[async_trait::async_trait]
impl bus::BusNodes for Nodes {
    async fn node(&self) -> Arc<dyn Bus> {
        node(&self.0, &self.1).await
    }
}

#[async_trait::async_trait]
impl presence::PresenceNodes for Nodes {
    async fn node(&self) -> Arc<dyn PresenceStore> {
        let bus = node(&self.0, &self.1).await;
        let presence = bus.presence();
        // The connection lasts as long as the bus; a node keeps both.
        std::mem::forget(bus);
        Arc::new(presence)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_name_the_new_master() {
    let mut redis = RedisSentinel::start();
    let url = format!("redis+sentinel://{}/{}", redis.sentinels().join(","), redis.master_name());
    let settings = apart();
    let (a, b) = (node(&url, &settings).await, node(&url, &settings).await);
    let mut heard = b.listen().expect("first");
    let log = a_log();
    b.subscribe(log).await;
    hears(&*a, &mut heard, log, 1).await;
    let presence = a.presence();
    let (now, user) = (Timestamp(1_700_000_000_000), UserId(Uuid::from_u128(1)));
    presence.refresh(now, &[(user, "c".into(), PresenceStatus::Online)]).await;

    redis.kill_master();
    becomes(&*a, BusStatus::Down).await;
    becomes(&*b, BusStatus::Down).await;
    becomes(&*a, BusStatus::Up).await;
    becomes(&*b, BusStatus::Up).await;
    hears(&*a, &mut heard, log, 2).await;
    presence.changed(now).await;
    assert_eq!(b.presence().get(now, &[user]).await.expect("it answers")[0].status, PresenceStatus::Online);

    let unknown = url.replace(redis.master_name(), "nobody");
    let refused = RedisBus::connect(&unknown, "n", apart()).await.err().expect("there is no such master");
    assert!(matches!(refused, crate::ConnectError::Refused(_)), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bus_and_presence_work_on_a_cluster() {
    let mut redis = RedisCluster::start();
    let hosts: Vec<String> = redis.urls().iter().map(|url| url.replace("redis://", "")).collect();
    let url = format!("redis+cluster://{}", hosts.join(","));
    let nodes = || Nodes(url.clone(), apart());
    bus::followers_hear_others_and_never_themselves(nodes()).await;
    bus::every_message_arrives_as_it_was_sent(nodes()).await;
    bus::many_logs_are_followed_at_once(nodes()).await;
    bus::an_unsubscribed_node_hears_nothing(nodes()).await;
    bus::flushed_messages_are_published(nodes()).await;
    presence::unknown_users_are_offline_and_answers_keep_the_order(nodes()).await;
    presence::each_node_gets_each_change_once(nodes()).await;
    presence::many_users_come_and_go_together(nodes()).await;
    presence::typing_ends_explicitly_or_expires(nodes()).await;
    let sharded: usize = redis
        .nodes()
        .iter()
        .filter(|node| node.command(&["INFO", "commandstats"]).contains("cmdstat_spublish"))
        .count();
    assert_eq!(sharded, 3, "each server has its share");

    // One server hangs and recovers: all logs are followed again.
    let settings = apart();
    let (a, b) = (node(&url, &settings).await, node(&url, &settings).await);
    let mut heard = b.listen().expect("first");
    let logs: Vec<LogId> = (0..30).map(|_| a_log()).collect();
    for log in &logs {
        b.subscribe(*log).await;
    }
    redis.nodes()[0].freeze();
    becomes(&*b, BusStatus::Down).await;
    redis.nodes()[0].thaw();
    becomes(&*a, BusStatus::Up).await;
    becomes(&*b, BusStatus::Up).await;
    for (n, log) in logs.iter().enumerate() {
        hears(&*a, &mut heard, *log, n as u128).await;
    }
}
