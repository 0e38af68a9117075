//! Tests what protects an account: limits of guesses, passwords that are refused, and what strangers learn of accounts.

use reqwest::Method;
use serde_json::{Value, json};
use tests::person::{Answer, PASSWORD, Person, answer};
use tests::server::{Server, Settings};

/// Starts a server that believes which address a proxy on this machine reports.
async fn behind_a_proxy() -> Server {
    let settings = Settings::default().variable("PALAVER_TRUSTED_PROXIES", "127.0.0.1,::1");
    settings.variable("PALAVER_LIMITS_SIGN_INS_PER_MINUTE", "20").start().await
}

/// Signs in from an address, with the mark of a known device or without.
async fn login(server: &Server, from: &str, password: &str, mark: Option<&str>) -> Answer {
    let mut body = json!({ "name": "ada", "password": password });
    if let Some(mark) = mark {
        body["device_mark"] = json!(mark);
    }
    let request = Person::nobody(server).request(Method::POST, "/api/auth/login");
    answer(request.header("x-forwarded-for", from).json(&body)).await
}

async fn register(server: &Server, body: Value) -> Answer {
    Person::registration(server, body).await
}

#[tokio::test]
async fn wrong_guesses_from_two_addresses_do_not_keep_the_owner_out() {
    let server = behind_a_proxy().await;
    Person::register(&server, "ada").await;
    let guess = async |from: &str| {
        let mut wrong = 0;
        for _ in 0..40 {
            let answer = login(&server, from, "not the password", None).await;
            wrong += u32::from(answer.status == 401);
            assert!(answer.status == 401 || answer.status == 429, "{}", answer.text());
        }
        wrong
    };
    // The second one is a network of one client (RFC 4291 §2.5.4): each of its addresses counts as the same.
    let guesses = [guess("192.0.2.1").await, guess("2001:db8:0:1::7").await, guess("2001:db8:0:1:ffff::9").await];
    assert_eq!(guesses, [20, 20, 0]);

    for turn in 0..20 {
        let right = login(&server, "198.51.100.7", PASSWORD, None).await;
        assert_eq!(right.status, 200, "sign-in {turn} of the owner: {}", right.text());
    }
}

#[tokio::test]
async fn wrong_guesses_from_many_addresses_are_limited_and_spare_a_known_device() {
    let server = behind_a_proxy().await;
    let body = json!({ "name": "ada", "password": PASSWORD });
    let mark = register(&server, body).await.ok()["device_mark"].as_str().expect("a mark").to_owned();
    let mut wrong = 0;
    for turn in 0..240 {
        let answer = login(&server, &format!("192.0.2.{turn}"), "not the password", None).await;
        wrong += u32::from(answer.status == 401);
    }
    assert!((200..=205).contains(&wrong), "{wrong} guesses of strangers");

    let stranger = login(&server, "198.51.100.7", PASSWORD, None).await;
    stranger.refused(429, "rate_limited");
    assert!(stranger.headers.contains_key("retry-after"));
    login(&server, "198.51.100.7", PASSWORD, Some("ada.1.AAAA.AAAA")).await.refused(429, "rate_limited");
    for _ in 0..20 {
        let again = login(&server, "198.51.100.7", PASSWORD, Some(&mark)).await.ok();
        assert!(again["device_mark"].is_string(), "{again}");
    }
}

#[tokio::test]
async fn common_passwords_are_refused_and_the_error_says_what_to_do() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let weak = [
        "password",
        "PASSWORD",
        "PassWord1",
        "12345678",
        "        ",
        "\0\0\0\0\0\0\0\0",
        "qwertyuiop",
        "iloveyou1",
        "aaaaaaaa",
        "87654321",
        "lovelace",
        "LoveLace1815",
        " password ",
        "\t\t\t\t\t\t\t\t",
        "letmein1",
        "palaver1",
    ];
    for password in weak {
        let answer = register(&server, json!({ "name": "lovelace", "password": password })).await;
        answer.refused(400, "bad_request");
        let detail = answer.body["detail"].as_str().expect("an explanation");
        assert!(detail.contains("Choose another one"), "{password:?}: {detail}");
    }
    for password in ["password", "12345678", "Ada12345"] {
        let body = json!({ "password": password, "old_password": PASSWORD });
        ada.patch("/api/auth/me", body).await.refused(400, "bad_request");
    }
    register(&server, json!({ "name": "lovelace", "password": "engines weave numbers" })).await.ok();
}

#[tokio::test]
async fn an_address_is_a_contact_that_reveals_nothing_and_signs_nobody_in() {
    let server = Server::start().await;
    let with = |name: &str| json!({ "name": name, "password": PASSWORD, "email": "Ada@Example.org" });
    let ada = Person::nobody(&server).with(&register(&server, with("ada")).await.ok());
    let eve = Person::nobody(&server).with(&register(&server, with("eve")).await.ok());
    for person in [&ada, &eve] {
        assert_eq!(person.get("/api/auth/me").await.ok()["email"], "ada@example.org");
    }
    let bob = Person::register(&server, "bob").await;
    let patch = json!({ "email": "ada@example.org", "old_password": PASSWORD });
    bob.patch("/api/auth/me", patch).await.ok();
    let body = json!({ "name": "ada@example.org", "password": PASSWORD });
    Person::nobody(&server).post("/api/auth/login", body).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_new_name_or_address_needs_the_current_password() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let change = |mut body: Value, password: Option<&str>| {
        if let Some(password) = password {
            body["old_password"] = json!(password);
        }
        let ada = ada.clone();
        async move { ada.patch("/api/auth/me", body).await }
    };
    let changes = [json!({ "name": "countess" }), json!({ "email": "ada@example.org" }), json!({ "email": "" })];
    for body in changes {
        change(body.clone(), None).await.refused(400, "bad_request");
        change(body.clone(), Some("not the password")).await.refused(403, "forbidden");
        change(body.clone(), Some("")).await.refused(403, "forbidden");
        change(body, Some(PASSWORD)).await.ok();
    }
    assert_eq!(change(json!({ "display_name": "Ada L." }), None).await.ok()["name"], "countess");

    // A guest has no password to give.
    let guest = Person::guest(&server, "eve").await;
    assert_eq!(guest.patch("/api/auth/me", json!({ "display_name": "Eve" })).await.ok()["display_name"], "Eve");
}

#[tokio::test]
async fn a_guest_cannot_list_all_accounts() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    for number in 10..25 {
        Person::guest(&server, &format!("adam{number}")).await;
    }
    let guest = Person::guest(&server, "eve").await;
    for query in ["", "?prefix=", "?prefix=a", "?prefix=ad", "?limit=100", "?after=a", "?prefix=%20%20a"] {
        let found = guest.get(&format!("/api/auth/users{query}")).await.ok();
        assert_eq!((&found["items"], &found["next"]), (&json!([]), &Value::Null), "{query}");
    }
    for query in ["?prefix=adam", "?prefix=adam&limit=100", "?prefix=adam&after=adam20"] {
        let found = guest.get(&format!("/api/auth/users{query}")).await.ok();
        assert_eq!((found["items"].as_array().map(Vec::len), &found["next"]), (Some(10), &Value::Null), "{query}");
    }
    assert_eq!(guest.get("/api/auth/users?prefix=ada&limit=1").await.ok()["items"][0]["name"], "ada");
    assert_eq!(ada.get("/api/auth/users").await.ok()["items"].as_array().map(Vec::len), Some(17));
}
