//! Tests a server that a proxy publishes below a path, its page in frames of other origins, and how its log begins.

use reqwest::header::{self, HeaderMap};
use serde_json::{Value, json};
use tests::person::Person;
use tests::server::{Server, Settings};

use crate::setup::text;

/// Sends a request and returns its status, headers and text. Redirects are not followed.
async fn ask(request: reqwest::RequestBuilder) -> (u16, HeaderMap, String) {
    let answer = request.send().await.expect("the server answers");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, headers, answer.text().await.expect("text"))
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

async fn below(path: &str) -> Server {
    Settings::default().variable("PALAVER_PUBLIC_URL", &format!("https://example.org{path}")).start().await
}

#[tokio::test]
async fn everything_works_below_a_path_whether_the_proxy_removes_it_or_not() {
    let server = below("/chat/").await;
    let http = http();
    // What the proxy passes on, if it keeps the path and if it removes it.
    for before in ["/chat", ""] {
        let url = |path: &str| server.http(&format!("{before}{path}"));
        let own = format!("http://{}", server.address());

        // A sign-in from the page, whose cookie comes back to the path that the browser sees.
        let body = json!({ "name": format!("guest{}", before.len()) });
        let guest = http.post(url("/api/auth/guest")).header(header::ORIGIN, &own).json(&body);
        let (status, headers, answer) = ask(guest).await;
        assert_eq!(status, 201, "{answer}");
        let cookie = headers[header::SET_COOKIE].to_str().unwrap().to_owned();
        assert!(cookie.contains("; Path=/chat/api/auth;"), "{cookie}");
        let pair = cookie.split(';').next().unwrap();
        let refresh = http.post(url("/api/auth/refresh")).header(header::ORIGIN, &own).header(header::COOKIE, pair);
        let (status, headers, answer) = ask(refresh.json(&json!({}))).await;
        assert_eq!(status, 200, "{answer}");
        assert!(headers[header::SET_COOKIE].to_str().unwrap().contains("; Path=/chat/api/auth;"));
        let token = serde_json::from_str::<Value>(&answer).unwrap()["access_token"].clone();
        let (status, _, answer) = ask(http.get(url("/api/rooms/general")).bearer_auth(text(&token))).await;
        assert_eq!(status, 200, "{answer}");

        // The page and its files.
        for path in ["/", "/r/general/7"] {
            let (status, _, page) = ask(http.get(url(path))).await;
            assert_eq!(status, 200, "{path}");
            assert!(!page.contains("=\"./") && !page.contains("=\"/assets"), "{page}");
            let links = page.split("=\"/").skip(1).filter_map(|rest| rest.split('"').next());
            for link in links {
                assert!(link.starts_with("chat/"), "{link} in {page}");
                let passed = if before.is_empty() { link.trim_start_matches("chat") } else { &format!("/{link}") };
                assert_eq!(ask(http.get(server.http(passed))).await.0, 200, "{link}");
            }
        }

        // The documents name the address that users see.
        for path in ["/openapi.json", "/api/rooms/openapi.json"] {
            let (_, _, document) = ask(http.get(url(path))).await;
            let document: Value = serde_json::from_str(&document).unwrap();
            assert_eq!(document["servers"], json!([{ "url": "https://example.org/chat" }]), "{path}");
        }
        let (status, headers, _) = ask(http.get(url("/docs"))).await;
        assert!((300..400).contains(&status) && headers[header::LOCATION] == "/chat/docs/", "{status} {headers:?}");
        let (_, _, script) = ask(http.get(url("/docs/swagger-initializer.js"))).await;
        assert!(script.contains("/chat/openapi.json"), "{script}");

        // Sockets.
        let upgrade = http
            .get(url("/v1/ws"))
            .header(header::CONNECTION, "upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==")
            .send()
            .await
            .unwrap();
        assert_eq!(upgrade.status(), 101);
    }
    // The Rust client takes the public URL as it is.
    let bot =
        client::Client::connect(&server.http("/chat/"), client::Credentials::guest("bot")).await.expect("connected");
    let room = bot.join("general").await.expect("joined");
    bot.send(&room, "below a path").await.expect("sent");

    assert_eq!(ask(http.get(server.http("/chatter/api/rooms"))).await.0, 404, "another path that begins alike");
    assert_eq!(ask(http.get(server.http("/chat/api/nothing"))).await.0, 404);
    assert!(server.log().contains("https://example.org/chat"), "the URL to open is printed");
}

#[test]
fn a_public_url_that_cannot_work_is_refused() {
    for url in
        ["https://example.org/api/chat", "example.org/chat", "https://u:p@example.org/", "https://example.org/?a=b"]
    {
        let settings = Settings::default().argument("check-config").variable("PALAVER_PUBLIC_URL", url);
        let output = settings.command().output().expect("palaver can be started");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("PALAVER_PUBLIC_URL"), "{url}: {said}");
    }
}

#[tokio::test]
async fn only_the_named_origins_may_show_the_page_in_a_frame() {
    let framed = Settings::default()
        .variable("PALAVER_FRAME_ORIGINS", "https://intranet.example.org, https://wiki.example.org:8443")
        .start()
        .await;
    let http = http();
    for path in ["/", "/r/general"] {
        let (_, headers, _) = ask(http.get(framed.http(path))).await;
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        let expected = "frame-ancestors https://intranet.example.org https://wiki.example.org:8443";
        assert!(policy.ends_with(expected), "{policy}");
        assert!(!headers.contains_key(header::X_FRAME_OPTIONS), "it would forbid what the policy allows");
    }
    // Nothing else may be framed, and by default nothing at all.
    let plain = Server::start().await;
    for url in [framed.http("/api/rooms"), framed.http("/docs/"), plain.http("/"), plain.http("/r/general")] {
        let (_, headers, _) = ask(http.get(&url)).await;
        assert!(
            headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().ends_with("frame-ancestors 'none'"),
            "{url}"
        );
        assert_eq!(headers[header::X_FRAME_OPTIONS], "DENY", "{url}");
    }
}

#[tokio::test]
async fn the_log_begins_with_one_line_that_says_what_runs() {
    let server = Settings::default().variable("PALAVER_LIMITS_SENDS_PER_10S", "7").start().await;
    let log = server.log();
    let started: Vec<Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["message"] == "started")
        .collect();
    let [line] = started.as_slice() else { panic!("{} lines in:\n{log}", started.len()) };
    assert_eq!(line["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&line["profile"], &line["sends_per_10s"]), (&json!("embedded"), &json!(7)), "{line}");
    assert_eq!(line["listen"], server.address().to_string());
    assert_eq!(line["metrics_listen"], "none");
}

#[tokio::test]
async fn a_text_log_has_no_colours_in_a_file() {
    let server = Settings::default().variable("PALAVER_LOG_FORMAT", "text").start().await;
    Person::nobody(&server).get("/api/rooms").await;
    tests::wait::until("a line in the log", || std::future::ready(server.log().contains("started").then_some(())))
        .await;
    assert!(!server.log().contains('\u{1b}'), "{}", server.log());
}
