//! Tests sign-in, refresh, and forged tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tests::person::{PASSWORD, Person};
use tests::server::Server;
use tests::socket::Socket;

/// Returns tokens made from a valid one without a valid signature.
pub fn forgeries(good: &str) -> Vec<String> {
    let parts: Vec<&str> = good.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("a token has three parts") };
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let decode = |part: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("the token is base64url")).expect("it is JSON")
    };
    let header_with = |name: &str, value: Value| {
        let mut changed = decode(header);
        changed[name] = value;
        encode(&changed)
    };
    let mut other = decode(claims);
    other["sub"] = json!(uuid::Uuid::now_v7().to_string());
    let mut later = decode(claims);
    later["exp"] = json!(4_000_000_000_u64);
    vec![
        format!("{}.{claims}.", header_with("alg", json!("none"))),
        format!("{}.{claims}.{signature}", header_with("alg", json!("none"))),
        format!("{}.{claims}.{signature}", header_with("alg", json!("HS256"))),
        format!("{header}.{}.{signature}", encode(&other)),
        format!("{header}.{}.{signature}", encode(&later)),
        format!("{header}.{claims}."),
        format!("{header}.{claims}.{}", "A".repeat(signature.len())),
        format!("{}.{claims}.{signature}", header_with("jku", json!("http://127.0.0.1:1/keys"))),
        "nonsense".to_owned(),
        "..".to_owned(),
    ]
}

/// Returns a token signed with the server's own key, after its claims were changed.
fn signed_again(server: &Server, token: &str, change: impl FnOnce(&mut Value)) -> String {
    let key =
        jsonwebtoken::EncodingKey::from_ed_pem(server.signing_key().as_bytes()).expect("the key is an Ed25519 key");
    let header = jsonwebtoken::decode_header(token).expect("the token has a header");
    let claims = token.split('.').nth(1).expect("a token has three parts");
    let claims = URL_SAFE_NO_PAD.decode(claims).expect("the token is base64url");
    let mut claims = serde_json::from_slice(&claims).expect("the claims are JSON");
    change(&mut claims);
    jsonwebtoken::encode(&header, &claims, &key).expect("the claims can be signed")
}

async fn may_read_me(person: &Person) -> bool {
    let answer = person.get("/api/auth/me").await;
    if !answer.status.is_success() {
        answer.refused(401, "unauthenticated");
    }
    answer.status.is_success()
}

#[tokio::test]
async fn a_registered_user_can_sign_in_again() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let answer = Person::nobody(&server).post("/api/auth/login", json!({ "name": "ada", "password": PASSWORD })).await;
    let again = Person::nobody(&server).with(&answer.clone().ok());
    assert_eq!(again.id, ada.id);
    assert!(may_read_me(&again).await);
    assert!(answer.body["expires_in"].as_u64().is_some_and(|seconds| seconds <= 900), "{}", answer.text());
}

#[tokio::test]
async fn the_first_to_register_is_admin_and_the_second_is_not() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let bob = Person::register(&server, "bob").await;
    let body =
        |to: &Person| json!({ "user_id": to.id, "title": "Hi", "body": "", "notif_type": "system", "room_id": null });
    ada.post("/api/notifications", body(&bob)).await.ok();
    bob.post("/api/notifications", body(&ada)).await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_look_the_same() {
    let server = Server::start().await;
    Person::register(&server, "ada").await;
    let nobody = Person::nobody(&server);
    let wrong = nobody.post("/api/auth/login", json!({ "name": "ada", "password": "not the password" })).await;
    let unknown = nobody.post("/api/auth/login", json!({ "name": "eve", "password": "not the password" })).await;
    wrong.refused(401, "unauthenticated");
    assert_eq!((wrong.status, &wrong.body), (unknown.status, &unknown.body));
}

#[tokio::test]
async fn a_name_is_taken_whatever_its_case_or_look() {
    let server = Server::start().await;
    Person::register(&server, "ada").await;
    // The last is written with a Cyrillic а, which looks the same.
    for name in ["ada", "ADA", "Ada", "\u{430}da"] {
        let answer =
            Person::nobody(&server).post("/api/auth/register", json!({ "name": name, "password": PASSWORD })).await;
        answer.refused(409, "conflict");
    }
}

