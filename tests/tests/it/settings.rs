//! Tests flags, variables and settings files: what `check-config` says of them, and what a start makes of them.

use std::process::Output;

use tests::server::{Settings, free_port};

fn run(settings: &Settings) -> Output {
    settings.command().output().expect("palaver can be started")
}

fn all_text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn all_invalid_settings_are_reported_together() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("palaver.toml");
    std::fs::write(&file, "listen = \"nowhere\"\nunheard_of = 1\n\n[limits]\nclient_frame = \"much\"\n").unwrap();
    let settings = Settings::default()
        .argument("--config")
        .argument(file.to_str().unwrap())
        .argument("--data")
        .argument(folder.path().join("data").to_str().unwrap());
    let output = run(&settings);
    let text = all_text(&output);
    assert!(!output.status.success(), "{text}");
    for name in ["listen", "unheard_of", "client_frame"] {
        assert!(text.contains(name), "{name} is missing in:\n{text}");
    }
    assert!(!text.contains("panicked"), "{text}");
}

#[test]
fn check_config_reports_without_starting() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("palaver.toml");
    std::fs::write(&file, "listen = \"127.0.0.1:0\"\n").unwrap();
    let check = |file: &std::path::Path| {
        let settings =
            Settings::default().argument("check-config").argument("--config").argument(file.to_str().unwrap());
        run(&settings)
    };
    let good = check(&file);
    assert!(good.status.success(), "{}", all_text(&good));
    std::fs::write(&file, "listen = 7\n").unwrap();
    let bad = check(&file);
    assert!(!bad.status.success(), "{}", all_text(&bad));
    assert!(all_text(&bad).contains("listen"));
}

#[test]
fn check_config_parses_urls_like_a_start() {
    let check = |name: &str, value: &str| {
        let mut command = tests::binary::clean(tests::binary::full());
        command.arg("check-config").env("DATABASE_URL", "postgres://palaver@127.0.0.1/palaver").env(name, value);
        command.output().expect("palaver can be started")
    };
    for (name, value) in [
        ("DATABASE_URL", "postgres://ada:pass@word@127.0.0.1/palaver"),
        ("DATABASE_URL", "postgres://127.0.0.1:port/palaver"),
        ("DATABASE_URL", "postgres://127.0.0.1/palaver?sslmod=require"),
        ("DATABASE_URL", "dynamodb:"),
        ("DATABASE_URL", "dynamodb:my table"),
        ("DATABASE_REPLICA_URL", "mysql://127.0.0.1/palaver"),
        ("DATABASE_REPLICA_URL", "postgres://ada:pass@word@127.0.0.1/palaver"),
        ("REDIS_URL", "http://127.0.0.1"),
        ("REDIS_URL", "redis+sentinel://127.0.0.1"),
        ("PALAVER_FILES", "s3://"),
        ("PALAVER_FILES", "s3://my bucket"),
    ] {
        let output = check(name, value);
        let text = all_text(&output);
        assert!(!output.status.success() && text.contains(name), "{name}={value}: {text}");
        assert!(!text.contains("pass@word") && !text.contains("panicked"), "{text}");
    }
    for (name, value) in [
        ("DATABASE_URL", "postgres://ada:pass%40word@127.0.0.1/palaver?sslmode=require"),
        ("DATABASE_URL", "dynamodb:palaver"),
        ("DATABASE_REPLICA_URL", "postgresql://127.0.0.1:5433/palaver"),
        ("REDIS_URL", "rediss://user:password@127.0.0.1:6380/2"),
        ("PALAVER_FILES", "s3://palaver-files"),
    ] {
        let output = check(name, value);
        assert!(output.status.success(), "{name}={value}: {}", all_text(&output));
    }
}

/// Runs `palaver` with these variables and arguments; returns its exit status and all it wrote.
fn with_variables(variables: &[(&str, &str)], arguments: &[&str]) -> (bool, String) {
    let settings = arguments.iter().fold(Settings::default(), |settings, argument| settings.argument(argument));
    let settings = variables.iter().fold(settings, |settings, (name, value)| settings.variable(name, value));
    let output = run(&settings);
    (output.status.success(), all_text(&output))
}

#[test]
fn check_config_refuses_what_a_start_refuses_and_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let data = data.to_str().unwrap();
    for (name, value, hint) in [
        ("PALAVER_LOG", "info,sqlx=loud", "log filter"),
        ("PALAVER_SIGNING_KEY", "hunter2", "private key"),
        ("PALAVER_SIGNING_KEY", "-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----", "Ed25519"),
        ("PALAVER_LISTEN", "8080", "127.0.0.1:8080"),
        ("PALAVER_METRICS_LISTEN", "nowhere", "127.0.0.1:8080"),
        ("PALAVER_DRAIN", "soon", "seconds"),
        ("PALAVER_LIMITS_UPLOAD_BYTES", "much", "50MB"),
        ("PALAVER_LISTN", "x", "did you mean PALAVER_LISTEN?"),
        ("PALAVER_PORT", "8080", "did you mean PALAVER_LISTEN?"),
        ("PALAVER_LIMIT_UPLOAD_BYTES", "x", "did you mean PALAVER_LIMITS_UPLOAD_BYTES?"),
        // The default build has SQLite and a folder only.
        ("DATABASE_URL", "postgres://palaver@127.0.0.1/palaver", "built without PostgreSQL"),
        ("DATABASE_URL", "dynamodb:palaver", "built without DynamoDB"),
        ("REDIS_URL", "redis://127.0.0.1", "built without Redis"),
        ("PALAVER_FILES", "s3://palaver-files", "built without S3"),
    ] {
        let (checks, said) = with_variables(&[(name, value)], &["--data", data, "check-config"]);
        assert!(!checks && said.contains(name) && said.contains(hint), "{name}={value}: {said}");
        assert!(!said.contains("hunter2") && !said.contains("panicked"), "{said}");
        if name == "PALAVER_LISTEN" {
            continue; // The flag of the start below wins over it.
        }
        let (starts, start_said) = with_variables(&[(name, value)], &["--data", data, "--listen", "127.0.0.1:0"]);
        assert!(!starts, "{name}={value} starts");
        assert_eq!(said, start_said, "{name}={value}");
    }

    // The key that is stored in the folder.
    std::fs::write(format!("{data}/signing-key.pem"), "hunter2").unwrap();
    let (checks, said) = with_variables(&[], &["--data", data, "check-config"]);
    assert!(!checks && said.contains("signing-key.pem") && !said.contains("hunter2"), "{said}");
}

