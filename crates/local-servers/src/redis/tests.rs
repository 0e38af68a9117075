use super::*;

#[test]
fn redis_answers_and_restarts_empty() {
    let mut redis = Redis::start();
    assert_eq!(redis.command(&["SET", "key", "value"]), "OK");
    assert_eq!(redis.command(&["GET", "key"]), "value");
    redis.flush();
    assert_eq!(redis.command(&["GET", "key"]), "");

    let url = redis.url();
    redis.kill();
    assert!(redis.ask(&["PING"]).is_err(), "it was killed");
    redis.restart();
    assert_eq!((redis.url(), redis.command(&["PING"])), (url, "PONG".to_owned()));
}

#[test]
fn a_password_is_required_if_one_is_set() {
    let redis = Redis::start_with_password("secret");
    assert_eq!(redis.command(&["PING"]), "PONG");
    assert!(resp::ask(redis.port, None, &["GET", "key"]).is_err());
    assert!(redis.url().contains(":secret@"));
}

#[test]
fn redis_ends_when_it_is_dropped() {
    let redis = Redis::start();
    let port = redis.port();
    drop(redis);
    assert!(resp::ask(port, None, &["PING"]).is_err());
}

#[test]
fn sentinels_elect_a_new_master() {
    let mut all = RedisSentinel::start();
    let before = all.master_port();
    all.kill_master();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while all.master_port() == before {
        assert!(std::time::Instant::now() < deadline, "no new master was elected");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

#[test]
fn a_cluster_routes_a_key_to_its_node() {
    let mut cluster = RedisCluster::start();
    let answers: Vec<bool> = cluster.nodes().iter().map(|node| node.ask(&["SET", "key", "value"]).is_ok()).collect();
    assert_eq!(answers.iter().filter(|taken| **taken).count(), 1, "exactly one node owns the key");
}
