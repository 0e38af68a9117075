//! Tests each function alone: as an HTTP server on SQLite, and as an AWS Lambda function whose runtime is emulated
//! here.

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tests::binary::{self, palaver};
use tests::server::free_port;
use tests::wait;
use tokio::sync::mpsc;

const FUNCTIONS: [&str; 5] = ["auth", "rooms", "presence", "notifications", "files"];

/// A function's process; ends with the test.
struct Function {
    child: Child,
    _data: tempfile::TempDir,
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the binary beside the server's; `cargo xtask test` builds both.
fn program(name: &str) -> PathBuf {
    let path = palaver().with_file_name(name);
    assert!(path.is_file(), "build it with: cargo build --profile ci --package {name}");
    path
}

fn start(name: &str, variables: &[(&str, String)]) -> Function {
    let data = tempfile::tempdir().unwrap();
    let mut command = binary::clean(&program(name));
    command.env("PALAVER_DATA", data.path()).envs(variables.iter().cloned());
    let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    Function { child, _data: data }
}

#[tokio::test]
async fn each_serves_http_on_its_own_database() {
    for name in FUNCTIONS {
        let address = free_port();
        let _function = start(name, &[("PALAVER_LISTEN", address.to_string())]);
        let url = |path: &str| format!("http://{address}{path}");
        let health: Value = wait::until(&format!("{name}'s health"), || async {
            let answer = reqwest::get(url("/health")).await.ok()?;
            answer.json().await.ok()
        })
        .await;
        assert_eq!(health["status"], "ok", "{name}: {health}");
        for place in ["/openapi.json", &format!("/api/{name}/openapi.json")] {
            let document: Value = reqwest::get(url(place)).await.unwrap().json().await.unwrap();
            let paths = document["paths"].as_object().expect("a document has paths");
            assert!(paths.keys().any(|path| path.starts_with(&format!("/api/{name}"))), "{name}: {paths:?}");
            // Its docs page calls it at the address that the page has, with the token that the reader gave.
            assert_eq!(document["servers"], json!([{ "url": "/" }]), "{name}");
            assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer", "{name}");
        }
        // A gateway that forwards only the function's own paths finds its health and its docs there.
        for path in ["health", "health/live", "health/ready", "docs/"] {
            assert_eq!(reqwest::get(url(&format!("/api/{name}/{path}"))).await.unwrap().status(), 200, "{name} {path}");
        }
        assert!(reqwest::get(url("/docs/")).await.unwrap().status().is_success(), "{name}");
        // It does not serve the other functions' paths.
        let other = if name == "auth" { "/api/rooms" } else { "/api/auth/me" };
        assert_eq!(reqwest::get(url(other)).await.unwrap().status(), 404, "{name}");
    }
}

/// Emulates Lambda's runtime: sends events, receives the answers.
#[derive(Clone)]
struct Runtime {
    events: Arc<tokio::sync::Mutex<mpsc::Receiver<Value>>>,
    answers: mpsc::Sender<Value>,
    asked: Arc<Mutex<u32>>,
}

/// `GET /2018-06-01/runtime/invocation/next`: waits for the next event.
async fn next(State(runtime): State<Runtime>) -> impl IntoResponse {
    let Some(event) = runtime.events.lock().await.recv().await else { return StatusCode::GONE.into_response() };
    *runtime.asked.lock().unwrap() += 1;
    let deadline = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() + 30_000;
    let headers = [
        ("lambda-runtime-aws-request-id", "00000000-0000-0000-0000-000000000001".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:palaver".to_owned()),
    ];
    (headers, Json(event)).into_response()
}

/// `POST …/{id}/response`.
async fn answered(State(runtime): State<Runtime>, Path(_): Path<String>, body: String) -> StatusCode {
    let _ = runtime.answers.send(serde_json::from_str(&body).expect("an answer is JSON")).await;
    StatusCode::ACCEPTED
}

/// `POST …/{id}/error` and `/init/error`.
async fn failed(State(runtime): State<Runtime>, body: String) -> StatusCode {
    let _ = runtime.answers.send(json!({ "error": body })).await;
    StatusCode::ACCEPTED
}

/// Returns an event of an HTTP API, payload format 2.0.
fn event(path: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": { "accept": "application/json", "host": "example.org" },
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "domainName": "example.org", "domainPrefix": "api",
            "http": { "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test" },
            "requestId": "id", "routeKey": "$default", "stage": "$default",
            "time": "21/Nov/2026:08:00:00 +0000", "timeEpoch": 1_795_248_000_000_u64
        },
        "isBase64Encoded": false
    })
}

#[tokio::test]
async fn each_answers_lambda_events() {
    for name in FUNCTIONS {
        let (events, incoming) = mpsc::channel(4);
        let (answers, mut given) = mpsc::channel(4);
        let runtime = Runtime { events: Arc::new(incoming.into()), answers, asked: Arc::default() };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
            .with_state(runtime.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });

        let _function = start(
            name,
            &[
                ("AWS_LAMBDA_RUNTIME_API", address.to_string()),
                ("AWS_LAMBDA_FUNCTION_NAME", name.to_owned()),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
                ("AWS_LAMBDA_FUNCTION_VERSION", "1".to_owned()),
            ],
        );
        for (path, status) in [("/health", 200), (&format!("/api/{name}/nothing/here/at/all") as &str, 404)] {
            events.send(event(path)).await.unwrap();
            let answer = tokio::time::timeout(wait::PATIENCE, given.recv()).await.expect("an answer in time").unwrap();
            assert_eq!(answer["statusCode"], status, "{name} {path}: {answer}");
        }
        let scheduled = json!({ "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} });
        events.send(scheduled).await.unwrap();
        let answer = tokio::time::timeout(wait::PATIENCE, given.recv()).await.expect("an answer in time").unwrap();
        // Functions that remove files with their messages run the sweep, too.
        let has_bytes = ["files", "rooms"].contains(&name);
        assert_eq!(answer, json!({ "files": has_bytes }), "{name}");
        assert_eq!(*runtime.asked.lock().unwrap(), 3, "{name}");
    }
}

#[tokio::test]
async fn each_describes_itself_and_refuses_unknown_arguments() {
    let run = |name: &str, arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = binary::clean(&program(name));
        let output = command.args(arguments).envs(variables.iter().copied()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.success(), text(&output.stdout) + &text(&output.stderr))
    };
    for name in FUNCTIONS {
        let (went_well, text) = run(name, &["--version"], &[]);
        assert!(went_well && text.starts_with(&format!("{name} ")), "{text}");
        let (went_well, text) = run(name, &["--help"], &[]);
        assert!(went_well && text.contains(".env.example"), "{text}");
        let (went_well, text) = run(name, &["serve"], &[]);
        assert!(!went_well && text.contains("\"serve\""), "{text}");
        let (went_well, text) = run(name, &[], &[("PALAVER_LISTN", "127.0.0.1:0")]);
        assert!(!went_well && text.contains("PALAVER_LISTN") && text.contains("is not a setting"), "{text}");
    }
}
