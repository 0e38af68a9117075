//! Tests the private port with the stock AWS SDKs of Python and JavaScript: their own calls, their own exceptions.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use local_servers::sdk;
use serde_json::{Value, json};
use tests::person::Person;
use tests::server::{Server, Settings, free_port};
use tests::socket::Socket;

pub const KEY: &str = "PALAVERTESTS";
pub const SECRET: &str = "a+secret/of-the-tests";
/// The maximum size of one post.
const POST_BYTES: usize = 128 * 1024;

/// Starts a server with a private port, and returns that port's URL.
pub async fn start() -> (Server, String) {
    let internal = free_port().to_string();
    let settings = Settings::default()
        .variable("PALAVER_INTERNAL_LISTEN", &internal)
        .variable("PALAVER_INTERNAL_KEYS", &format!("SOMEBODYELSE:another-secret-of-theirs,{KEY}:{SECRET}"));
    (settings.start().await, format!("http://{internal}"))
}

/// Connects a signed-in socket, and returns its id.
pub async fn connected(server: &Server, name: &str) -> (Socket, String) {
    let person = Person::guest(server, name).await;
    let mut socket = Socket::silent(&server.websocket()).await;
    socket.hello(&person.token.expect("signed in")).await;
    let id = socket.frame("welcome").await["conn"].as_str().expect("an id").to_owned();
    (socket, id)
}

/// An SDK, and the script that makes calls with it.
#[derive(Clone, Copy)]
enum Sdk {
    Python,
    JavaScript,
}

impl Sdk {
    /// Makes calls, one after the other, and returns their results.
    async fn call(self, endpoint: &str, secret: &str, calls: &[Value]) -> Vec<Value> {
        let given = json!({ "endpoint": endpoint, "key": KEY, "secret": secret, "calls": calls }).to_string();
        let answer = tokio::task::spawn_blocking(move || self.run(&given)).await.expect("the script runs");
        serde_json::from_slice(&answer).expect("the script prints JSON")
    }

    fn run(self, given: &str) -> Vec<u8> {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk");
        let (mut command, script): (Command, _) = match self {
            Sdk::Python => (sdk::python(), scripts.join("connections.py")),
            Sdk::JavaScript => (sdk::node(), scripts.join("connections.cjs")),
        };
        let command = command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        // No setting of this machine's user may change what is sent.
        let mut child = command
            .env_remove("AWS_PROFILE")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .spawn()
            .expect("the SDK's interpreter starts");
        let mut input = child.stdin.take().expect("it is piped");
        input.write_all(given.as_bytes()).expect("the script reads");
        drop(input);
        let output = child.wait_with_output().expect("the script ends");
        assert!(output.status.success(), "the script fails");
        output.stdout
    }
}

fn post(id: &str, data: &str) -> Value {
    json!({ "op": "PostToConnection", "id": id, "data": data })
}

fn get(id: &str) -> Value {
    json!({ "op": "GetConnection", "id": id })
}

fn delete(id: &str) -> Value {
    json!({ "op": "DeleteConnection", "id": id })
}

#[track_caller]
fn assert_is(found: &Value, status: u16, error: Option<&str>) {
    assert_eq!((&found["status"], &found["error"]), (&json!(status), &json!(error)), "{found}");
}

async fn every_call(sdk: Sdk) {
    let (server, endpoint) = start().await;
    let (mut socket, id) = connected(&server, "ada").await;
    let frame = json!({ "t": "greeting", "text": "hé, 👋" }).to_string();
    let unknown = "L0SM9cOFvHcCIhw=";
    let calls = [
        post(&id, &frame),
        get(&id),
        post(unknown, "x"),
        get(unknown),
        delete(unknown),
        post(&id, &"x".repeat(POST_BYTES + 1)),
    ];
    let found = sdk.call(&endpoint, SECRET, &calls).await;
    assert_is(&found[0], 200, None);
    assert_eq!(socket.frame("greeting").await["text"], "hé, 👋");
    assert_is(&found[1], 200, None);
    assert_eq!(found[1]["sourceIp"], "127.0.0.1");
    let (connected, active) = (found[1]["connectedAt"].as_i64(), found[1]["lastActiveAt"].as_i64());
    assert!(connected.is_some_and(|at| at > 1_700_000_000_000) && connected <= active, "{}", found[1]);
    for gone in &found[2..5] {
        assert_is(gone, 410, Some("GoneException"));
    }
    assert_is(&found[5], 413, Some("PayloadTooLargeException"));

    // An endpoint of API Gateway ends with its stage.
    let staged = sdk.call(&format!("{endpoint}/prod"), SECRET, &[post(&id, &frame)]).await;
    assert_is(&staged[0], 200, None);
    socket.frame("greeting").await;

    // A caller without the secret learns nothing and changes nothing.
    let denied = sdk.call(&endpoint, "a guess of the secret", &[post(&id, "x"), get(&id), delete(&id)]).await;
    for denied in &denied {
        assert_eq!(denied["status"], 403, "{denied}");
    }
    assert_is(&denied[0], 403, Some("ForbiddenException"));
    socket.stays_quiet_of("x").await;

    let found = sdk.call(&endpoint, SECRET, &[delete(&id)]).await;
    assert_is(&found[0], 204, None);
    assert_eq!(socket.closed().await, 4412);
    assert_is(&sdk.call(&endpoint, SECRET, &[get(&id)]).await[0], 410, Some("GoneException"));
}

#[tokio::test]
async fn the_python_sdk_posts_gets_and_deletes() {
    every_call(Sdk::Python).await;
}

#[tokio::test]
async fn the_javascript_sdk_posts_gets_and_deletes() {
    every_call(Sdk::JavaScript).await;
}

#[tokio::test]
async fn a_slow_consumer_is_posted_no_more_than_its_backlog_holds() {
    let (server, endpoint) = start().await;
    let (mut socket, id) = connected(&server, "ada").await;
    let frame = json!({ "t": "fill", "text": "x".repeat(POST_BYTES - 100) }).to_string();
    // More than the kernel's own buffers hold.
    let calls = [json!({ "op": "PostToConnection", "id": id, "data": frame, "times": 160 })];
    let found = Sdk::Python.call(&endpoint, SECRET, &calls).await;
    let (taken, refused): (Vec<&Value>, Vec<&Value>) = found.iter().partition(|found| found["status"] == 200);
    assert!(!taken.is_empty() && !refused.is_empty(), "{} taken of {}", taken.len(), found.len());
    for refused in refused {
        assert_is(refused, 429, Some("LimitExceededException"));
    }
    // Accepted frames arrive, and the socket stays open.
    for _ in taken {
        socket.frame("fill").await;
    }
    assert_is(&Sdk::Python.call(&endpoint, SECRET, &[get(&id)]).await[0], 200, None);
}

#[tokio::test]
async fn the_public_port_has_no_connections_api() {
    let (server, _) = start().await;
    let (_socket, id) = connected(&server, "ada").await;
    let url = server.http(&format!("/@connections/{id}"));
    let http = reqwest::Client::new();
    let found = http.get(&url).send().await.expect("an answer").text().await.expect("a body");
    assert!(!found.contains("connectedAt"), "{found}");
    for request in [http.post(&url).body("x"), http.delete(&url), http.post(server.http("/forward")).body("{}")] {
        let status = request.send().await.expect("an answer").status().as_u16();
        assert!(matches!(status, 404 | 405), "{status}");
    }
}