#[tokio::test]
async fn names_and_passwords_out_of_bounds_are_refused() {
    let server = Server::start().await;
    let cases = [
        ("", PASSWORD),
        (" ", PASSWORD),
        ("a b", PASSWORD),
        ("@ada", PASSWORD),
        ("ada\u{202e}", PASSWORD),
        ("../ada", PASSWORD),
        ("ada", ""),
        ("ada", "short"),
    ];
    for (name, password) in cases {
        let answer =
            Person::nobody(&server).post("/api/auth/register", json!({ "name": name, "password": password })).await;
        assert_eq!(answer.body["code"], "bad_request", "{name:?} {password:?}: {}", answer.text());
        assert!(answer.status.is_client_error());
    }
    let long = json!({ "name": "a".repeat(33), "password": "x".repeat(10_000) });
    assert!(Person::nobody(&server).post("/api/auth/register", long).await.status.is_client_error());
}

#[tokio::test]
async fn a_guest_gets_a_suffix_if_the_name_is_taken_and_keeps_the_id_when_registering() {
    let server = Server::start().await;
    let guest = Person::guest(&server, "ada").await;
    assert_eq!(guest.name, "ada", "a name that is free");
    let other = Person::guest(&server, "ada").await;
    assert!(other.name.starts_with("ada-"), "{}", other.name);

    let answer = other.post("/api/auth/register", json!({ "name": "eve", "password": PASSWORD })).await.ok();
    assert_eq!((&answer["user"]["id"], &answer["user"]["name"]), (&json!(other.id), &json!("eve")));
    let answer = guest.post("/api/auth/register", json!({ "name": "ada", "password": PASSWORD })).await.ok();
    assert_eq!((&answer["user"]["id"], &answer["user"]["name"]), (&json!(guest.id), &json!("ada")));
}

#[tokio::test]
async fn own_data_requires_a_token() {
    let server = Server::start().await;
    let nobody = Person::nobody(&server);
    for path in ["/api/auth/me", "/api/auth/sessions", "/api/rooms", "/api/presence", "/api/notifications/x"] {
        nobody.get(path).await.refused(401, "unauthenticated");
    }
    nobody.post("/api/rooms", json!({ "name": "x", "kind": "public" })).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    for forged in forgeries(ada.token.as_deref().unwrap()) {
        assert!(!may_read_me(&ada.with_token(&forged)).await, "{forged}");
    }
    assert!(may_read_me(&ada).await);
}

#[tokio::test]
async fn expired_and_incomplete_tokens_are_refused() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let token = ada.token.clone().expect("a registered user has a token");
    let same = signed_again(&server, &token, |_| {});
    assert!(
        may_read_me(&ada.with_token(&same)).await,
        "the following tokens are refused for their claims, not for their signature"
    );

    let hour_ago = |claims: &Value| json!(claims["exp"].as_u64().expect("a token ends") - 3_600 - 900);
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 5] = [
        ("no end", |claims| drop(claims.as_object_mut().expect("claims").remove("exp"))),
        ("an end that is a text", |claims| claims["exp"] = json!(claims["exp"].to_string())),
        ("another issuer", |claims| claims["iss"] = json!("somebody else")),
        ("another audience", |claims| claims["aud"] = json!("something else")),
        ("no user", |claims| drop(claims.as_object_mut().expect("claims").remove("sub"))),
    ];
    for (what, change) in changes {
        let changed = signed_again(&server, &token, change);
        assert!(!may_read_me(&ada.with_token(&changed)).await, "{what}");
    }
    let expired = signed_again(&server, &token, |claims| claims["exp"] = hour_ago(claims));
    assert!(!may_read_me(&ada.with_token(&expired)).await);
    let mut socket = Socket::silent(&server.websocket()).await;
    socket.hello(&expired).await;
    // The client renews the token and connects again.
    socket.closes_with(&[4401]).await;
}

#[tokio::test]
async fn a_token_of_another_server_is_refused() {
    let (one, other) = (Server::start().await, Server::start().await);
    let ada = Person::register(&one, "ada").await;
    let elsewhere = Person::register(&other, "ada").await;
    assert!(!may_read_me(&ada.with_token(elsewhere.token.as_deref().unwrap())).await);
}

#[tokio::test]
async fn a_token_outlives_a_restart() {
    let mut server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    server.kill();
    server.start_again().await;
    assert!(may_read_me(&ada).await, "the keys are kept in the data folder");
}

