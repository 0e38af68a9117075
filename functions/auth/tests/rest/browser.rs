//! Tests the refresh token as a cookie: only for pages of this server, and never on behalf of a page of another origin.

use serde_json::json;
use service::auth::AuthSettings;

use crate::caller::{Answer, Caller, PASSWORD, server, server_with};

const OWN: &str = "https://chat.example.org";

/// Returns the cookie with the refresh token.
fn cookie(answer: &Answer) -> Option<String> {
    named(answer, "palaver_refresh")
}

fn named(answer: &Answer, name: &str) -> Option<String> {
    let cookies = answer.headers.get_all("set-cookie").iter();
    let cookies: Vec<&str> = cookies.map(|cookie| cookie.to_str().expect("visible ASCII")).collect();
    let found: Vec<&&str> = cookies.iter().filter(|cookie| cookie.starts_with(&format!("{name}="))).collect();
    assert!(found.len() <= 1 && cookies.iter().all(|cookie| cookie.starts_with("palaver_")), "{cookies:?}");
    found.first().map(|cookie| cookie.to_string())
}

fn page(server: &Caller) -> Caller {
    server.with_header("origin", OWN)
}

/// Returns what a browser sends back: the pair, without the attributes.
fn sent_back(cookie: &str) -> &str {
    cookie.split(';').next().expect("a pair")
}

#[tokio::test]
async fn a_page_gets_a_cookie_that_no_script_reads() {
    let server = server();
    let ada = page(&server).register("ada").await;
    assert!(ada.body.get("refresh_token").is_none(), "{}", ada.body);
    let first = cookie(&ada).expect("a cookie");
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/api/auth", "Max-Age=2592000"] {
        assert!(first.contains(attribute), "{first}");
    }
    assert!(first.contains("Secure"), "the page was loaded over TLS");
    let plain = server.with_header("origin", "http://chat.example.org").login("ada", PASSWORD).await.is(200);
    let plain = cookie(&plain).expect("a cookie");
    assert!(!plain.contains("Secure"), "this page was loaded without TLS: {plain}");

    let renewed = page(&server).with_header("cookie", sent_back(&first)).post("/refresh", json!({})).await.is(200);
    let second = cookie(&renewed).expect("another cookie");
    assert_ne!(sent_back(&first), sent_back(&second));
    page(&server).with_header("cookie", sent_back(&second)).call(http::Method::POST, "/refresh", None).await.is(200);
}

#[tokio::test]
async fn others_get_the_token_in_the_body_and_no_cookie() {
    let server = server();
    server.register("ada").await;
    for caller in [server.clone(), server.with_header("origin", "https://other.example.org")] {
        let answer = caller.login("ada", PASSWORD).await.is(200);
        assert!(answer.body["refresh_token"].is_string() && answer.body["device_mark"].is_string());
        assert_eq!((cookie(&answer), named(&answer, "palaver_device")), (None, None));
    }
}

#[tokio::test]
async fn a_page_of_another_origin_cannot_use_the_cookie() {
    let server = server();
    let first = cookie(&page(&server).register("ada").await).expect("a cookie");
    let cookie_only = server.with_header("cookie", sent_back(&first));
    for foreign in ["https://evil.org", "null", "https://chat.example.org.evil.org", "https://chat.example.org:444"] {
        let caller = cookie_only.with_header("origin", foreign);
        caller.post("/refresh", json!({})).await.refused(403, "forbidden");
        caller.post("/logout", json!({})).await.refused(403, "forbidden");
    }
    cookie_only.post("/refresh", json!({})).await.refused(403, "forbidden");
    cookie_only.with_header("origin", OWN).post("/refresh", json!({})).await.is(200);
}

#[tokio::test]
async fn signing_out_removes_the_cookie() {
    let server = server();
    let ada = page(&server).register("ada").await;
    let first = cookie(&ada).expect("a cookie");
    let browser = page(&server).with_header("cookie", sent_back(&first));
    let out = browser.signed_in(&ada).post("/logout", json!({})).await.is(204);
    let gone = cookie(&out).expect("a cookie");
    assert!(gone.starts_with("palaver_refresh=;") && gone.contains("Max-Age=0"), "{gone}");
    let refused = browser.post("/refresh", json!({})).await;
    refused.refused(401, "unauthenticated");
    assert!(cookie(&refused).is_some_and(|cookie| cookie.contains("Max-Age=0")), "an invalid cookie is removed too");
}

#[tokio::test]
async fn a_browser_that_signed_in_is_not_kept_out_by_wrong_guesses_of_others() {
    let server = server_with(AuthSettings { sign_ins_per_minute: 3, ..AuthSettings::default() });
    let ada = page(&server).register("ada").await;
    let mark = named(&ada, "palaver_device").expect("a cookie");
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/api/auth", "Max-Age=34560000"] {
        assert!(mark.contains(attribute), "{mark}");
    }
    assert!(ada.body.get("device_mark").is_none(), "{}", ada.body);
    let browser = page(&server).with_header("cookie", sent_back(&mark));
    browser.signed_in(&ada).post("/logout", json!({})).await.is(204);
    for _ in 0..5 {
        server.login("ada", "a wrong password").await;
    }

    // All of these come from one address.
    server.login("ada", PASSWORD).await.refused(429, "rate_limited");
    let foreign = server.with_header("origin", "https://evil.org").with_header("cookie", sent_back(&mark));
    foreign.login("ada", PASSWORD).await.refused(429, "rate_limited");
    let again = browser.login("ada", PASSWORD).await.is(200);
    let renewed = named(&again, "palaver_device").expect("a cookie");
    page(&server).with_header("cookie", sent_back(&renewed)).login("ada", PASSWORD).await.is(200);
}

#[tokio::test]
async fn a_client_without_cookies_is_known_by_the_mark_that_it_sends() {
    let server = server_with(AuthSettings { sign_ins_per_minute: 3, ..AuthSettings::default() });
    let ada = server.register("ada").await;
    let mark = ada.text("device_mark").to_owned();
    for _ in 0..5 {
        server.login("ada", "a wrong password").await;
    }
    let login = |mark: &str| server.post("/login", json!({ "name": "ada", "password": PASSWORD, "device_mark": mark }));
    login(&format!("{mark}A")).await.refused(429, "rate_limited");
    let again = login(&mark).await.is(200);
    login(again.text("device_mark")).await.is(200);
    let renewed = server.post("/refresh", json!({ "refresh_token": again.text("refresh_token") })).await.is(200);
    assert!(renewed.body.get("device_mark").is_none(), "a refresh makes no device known");
}
