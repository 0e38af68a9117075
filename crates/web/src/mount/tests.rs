//! Tests of the layers, from outside: each test calls a small router as a function would have it.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::routing::{get, post};
use domain::limits::Limits;
use domain::{Code, Refusal};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use service::auth::{AuthSettings, SigningKeys};
use service::{Logs, SystemClock, UserCache};
use store_memory::MemoryStore;
use tower::ServiceExt;
use tracing_subscriber::prelude::*;

use super::*;
use crate::{BehindGateway, Caller, Json, Origins, Path, Query};

fn auth() -> Arc<Auth> {
    let store = MemoryStore::new().store();
    let clock = Arc::new(SystemClock);
    let logs = Logs::new(store.clone(), clock.clone(), Limits::default());
    let user_cache = UserCache::new(store.clone(), clock.clone());
    let settings = AuthSettings::default();
    Auth::new(store, logs, user_cache, clock, service::Ids::system(), SigningKeys::generate(), settings, None)
}

fn routes() -> Router {
    #[derive(serde::Deserialize)]
    struct Page {
        limit: u32,
    }
    Router::new()
        .route("/ok/{id}", get(|Path(id): Path<u32>| async move { id.to_string() }))
        .route("/me", get(|Caller(actor): Caller| async move { actor.user.to_string() }))
        .route("/echo", post(|Json(body): Json<Value>| async move { Json(body) }))
        .route("/page", get(|Query(page): Query<Page>| async move { page.limit.to_string() }))
        .route("/panic", get(|| async { panic!("canary-5d7b1f") as &'static str }))
        .route("/health", get(|| async { (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "failing" }))) }))
        .route("/slow", get(std::future::pending::<()>))
        .route(
            "/refused",
            get(|| async { Problem::from(Refusal::new(Code::Stale, "late").at_head(7).retry_in(1_500)) }),
        )
}

fn mounted(settings: WebSettings) -> Router {
    LazyLock::force(&LOG);
    mount(routes(), auth(), &settings)
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

async fn call(router: &Router, request: http::request::Builder, body: impl Into<Body>) -> Answer {
    let request = request.header("host", "localhost").body(body.into()).expect("a valid request");
    let response = router.clone().oneshot(request).await.expect("a router does not fail");
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.expect("a whole body").to_bytes();
    let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| text());
    Answer { status: parts.status, headers: parts.headers, body }
}

fn get_from(path: &str) -> http::request::Builder {
    http::Request::get(path)
}

fn post_json(path: &str) -> http::request::Builder {
    http::Request::post(path).header("content-type", "application/json")
}

impl Answer {
    #[track_caller]
    fn is_problem(&self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), &self.body["code"]), (status, &json!(code)), "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["status"], status);
        assert_eq!(self.headers["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn a_json_report_with_an_error_status_stays_unchanged() {
    let router = mounted(WebSettings::default());
    let answer = call(&router, http::Request::get("/health"), "").await;
    assert_eq!((answer.status, &answer.body), (StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "failing" })));
}

#[tokio::test]
async fn every_error_is_a_problem() {
    let router = mounted(WebSettings::default());
    call(&router, get_from("/nowhere"), "").await.is_problem(404, "not_found");
    let wrong = call(&router, http::Request::delete("/ok/1"), "").await;
    wrong.is_problem(405, "bad_request");
    assert_eq!(wrong.headers["allow"], "GET,HEAD");
    call(&router, get_from("/ok/x"), "").await.is_problem(400, "bad_request");
    call(&router, get_from("/page?limit=many"), "").await.is_problem(400, "bad_request");
    call(&router, post_json("/echo"), "{").await.is_problem(400, "bad_request");
    call(&router, http::Request::post("/echo"), "{}").await.is_problem(415, "bad_request");
    let refused = call(&router, get_from("/refused"), "").await;
    refused.is_problem(409, "stale");
    assert_eq!((&refused.body["head"], &refused.body["retry_ms"]), (&json!(7), &json!(1_500)));
    assert_eq!(refused.headers["retry-after"], "2");
}

#[tokio::test]
async fn a_panic_reveals_nothing() {
    let answer = call(&mounted(WebSettings::default()), get_from("/panic"), "").await;
    answer.is_problem(500, "unavailable");
    assert!(!answer.body.to_string().contains("canary"));
}

#[tokio::test]
async fn a_token_is_required_and_verified() {
    let router = mounted(WebSettings::default());
    let nobody = call(&router, get_from("/me"), "").await;
    nobody.is_problem(401, "unauthenticated");
    assert_eq!(nobody.headers["www-authenticate"], "Bearer");
    for header in ["Bearer x", "Bearer", "Basic YTpi", "bearer  ", "Bearer a.b.c"] {
        let answer = call(&router, get_from("/me").header("authorization", header), "").await;
        answer.is_problem(401, "unauthenticated");
    }
    let two = get_from("/me").header("authorization", "Bearer a").header("authorization", "Bearer b");
    call(&router, two, "").await.is_problem(401, "unauthenticated");
}

