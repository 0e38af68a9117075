//! Checks the OpenAPI document that the running server serves: by its rules, by requests that are generated from it, and
//! by clients in other languages that are generated from it. `tests/api` holds what the tools need.

use std::path::{Path, PathBuf};
use std::process::Command;

use local_servers::openapi;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::person::Person;
use tests::server::{Server, Settings};

/// The number of examples that schemathesis generates for each operation, so that a run takes less than a minute.
const EXAMPLES: &str = "8";

/// Operations after which the caller's token is no longer valid. They are called with a token of their own.
const ENDING: [&str; 2] = ["logout", "delete_own_account"];

/// Returns the path of a file for the tools.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("api").join(name)
}

/// Starts a server whose limits no run reaches.
async fn server() -> Server {
    let limited = ["SENDS_PER_10S", "SCANS_PER_10S", "JOINS_PER_MINUTE", "REQUESTS_PER_MINUTE", "SIGN_INS_PER_MINUTE"];
    let settings = limited
        .iter()
        .fold(Settings::default(), |settings, name| settings.variable(&format!("PALAVER_LIMITS_{name}"), "1000000"));
    settings.start().await
}

/// Writes the server's document to a folder, and returns it and its path.
async fn document(server: &Server, folder: &TempDir) -> (Value, PathBuf) {
    let document = Person::nobody(server).get("/openapi.json").await.ok();
    let path = folder.path().join("openapi.json");
    std::fs::write(&path, document.to_string()).expect("it can be written");
    (document, path)
}

/// Runs a tool in a folder and returns what it prints.
///
/// # Panics
/// If it fails; what it says is shown.
#[track_caller]
fn run(command: &mut Command, folder: &TempDir) -> String {
    let output = command.current_dir(folder.path()).env("NO_COLOR", "1").output().expect("it is installed");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}\n{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// Returns a folder for a tool.
fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder can be made")
}

/// Copies files for the tools to a folder.
fn copy(names: &[&str], folder: &TempDir) {
    for name in names {
        let name = Path::new(name);
        let to = folder.path().join(name.file_name().expect("a file has a name"));
        std::fs::copy(file(&name.to_string_lossy()), to).expect("it can be copied");
    }
}

/// Returns a member of the rooms `general` and `garden`.
async fn member(server: &Server) -> Person {
    let root = Person::register(server, "root").await;
    for room in ["general", "garden"] {
        let created = root.post("/api/rooms", json!({ "id": room, "name": room })).await;
        if !created.status.is_success() {
            // The installation has this room already.
            created.refused(409, "conflict");
            root.post(&format!("/api/rooms/{room}/join"), json!({})).await.ok();
        }
    }
    root
}

/// Returns what a client that lists a person's rooms prints.
fn rooms(said: &str) -> Vec<&str> {
    let mut rooms: Vec<&str> = said.lines().collect();
    rooms.sort_unstable();
    rooms
}