#[tokio::test]
async fn a_refresh_rotates_and_the_previous_token_works_until_the_next_one_is_used() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let refresh = |token: String| {
        let nobody = Person::nobody(&server);
        async move { nobody.post("/api/auth/refresh", json!({ "refresh_token": token })).await }
    };
    let first = ada.refresh.clone().expect("the answer has a refresh token");
    let next = refresh(first.clone()).await.ok();
    let second = next["refresh_token"].as_str().unwrap().to_owned();
    assert_ne!(second, first);
    assert!(may_read_me(&ada.clone().with(&next)).await);

    // Two tabs, or a client that crashed before it stored the answer.
    assert_eq!(refresh(first.clone()).await.ok()["refresh_token"], json!(second));
    let third = refresh(second).await.ok()["refresh_token"].as_str().unwrap().to_owned();

    // Two rotations back, only a thief or the victim of one uses it.
    refresh(first).await.refused(401, "unauthenticated");
    refresh(third).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn logging_out_ends_the_session_and_its_sockets() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let mut socket = ada.connect().await;
    let body = json!({ "refresh_token": ada.refresh });
    assert!(ada.post("/api/auth/logout", body.clone()).await.status.is_success());
    socket.closes_with(&[4401, 4501]).await;
    Person::nobody(&server).post("/api/auth/refresh", body).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_session_can_be_ended_from_another() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let answer = Person::nobody(&server).post("/api/auth/login", json!({ "name": "ada", "password": PASSWORD })).await;
    let elsewhere = Person::nobody(&server).with(&answer.ok());
    let mut socket = elsewhere.connect().await;

    let list = ada.get("/api/auth/sessions").await.ok();
    let sessions = list["items"].as_array().expect("the answer lists sessions");
    assert_eq!(sessions.len(), 2, "{list}");
    let other = sessions.iter().find(|session| session["current"] == false).expect("one is not this one");
    let bob = Person::register(&server, "bob").await;
    let path = format!("/api/auth/sessions/{}", other["id"].as_str().unwrap());
    assert!(bob.delete(&path).await.status.is_client_error(), "another user's session");
    assert!(ada.delete(&path).await.status.is_success());

    socket.closes_with(&[4401, 4501]).await;
    assert!(may_read_me(&ada).await);
}

#[tokio::test]
async fn a_ticket_opens_one_socket() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let ticket = ada.post("/api/auth/ticket", json!({})).await.ok()["ticket"].as_str().unwrap().to_owned();
    let url = format!("{}?ticket={ticket}", server.websocket());
    let hello = json!({ "t": "hello", "v": 1, "caps": [] });

    let mut first = Socket::silent(&url).await;
    first.send(hello.clone()).await;
    assert_eq!(first.frame("welcome").await["user"]["id"], json!(ada.id));

    let mut second = Socket::silent(&url).await;
    second.send(hello).await;
    second.closes_with(&[4401, 4501]).await;
}

#[tokio::test]
async fn users_are_found_by_the_start_of_their_name() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    for name in ["adam", "bob"] {
        Person::register(&server, name).await;
    }
    let found = ada.get("/api/auth/users?prefix=ad").await.ok();
    let names: Vec<&str> = found["items"].as_array().unwrap().iter().filter_map(|user| user["name"].as_str()).collect();
    assert_eq!(names, ["ada", "adam"]);
    assert!(!found.to_string().contains("email"), "{found}");
}

#[tokio::test]
async fn a_profile_changes_only_the_given_fields() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let changed = ada.patch("/api/auth/me", json!({ "display_name": "Ada L." })).await.ok();
    let me = ada.get("/api/auth/me").await.ok();
    assert_eq!(changed["display_name"], "Ada L.");
    assert_eq!((&me["name"], &me["display_name"], &me["id"]), (&json!("ada"), &json!("Ada L."), &json!(ada.id)));
}

#[tokio::test]
async fn a_page_learns_without_a_token_who_may_sign_in() {
    let server = Server::start().await;
    let config = Person::nobody(&server).get("/api/config").await.ok();
    assert_eq!(
        (&config["guests"], &config["registration"], &config["contact"]),
        (&json!(true), &json!(true), &json!(null))
    );
    assert!(config["limits"]["upload_bytes"].as_u64().is_some_and(|bytes| bytes >= 25 * 1024 * 1024), "{config}");
}
