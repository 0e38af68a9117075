//! Tests that many concurrent sign-ins slow down only each other.

use std::time::Instant;

use serde_json::json;
use service::auth::AuthSettings;

use crate::caller::{PASSWORD, server, server_with};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_calls_stay_fast_while_hundreds_sign_in() {
    let server = server();
    let ada = server.register("ada").await;
    let ada = server.signed_in(&ada);
    let logins: Vec<_> = (0..300)
        .map(|_| {
            let server = server.clone();
            tokio::spawn(async move { server.login("ada", PASSWORD).await })
        })
        .collect();
    let (began, mut times) = (Instant::now(), Vec::new());
    while logins.iter().filter(|login| login.is_finished()).count() < 250 {
        let began = Instant::now();
        ada.get("/me").await.is(200);
        times.push(began.elapsed());
    }
    times.sort();
    // Queued behind the sign-ins, a call would take as long as they do; so these bounds also hold on a busy machine.
    let (flood, median, late) = (began.elapsed(), times[times.len() / 2], times[times.len() * 99 / 100]);
    assert!(median < flood / 20, "half of the calls took {median:?} of {flood:?}");
    assert!(late < flood / 4, "one in a hundred took {late:?} of {flood:?}");
    let (mut let_in, mut turned_away) = (0, 0);
    for login in logins {
        let answer = login.await.expect("no panic");
        match answer.status.as_u16() {
            200 => let_in += 1,
            _ => {
                answer.refused(503, "overloaded");
                assert!(answer.headers.contains_key("retry-after"));
                turned_away += 1;
            }
        }
    }
    // How many are let in before the others have waited too long is a matter of the machine.
    assert!(let_in > 0 && let_in + turned_away == 300, "{let_in} and {turned_away}");
}

#[tokio::test]
async fn guesses_are_limited() {
    let server = server_with(AuthSettings { sign_ins_per_minute: 5, ..AuthSettings::default() });
    for _ in 0..5 {
        server.login("ada", "a wrong password").await.refused(401, "unauthenticated");
    }
    let refused = server.login("ada", "a wrong password").await;
    refused.refused(429, "rate_limited");
    assert!(refused.body["retry_ms"].as_u64().is_some_and(|ms| ms <= 12_001), "{}", refused.body);
    assert!(refused.headers.contains_key("retry-after"));
    server.post("/guest", json!({ "name": "eve" })).await.refused(429, "rate_limited");
    server.post("/register", json!({ "name": "eve", "password": PASSWORD })).await.refused(429, "rate_limited");
}
