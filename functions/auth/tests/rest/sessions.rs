//! Tests refresh, and every way in which a session ends.

use serde_json::json;

use crate::caller::{Answer, PASSWORD, server};

fn refresh_body(answer: &Answer) -> serde_json::Value {
    json!({ "refresh_token": answer.text("refresh_token") })
}

#[tokio::test]
async fn calls_without_a_valid_token_are_refused() {
    let server = server();
    for caller in [server.clone(), server.with_token("x"), server.with_token("a.b.c")] {
        for path in ["/me", "/users", "/sessions"] {
            caller.get(path).await.refused(401, "unauthenticated");
        }
        caller.post("/ticket", json!({})).await.refused(401, "unauthenticated");
        caller.patch("/me", json!({})).await.refused(401, "unauthenticated");
        caller.delete("/sessions/0192f0c1-5b1c-7a0e-8000-000000000001").await.refused(401, "unauthenticated");
    }
}

#[tokio::test]
async fn two_refreshes_at_once_get_the_same_token() {
    let server = server();
    let ada = server.register("ada").await;
    let body = refresh_body(&ada);
    let (one, two) = tokio::join!(server.post("/refresh", body.clone()), server.post("/refresh", body));
    let (one, two) = (one.is(200), two.is(200));
    assert_eq!(one.text("refresh_token"), two.text("refresh_token"));
    server.signed_in(&one).get("/me").await.is(200);
}

#[tokio::test]
async fn a_token_two_rotations_old_ends_the_session() {
    let server = server();
    let first = server.register("ada").await;
    let second = server.post("/refresh", refresh_body(&first)).await.is(200);
    let third = server.post("/refresh", refresh_body(&second)).await.is(200);
    server.post("/refresh", refresh_body(&first)).await.refused(401, "unauthenticated");
    server.post("/refresh", refresh_body(&third)).await.refused(401, "unauthenticated");
    server.signed_in(&third).get("/me").await.refused(401, "unauthenticated");
    server.login("ada", PASSWORD).await.is(200);
}

#[tokio::test]
async fn a_refresh_without_a_good_token_is_refused() {
    let server = server();
    for body in [json!({}), json!({ "refresh_token": "" }), json!({ "refresh_token": "a.1.b.c" })] {
        server.post("/refresh", body).await.refused(401, "unauthenticated");
    }
    server.call(http::Method::POST, "/refresh", None).await.refused(401, "unauthenticated");
    server.post("/refresh", json!({ "refresh_token": 7 })).await.refused(400, "bad_request");
}

#[tokio::test]
async fn logging_out_ends_the_session_by_either_token() {
    let server = server();
    let ada = server.register("ada").await;
    server.signed_in(&ada).post("/logout", json!({})).await.is(204);
    server.signed_in(&ada).get("/me").await.refused(401, "unauthenticated");
    server.post("/refresh", refresh_body(&ada)).await.refused(401, "unauthenticated");

    let again = server.login("ada", PASSWORD).await.is(200);
    server.post("/logout", refresh_body(&again)).await.is(204);
    server.signed_in(&again).get("/me").await.refused(401, "unauthenticated");
    // No session is left to end, and that is not an error.
    server.signed_in(&again).post("/logout", refresh_body(&again)).await.is(204);
    server.call(http::Method::POST, "/logout", None).await.is(204);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_owner_only() {
    let server = server();
    let first = server.with_header("user-agent", "Firefox").register("ada").await;
    let second = server.with_header("user-agent", "curl").login("ada", PASSWORD).await.is(200);
    let bob = server.register("bob").await;
    let (ada, bob) = (server.signed_in(&first), server.signed_in(&bob));
    let list = ada.get("/sessions").await.is(200);
    let items = list.body["items"].as_array().expect("a list");
    assert_eq!(items.len(), 2, "{}", list.body);
    let other = items.iter().find(|session| session["current"] == false).expect("the second");
    assert!(items.iter().any(|session| session["device"] == "Firefox" && session["current"] == true));
    let path = format!("/sessions/{}", other["id"].as_str().expect("an id"));
    bob.delete(&path).await.refused(404, "not_found");
    server.signed_in(&second).get("/me").await.is(200);
    ada.delete(&path).await.is(204);
    server.signed_in(&second).get("/me").await.refused(401, "unauthenticated");
    ada.delete(&path).await.is(204);
    ada.delete("/sessions/0192f0c1-5b1c-7a0e-8000-000000000001").await.refused(404, "not_found");
    ada.delete("/sessions/..%2f..%2fme").await.refused(404, "not_found");
    assert_eq!(ada.get("/sessions").await.is(200).body["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_ticket_requires_a_sign_in() {
    let server = server();
    let ada = server.register("ada").await;
    let ticket = server.signed_in(&ada).post("/ticket", json!({})).await.is(200);
    assert_eq!(ticket.body["expires_in"], 30);
    assert!(ticket.text("ticket").len() >= 43);
    // A ticket is for sockets and does not work as a token.
    server.with_token(ticket.text("ticket")).get("/me").await.refused(401, "unauthenticated");
}