#[test]
fn check_config_prints_values_with_their_sources_and_hides_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("palaver.toml");
    std::fs::write(&file, "drain = 20\nguests = false\n[limits]\nupload_bytes = \"50MB\"\n").unwrap();
    let arguments = ["--config", file.to_str().unwrap(), "--limits-rooms-per-user", "7", "check-config", "--list"];
    let variables = [
        ("PALAVER_GUESTS", "yes"),
        ("PALAVER_SERVICE_TOKENS", "hunter2-hunter2-hunter2-hunter2-hunter2"),
        ("PALAVER_ADMIN", "ada"),
        ("PALAVER_ADMIN_PASSWORD", "hunter2-hunter2"),
        ("PALAVER_INTERNAL_KEYS", "KEY:hunter2-hunter2-hunter2"),
    ];
    let (ends_well, said) = with_variables(&variables, &arguments);
    assert!(ends_well && !said.contains("hunter2"), "{said}");
    let line = |name: &str| {
        let found = said.lines().find(|line| line.split_whitespace().nth(1) == Some(name));
        found.unwrap_or_else(|| panic!("{name} is missing in:\n{said}")).split_whitespace().collect::<Vec<_>>()
    };
    for (name, end) in [
        ("PALAVER_GUESTS", ["yes", "(environment)"]),
        ("PALAVER_DRAIN", ["20", "(file)"]),
        ("PALAVER_LIMITS_UPLOAD_BYTES", ["50MB", "(file)"]),
        ("PALAVER_LIMITS_ROOMS_PER_USER", ["7", "(flag)"]),
        ("PALAVER_LISTEN", ["127.0.0.1:8080", "(default)"]),
        ("PALAVER_SERVICE_TOKENS", ["(hidden)", "(environment)"]),
        ("DATABASE_URL", ["unset", "(default)"]),
    ] {
        assert!(line(name).ends_with(&end), "{name}: {:?}", line(name));
    }
    // Without the flag, only what differs from the defaults.
    let (_, short) = with_variables(&variables, &["check-config"]);
    assert!(short.contains("PALAVER_GUESTS") && !short.contains("PALAVER_LISTEN"), "{short}");
}

#[test]
fn a_variable_that_is_not_utf8_is_named_only_if_it_is_ours() {
    use std::os::unix::ffi::OsStrExt;
    let hostile = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    let check = |name: &str| {
        let output = Settings::default().argument("check-config").command().env(name, hostile).output().unwrap();
        (output.status.success(), all_text(&output))
    };
    let (ends_well, said) = check("SOMETHING_ELSE");
    assert!(ends_well, "{said}");
    let (ends_well, said) = check("PALAVER_NODE");
    assert!(!ends_well && said.contains("PALAVER_NODE") && !said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn the_server_listens_on_addresses_as_people_write_them() {
    let port = free_port().port();
    for (listen, answers_at) in [(format!(":{port}"), "127.0.0.1"), (format!("localhost:{port}"), "localhost")] {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::default().variable("PALAVER_LISTEN", &listen).variable("PALAVER_DRAIN", "1");
        let mut command = settings.argument("--data").argument(folder.path().to_str().unwrap()).command();
        let mut child =
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        tests::wait::until(&format!("an answer on {listen}"), async || {
            let answer = reqwest::get(format!("http://{answers_at}:{port}/health")).await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[tokio::test]
async fn a_unix_socket_serves_the_page_the_api_and_sockets() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("palaver.sock");
    let start = || {
        let settings = Settings::default().argument("--listen").argument(&format!("unix:{}", path.display()));
        let mut command = settings.argument("--data").argument(folder.path().join("data").to_str().unwrap()).command();
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap()
    };
    let ask = async |request: &str, until: &str| {
        let mut stream = tokio::net::UnixStream::connect(&path).await.ok()?;
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        while !String::from_utf8_lossy(&answer).contains(until) {
            if stream.read_buf(&mut answer).await.ok()? == 0 {
                return None;
            }
        }
        Some((stream, String::from_utf8_lossy(&answer).into_owned()))
    };
    let get = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut child = start();
    tests::wait::until("health", async || ask(get, "\"status\":\"ok\"").await.map(drop)).await;

    // A socket, whose connection the engine takes over from the HTTP server.
    let upgrade = "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let (mut socket, answer) = ask(upgrade, "\r\n\r\n").await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    // A masked ping with an empty payload; its mask is zero.
    socket.write_all(&[0x89, 0x80, 0, 0, 0, 0]).await.unwrap();
    let mut pong = [0; 2];
    tokio::time::timeout(tests::wait::PATIENCE, socket.read_exact(&mut pong)).await.expect("in time").unwrap();
    assert_eq!(pong, [0x8a, 0]);

    // A crash leaves the file, which the next start replaces.
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(path.exists());
    let mut child = start();
    tests::wait::until("health again", async || ask(get, "\"status\":\"ok\"").await.map(drop)).await;
    child.kill().unwrap();
    child.wait().unwrap();
}
