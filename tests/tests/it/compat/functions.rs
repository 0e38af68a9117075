//! Each function run by itself, at its root and on the port that the older system's environment names: one after the
//! other on the same data, because SQLite's belongs to one process at a time.

use std::path::Path;
use std::process::{Child, Stdio};

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tests::person::{Answer, answer};
use tests::{binary, wait};

use super::{has_fields, is_error};

struct Function {
    child: Child,
    port: u16,
    http: reqwest::Client,
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Function {
    async fn start(name: &str, data: &Path) -> Function {
        let program = binary::palaver().with_file_name(name);
        assert!(program.is_file(), "build it with: cargo build --profile ci --package {name}");
        let port = tests::server::free_port().port();
        let mut command = binary::clean(&program);
        command.env("PALAVER_DATA", data).env("PALAVER_COMPAT", "guests").env("PORT", port.to_string());
        let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().expect("it can be started");
        let function = Function { child, port, http: reqwest::Client::new() };
        wait::until(&format!("{name}'s health"), async || {
            let health = function.http.get(function.url("/health")).send().await.ok()?;
            health.status().is_success().then_some(())
        })
        .await;
        assert!(function.get("/openapi.json").await.status.is_success(), "{name}");
        function
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, self.url(path))
    }

    async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        answer(self.request(method, path).json(&body)).await
    }
}

#[tokio::test]
async fn each_serves_the_older_contract_at_its_root() {
    let data = tempfile::tempdir().expect("a temporary folder can be made");
    rooms(data.path()).await;
    presence(data.path()).await;
    notifications(data.path()).await;
    files(data.path()).await;
}

async fn rooms(data: &Path) {
    let function = Function::start("rooms", data).await;
    let made = function
        .send(Method::POST, "/rooms", json!({ "id": "garden", "name": "Garden", "description": "" }))
        .await
        .ok();
    has_fields(&made, &["id", "name", "description", "created_at"]);
    assert_eq!(function.get("/rooms").await.ok(), json!([made]));
    assert_eq!(function.get("/api/chat/rooms").await.ok(), json!([made]), "and where one process serves all");
    assert_eq!(function.get("/rooms/garden/messages?limit=50").await.ok(), json!([]));
    is_error(&function.get("/rooms/nowhere/messages").await, 404);
    is_error(&function.get("/nonsense").await, 404);
}

async fn presence(data: &Path) {
    let function = Function::start("presence", data).await;
    let beat = function.send(Method::POST, "/presence/alice/heartbeat?username=Alice", json!({})).await.ok();
    has_fields(&beat, &["user_id", "username", "last_seen"]);
    assert_eq!(function.get("/presence").await.ok()[0]["user_id"], "alice");
    assert_eq!(function.get("/presence/alice").await.ok()["username"], "Alice");
    let typing = "/presence/alice/typing?room_id=garden&username=Alice";
    function.send(Method::POST, typing, json!({})).await.ok();
    let typists = function.get("/presence/rooms/garden/typing").await.ok();
    assert_eq!(typists, json!([{ "user_id": "alice", "username": "Alice" }]));
    assert_eq!(function.send(Method::DELETE, typing, json!({})).await.status, 204);
    assert_eq!(function.send(Method::DELETE, "/presence/alice", json!({})).await.status, 204);
    is_error(&function.get("/presence/alice").await, 404);
}

async fn notifications(data: &Path) {
    let function = Function::start("notifications", data).await;
    let new = json!({ "user_id": "bob", "title": "Hello", "body": "", "notif_type": "info", "room_id": "garden" });
    let made = function.send(Method::POST, "/notifications", new).await.ok();
    assert_eq!(function.get("/notifications/bob?unread_only=true&limit=5").await.ok(), json!([made]));
    assert_eq!(
        function.get("/notifications/bob/unread-count").await.ok(),
        json!({ "user_id": "bob", "unread_count": 1 })
    );
    let id = made["id"].as_str().expect("an id");
    let read = function.send(Method::PATCH, &format!("/notifications/{id}/read"), json!({})).await.ok();
    assert_eq!(read["is_read"], true);
    function.send(Method::PATCH, "/notifications/bob/read-all", json!({})).await.ok();
    assert_eq!(function.send(Method::DELETE, &format!("/notifications/{id}"), json!({})).await.status, 204);
}

async fn files(data: &Path) {
    let function = Function::start("files", data).await;
    let file = Part::bytes(b"hello".to_vec()).file_name("note.txt");
    let form = Form::new().text("room_id", "garden").text("user_id", "alice").part("file", file);
    let made = answer(function.request(Method::POST, "/upload").multipart(form)).await.ok();
    let id = made["id"].as_str().expect("an id");
    assert_eq!(function.get(&format!("/{id}")).await.ok(), made);
    assert_eq!(function.get(&format!("/{id}/download")).await.bytes, b"hello");
    assert_eq!(function.get("/files?room_id=garden").await.ok(), json!([]));
    is_error(&function.get("/123").await, 404);
}

#[tokio::test]
async fn a_database_of_the_older_system_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("chat.db");
    std::fs::write(&file, "SQLite format 3\0").expect("written");
    for program in [binary::palaver().to_owned(), binary::palaver().with_file_name("rooms")] {
        let mut command = binary::clean(&program);
        command.env("PALAVER_COMPAT", "guests").env("DATABASE_URL", format!("sqlite:///{}", file.display()));
        let ended = command.current_dir(folder.path()).output().expect("it ends");
        let error = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success() && error.contains("an older chat system"), "{error}");
    }
    assert_eq!(std::fs::read(&file).expect("untouched"), b"SQLite format 3\0");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is created");
}