#[tokio::test]
async fn the_document_keeps_every_rule() {
    let (server, folder) = (server().await, folder());
    let (document, path) = document(&server, &folder).await;
    assert_eq!(document["servers"], json!([{ "url": "/" }]));
    copy(&["redocly.yaml"], &folder);

    let mut redocly = Command::new(openapi::node_modules().join(".bin/redocly"));
    redocly.args(["lint", "--config", "redocly.yaml", "--format", "stylish"]).arg(&path);
    redocly.env("REDOCLY_TELEMETRY", "off").env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
    run(&mut redocly, &folder);

    // The rules are in force: an operation without a description of its response is an error.
    let mut broken = document.clone();
    broken["paths"]["/api/rooms"]["get"]["responses"]["200"]["description"].take();
    broken["paths"]["/api/rooms"]["get"]["operationId"] = json!("create_room");
    std::fs::write(&path, broken.to_string()).expect("it can be written");
    let output = redocly.output().expect("it is installed");
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
async fn every_answer_to_a_generated_request_is_documented() {
    let (server, folder) = (server().await, folder());
    let root = member(&server).await;
    // The users whom the examples name, and a message that they can change.
    for name in ["ada", "bob"] {
        Person::register(&server, name).await.post("/api/rooms/general/join", json!({})).await.ok();
    }
    let said = root.post("/api/rooms/general/messages", json!({ "text": "Hello, @bob!" })).await.ok();
    copy(&["schemathesis.toml", "hooks.py"], &folder);

    let schemathesis = |token: &str| {
        let mut schemathesis = openapi::python_program("schemathesis");
        schemathesis.args(["--config-file", "schemathesis.toml", "run"]).arg(server.http("/openapi.json"));
        schemathesis.args(["--header", &format!("Authorization: Bearer {token}")]);
        schemathesis.args(["--max-examples", EXAMPLES, "--generation-deterministic", "--no-color"]);
        schemathesis.env("SCHEMATHESIS_HOOKS", "hooks").env("PYTHONPATH", folder.path());
        schemathesis.env("KNOWN_SEQ", said["seq"].to_string());
        schemathesis
    };
    let token = root.token.as_deref().expect("she is signed in");
    let mut most = schemathesis(token);
    for operation in ENDING {
        most.args(["--exclude-operation-id", operation]);
    }
    println!("{}", run(&mut most, &folder));

    let guest = Person::guest(&server, "guest").await;
    let mut ending = schemathesis(guest.token.as_deref().expect("they are signed in"));
    for operation in ENDING {
        ending.args(["--include-operation-id", operation]);
    }
    println!("{}", run(&mut ending, &folder));
}

#[tokio::test]
async fn a_generated_client_in_python_lists_rooms() {
    let (server, folder) = (server().await, folder());
    let root = member(&server).await;
    let (_, path) = document(&server, &folder).await;
    copy(&["list_rooms.py"], &folder);
    std::fs::write(folder.path().join("config.yml"), "post_hooks: []\n").expect("it can be written");

    let mut generate = openapi::python_program("openapi-python-client");
    generate.args([
        "generate",
        "--meta",
        "none",
        "--output-path",
        "palaver_client",
        "--config",
        "config.yml",
        "--path",
    ]);
    run(generate.arg(path), &folder);
    run(openapi::python_program("python").args(["-m", "compileall", "-q", "palaver_client"]), &folder);

    let mut list = openapi::python_program("python");
    let said = run(list.args(["list_rooms.py", &server.http("")]).args(&root.token), &folder);
    assert_eq!(rooms(&said), ["garden", "general"]);
}

#[tokio::test]
async fn a_generated_client_in_typescript_lists_rooms() {
    let (server, folder) = (server().await, folder());
    let root = member(&server).await;
    let (_, path) = document(&server, &folder).await;
    copy(&["list_rooms.ts", "tsconfig.json", "package.json"], &folder);
    let modules = openapi::node_modules();
    std::os::unix::fs::symlink(&modules, folder.path().join("node_modules")).expect("a link can be made");

    let program = |name: &str| Command::new(modules.join(".bin").join(name));
    run(program("openapi-typescript").arg(path).args(["--output", "schema.ts"]), &folder);
    run(program("tsc").args(["--project", "."]), &folder);

    let mut list = Command::new("node");
    let said = run(list.args(["out/list_rooms.js", &server.http("")]).args(&root.token), &folder);
    assert_eq!(rooms(&said), ["garden", "general"]);
}

#[tokio::test]
async fn a_generated_client_in_go_lists_rooms() {
    let (server, folder) = (server().await, folder());
    let root = member(&server).await;
    let (_, path) = document(&server, &folder).await;
    copy(&["go/main.go", "go/go.mod", "go/go.sum"], &folder);
    std::fs::create_dir(folder.path().join("client")).expect("a folder can be made");

    let mut generate = openapi::oapi_codegen();
    generate.args(["-generate", "types,client", "-package", "client", "-o", "client/client.gen.go"]);
    run(generate.arg(path), &folder);
    run(openapi::go().args(["build", "-o", "list_rooms", "."]), &folder);

    let mut list = Command::new(folder.path().join("list_rooms"));
    let said = run(list.arg(server.http("")).args(&root.token), &folder);
    assert_eq!(rooms(&said), ["garden", "general"]);
}
