//! Tests that several nodes on one Redis count sign-ins, calls and changes together.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tests::backends::{Backends, Profile};
use tests::cluster::Cluster;
use tests::person::{PASSWORD, Person, answer};
use tests::server::Settings;

/// Longer than a node takes to report what it admitted.
const REPORTED: Duration = Duration::from_millis(300);

#[tokio::test]
async fn nodes_admit_together_as_many_sign_ins_as_one() {
    let settings = Settings::default().variable("PALAVER_TRUSTED_PROXIES", "127.0.0.1,::1");
    let settings = settings.variable("PALAVER_LIMITS_SIGN_INS_PER_MINUTE", "10");
    let cluster = Cluster::start(Profile::SelfHosted, 2, settings).await;
    let ada = Person::register(cluster.node(0), "ada").await;

    let mut admitted = 0;
    for turn in 0..30 {
        let nobody = Person::nobody(cluster.node(turn % 2));
        let request = nobody.request(Method::POST, "/api/auth/login").header("x-forwarded-for", "192.0.2.1");
        let guess = answer(request.json(&json!({ "name": "ada", "password": "not the password" }))).await;
        admitted += u32::from(guess.status == 401);
    }
    // One place becomes free every six seconds.
    assert!((10..=14).contains(&admitted), "{admitted} guesses of one address");
    let body = json!({ "name": "ada", "password": PASSWORD });
    ada.at(cluster.node(1)).post("/api/auth/login", body).await.ok();
}

#[tokio::test]
async fn nodes_admit_together_as_many_changes_as_one() {
    let settings = Settings::default().variable("PALAVER_LIMITS_JOINS_PER_MINUTE", "10");
    let cluster = Cluster::start(Profile::SelfHosted, 2, settings).await;
    let ada = Person::register(cluster.node(0), "ada").await;
    let create = async |turn: usize| {
        let body = json!({ "kind": "private", "name": format!("tea {turn}") });
        ada.at(cluster.node(turn / 5 % 2)).post("/api/rooms", body).await
    };

    let mut refused = 0;
    for turn in 0..20 {
        let created = create(turn).await;
        refused += u32::from(created.status == 429);
        assert!(created.status.is_success() || created.status == 429, "{}", created.text());
        if turn % 5 == 4 {
            tokio::time::sleep(REPORTED).await;
        }
    }
    // Alone, each node would have admitted all of them. One place becomes free every six seconds.
    assert!((3..=10).contains(&refused), "{refused}");
}

#[tokio::test]
async fn nodes_admit_together_as_many_calls_as_one() {
    let settings = Settings::default().variable("PALAVER_TRUSTED_PROXIES", "127.0.0.1,::1");
    let settings = settings.variable("PALAVER_LIMITS_REQUESTS_PER_MINUTE", "60");
    let cluster = Cluster::start(Profile::SelfHosted, 2, settings).await;
    let mut refused = 0;
    for batch in 0..4 {
        let nobody = Person::nobody(cluster.node(batch % 2));
        for _ in 0..30 {
            let request = nobody.request(Method::GET, "/api/auth/me").header("x-forwarded-for", "192.0.2.1");
            refused += u32::from(answer(request).await.status == 429);
        }
        tokio::time::sleep(REPORTED).await;
    }
    // Alone, each node would have admitted all of them. One place becomes free every second.
    assert!((10..=60).contains(&refused), "{refused}");
}

#[tokio::test]
async fn nodes_without_a_redis_say_that_each_counts_by_itself() {
    let backends = Backends::fresh(Profile::SelfHosted).await.expect("it has backends");
    let variables = backends.variables().iter().filter(|(name, _)| name != "REDIS_URL");
    let without = Backends::with_variables(variables.map(|(name, value)| (name.as_str(), value.clone()))).await;
    let server = Settings::default().on(&without).start().await;
    assert_eq!(server.log().matches("each node counts sign-ins, calls and sends by itself").count(), 1);
    let with = Settings::default().on(&backends).start().await;
    assert!(!with.log().contains("each node counts sign-ins"));
}