#[tokio::test]
async fn bodies_are_bounded_in_size_and_depth() {
    let router = mounted(WebSettings::default());
    let long = format!("\"{}\"", "x".repeat(JSON_BODY));
    call(&router, post_json("/echo"), long).await.is_problem(413, "too_large");
    call(&router, post_json("/echo"), "[".repeat(100_000)).await.is_problem(400, "bad_request");
    let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    call(&router, post_json("/echo"), nested(33)).await.is_problem(400, "bad_request");
    assert_eq!(call(&router, post_json("/echo"), nested(32)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_slow_call_and_a_stalled_body_time_out() {
    let short = Duration::from_millis(50);
    let router = mounted(WebSettings { request_timeout: short, ..WebSettings::default() });
    let slow = call(&router, get_from("/slow"), "").await;
    slow.is_problem(503, "unavailable");
    let router = mounted(WebSettings { body_idle_timeout: short, ..WebSettings::default() });
    let stuck = Body::from_stream(futures_util::stream::pending::<Result<bytes::Bytes, io::Error>>());
    call(&router, post_json("/echo"), stuck).await.is_problem(400, "bad_request");
}

#[tokio::test]
async fn calls_are_limited_by_address() {
    let limits = Limits { requests_per_minute: 3, ..Limits::default() };
    let router = mounted(WebSettings { limits, ..WebSettings::default() });
    let from = |address: &str| get_from("/ok/1").extension(ConnectInfo::<SocketAddr>(address.parse().expect("valid")));
    for _ in 0..3 {
        assert_eq!(call(&router, from("192.0.2.1:1000"), "").await.status, StatusCode::OK);
    }
    let refused = call(&router, from("192.0.2.1:2000"), "").await;
    refused.is_problem(429, "rate_limited");
    assert!(refused.headers["retry-after"].to_str().is_ok_and(|seconds| seconds.parse::<u32>().is_ok_and(|s| s <= 20)));
    assert_eq!(call(&router, from("192.0.2.2:1000"), "").await.status, StatusCode::OK);
    for port in 1..=3 {
        assert_eq!(call(&router, from(&format!("[2001:db8::{port}]:1")), "").await.status, StatusCode::OK);
    }
    call(&router, from("[2001:db8::ffff]:1"), "").await.is_problem(429, "rate_limited");
    // A client's own header does not change its address.
    let forged = from("192.0.2.1:1000").header("x-forwarded-for", "192.0.2.77");
    call(&router, forged, "").await.is_problem(429, "rate_limited");
}

#[tokio::test]
async fn a_gateway_answers_for_its_own_names() {
    let router = mounted(WebSettings::default());
    let call = |gateway: bool| {
        let mut request = get_from("/ok/1").header("host", "abc123.execute-api.us-east-1.amazonaws.com");
        if gateway {
            request = request.extension(BehindGateway);
        }
        router.clone().oneshot(request.body(Body::empty()).expect("a valid request"))
    };
    assert_eq!(call(true).await.expect("an answer").status(), StatusCode::OK);
    assert_eq!(call(false).await.expect("an answer").status(), StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn only_pages_of_allowed_origins_may_read() {
    let origins = Origins::parse(["https://app.example.org"]).expect("valid");
    let router = mounted(WebSettings { origins, ..WebSettings::default() });
    let from = |origin: &str| get_from("/ok/1").header("origin", origin);
    let allowed = call(&router, from("https://app.example.org"), "").await;
    assert_eq!(allowed.headers["access-control-allow-origin"], "https://app.example.org");
    for evil in ["https://evil.org", "https://app.example.org.evil.org", "null"] {
        let answer = call(&router, from(evil), "").await;
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{evil}");
    }
}

thread_local! {
    /// The log's lines of this thread, and so of one test.
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The log of all tests. It is installed before the first call, because tracing caches whether a line is wanted.
static LOG: LazyLock<()> = LazyLock::new(|| {
    tracing_subscriber::registry().with(crate::json_lines(|| ThreadLines)).init();
});

/// Writes to [`LINES`].
struct ThreadLines;

impl io::Write for ThreadLines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_call_logs_one_line_without_secrets() {
    const CANARY: &str = "canary-5d7b1f";
    let router = mounted(WebSettings::default());
    let request = post_json(&format!("/echo?token={CANARY}"))
        .header("authorization", format!("Bearer {CANARY}"))
        .header("cookie", format!("palaver_refresh={CANARY}"))
        .header("user-agent", CANARY)
        .header("x-request-id", CANARY);
    let answer = call(&router, request, format!("{{\"password\":\"{CANARY}\"}}")).await;
    assert_eq!(answer.status, StatusCode::OK);
    call(&router, get_from(&format!("/{CANARY}")), "").await.is_problem(404, "not_found");
    call(&router, get_from(&format!("/ok/{CANARY}")), "").await.is_problem(400, "bad_request");
    call(&router, http::Request::builder().method("CANARY").uri("/ok/1"), "").await.is_problem(405, "bad_request");

    let text = String::from_utf8(LINES.take()).expect("UTF-8");
    assert!(!text.to_lowercase().contains("canary"), "{text}");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |line: &Value| (line["method"].clone(), line["route"].clone(), line["status"].clone());
    let seen: Vec<_> = lines.iter().map(of).collect();
    assert_eq!(
        seen,
        [
            (json!("POST"), json!("/echo"), json!(200)),
            (json!("GET"), json!("-"), json!(404)),
            (json!("GET"), json!("/ok/{id}"), json!(400)),
            (json!("other"), json!("/ok/{id}"), json!(405)),
        ]
    );
    assert_eq!(answer.headers["x-request-id"], lines[0]["request"].as_str().expect("an id"));
    let fields: Vec<&String> = lines[0].as_object().expect("an object").keys().collect();
    assert_eq!(fields, ["bytes", "level", "method", "ms", "request", "route", "status", "target", "timestamp"]);
}
