use crate::limits::BUS_QUEUE;
use conformance::suite::bus::BusNodes;
use local_servers::shared;

use super::*;
use crate::ConnectError;

struct Nodes(String, RedisSettings);

#[async_trait::async_trait]
impl BusNodes for Nodes {
    async fn node(&self) -> Arc<dyn Bus> {
        node(&self.0, &self.1).await
    }
}

conformance::bus!(suite, async || Nodes(shared::redis().url(), apart()));

#[tokio::test]
async fn installations_on_one_redis_do_not_hear_each_other() {
    let url = shared::redis().url();
    let settings = apart();
    let (a, b, other) = (node(&url, &settings).await, node(&url, &settings).await, node(&url, &apart()).await);
    let log = a_log();
    let (mut heard, mut heard_other) = (b.listen().expect("first"), other.listen().expect("first"));
    b.subscribe(log).await;
    other.subscribe(log).await;
    hears(&*a, &mut heard, log, 1).await;
    assert!(heard_other.try_recv().is_err());
    assert_eq!(other.figures().received, 0);
}

#[tokio::test]
async fn a_commit_is_published_once_for_all_followers() {
    let redis = local_servers::Redis::start();
    let (url, settings) = (redis.url(), apart());
    let (a, b, c) = (node(&url, &settings).await, node(&url, &settings).await, node(&url, &settings).await);
    let log = a_log();
    let (mut at_b, mut at_c) = (b.listen().expect("first"), c.listen().expect("first"));
    for follower in [&b, &c] {
        follower.subscribe(log).await;
        follower.subscribe(log).await;
    }
    for n in 0..50 {
        a.publish(log, typing(n)).await;
    }
    for n in 0..50 {
        assert_eq!((next(&mut at_b).await, next(&mut at_c).await), (typing(n), typing(n)));
    }
    let calls = |command: &str| {
        let stats = redis.command(&["INFO", "commandstats"]);
        let line = stats.lines().find(|line| line.starts_with(&format!("cmdstat_{command}:"))).map(str::to_owned);
        line.and_then(|line| line.split(['=', ',']).nth(1).and_then(|calls| calls.parse().ok())).unwrap_or(0)
    };
    assert_eq!(calls("publish"), 50);
    assert_eq!(calls("subscribe"), 2, "one per node and log");
    assert_eq!(a.figures().published, 50);
}

#[tokio::test]
async fn a_slow_node_loses_messages_and_delays_no_other() {
    let (url, settings) = (shared::redis().url(), apart());
    let (a, slow) = (node(&url, &settings).await, node(&url, &settings).await);
    let mut heard = slow.listen().expect("first");
    let log = a_log();
    slow.subscribe(log).await;
    let sent = BUS_QUEUE as u64 + 10;
    for n in 0..sent {
        a.publish(log, typing(n.into())).await;
        if n % 1_000 == 0 {
            a.flush().await;
        }
    }
    a.flush().await;
    let until = Instant::now() + PATIENCE;
    while slow.figures().received + slow.figures().lost < sent {
        assert!(Instant::now() < until, "{:?}", slow.figures());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!((slow.figures().received, slow.figures().lost), (BUS_QUEUE as u64, 10));
    for n in 0..BUS_QUEUE {
        assert_eq!(next(&mut heard).await, typing(n as u128));
    }
}

#[tokio::test]
async fn invalid_settings_fail_at_once_without_the_password() {
    let redis = local_servers::Redis::start_with_password("right-one");
    let url = |user: &str| format!("redis://{user}127.0.0.1:{}", redis.port());
    RedisBus::connect(&redis.url(), "n", apart()).await.map(drop).expect("the right password");
    for user in ["", ":wrong-one@", "nobody:right-one@"] {
        let refused = RedisBus::connect(&url(user), "n", apart()).await.err().expect("it is refused");
        assert!(matches!(refused, ConnectError::Refused(_)), "{user}: {refused}");
        assert!(!refused.to_string().contains("-one"), "{refused}");
    }
    let no_database = format!("{}/99", redis.url());
    let refused = RedisBus::connect(&no_database, "n", apart()).await.err().expect("there are 16 databases");
    assert!(matches!(refused, ConnectError::Refused(_)), "{refused}");
    let wrong = RedisBus::connect("http://:right-one@x", "n", apart()).await.err().expect("no such scheme");
    assert!(matches!(wrong, ConnectError::Url(_)) && !wrong.to_string().contains("right-one"));
    let prefix = RedisSettings { prefix: "a{b".into(), ..apart() };
    assert!(matches!(RedisBus::connect(&redis.url(), "n", prefix).await, Err(ConnectError::Prefix)));
}
