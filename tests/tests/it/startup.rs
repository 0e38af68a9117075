//! Tests how the program starts, and what it reports for invalid settings.

use std::process::Output;

use tests::person::Person;
use tests::server::{Server, Settings, free_port};

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

#[test]
fn help_names_the_settings_and_commands() {
    let output = run(&Settings::default().argument("--help"));
    let text = all_text(&output);
    assert!(output.status.success(), "{text}");
    for word in ["--data", "--listen", "check-config", "export", "backup", "restore", "admin"] {
        assert!(text.contains(word), "{word} is missing in:\n{text}");
    }
}

#[tokio::test]
async fn a_port_in_use_is_reported_with_its_address() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::default()
        .argument("--listen")
        .argument(&server.address().to_string())
        .argument("--data")
        .argument(folder.path().to_str().unwrap());
    let output = tokio::task::spawn_blocking(move || run(&settings)).await.unwrap();
    let text = all_text(&output);
    assert!(!output.status.success(), "{text}");
    assert!(text.contains(&server.address().to_string()), "{text}");
    assert!(!text.contains("panicked"), "{text}");
}

/// Runs `palaver` with these arguments on a data folder, until it ends.
async fn run_on(data: &std::path::Path, arguments: &[&str]) -> Output {
    let settings = Settings::default().argument("--data").argument(data.to_str().unwrap());
    let settings = arguments.iter().fold(settings, |settings, argument| settings.argument(argument));
    let ended = tokio::task::spawn_blocking(move || run(&settings));
    tokio::time::timeout(tests::wait::PATIENCE, ended).await.expect("it ends at once").unwrap()
}

#[tokio::test]
async fn a_second_server_on_the_same_folder_is_refused_and_names_the_first() {
    let mut server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link");
    std::os::unix::fs::symlink(server.data(), &link).unwrap();
    let (other_port, same_port) = (free_port().to_string(), server.address().to_string());
    // The same port too, which is what starting it twice by mistake does.
    for (data, listen) in [(server.data(), &other_port), (server.data(), &same_port), (&*link, &other_port)] {
        let output = run_on(data, &["--listen", listen]).await;
        let text = all_text(&output);
        assert!(!output.status.success(), "{text}");
        for part in [&format!("process {} ", server.pid()), "since 20", data.to_str().unwrap()] {
            assert!(text.contains(part), "{part} is missing in:\n{text}");
        }
    }
    // The first one is not disturbed, and commands beside it work.
    ada.get("/api/auth/me").await.ok();
    for arguments in [&["admin", "ban", "ada"] as &[&str], &["admin", "unban", "ada"], &["check-config"]] {
        let output = run_on(server.data(), arguments).await;
        assert!(output.status.success(), "{}", all_text(&output));
    }
    let backup = elsewhere.path().join("backup");
    let output = run_on(server.data(), &["backup", backup.to_str().unwrap()]).await;
    assert!(output.status.success(), "{}", all_text(&output));
    let output = run_on(server.data(), &["restore", "--force", backup.to_str().unwrap()]).await;
    let text = all_text(&output);
    assert!(!output.status.success() && text.contains(&format!("process {} ", server.pid())), "{text}");

    // A crash leaves its file and no lock.
    server.kill();
    server.start_again().await;
}

#[tokio::test]
async fn a_server_whose_port_is_in_use_creates_no_data_folder() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let output = run_on(&data, &["--listen", &server.address().to_string()]).await;
    assert!(!output.status.success() && !data.exists(), "{}", all_text(&output));
}

#[tokio::test]
async fn a_function_shares_the_folder_with_the_server() {
    let server = Server::start().await;
    let address = free_port();
    let program = tests::binary::palaver().with_file_name("rooms");
    assert!(program.is_file(), "build it with: cargo build --profile ci --package rooms");
    let mut command = tests::binary::clean(&program);
    command.env("PALAVER_DATA", server.data()).env("PALAVER_LISTEN", address.to_string());
    let mut function = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    tests::wait::until("the function's health", async || {
        let answer = reqwest::get(format!("http://{address}/health")).await.ok()?;
        answer.status().is_success().then_some(())
    })
    .await;
    function.kill().unwrap();
    function.wait().unwrap();
}

#[tokio::test]
async fn the_url_is_printed_and_serves_the_page() {
    let server = Server::start().await;
    let url = server.http("");
    tests::wait::until("the URL in the log", || std::future::ready(server.log().contains(&url).then_some(()))).await;
    let page = Person::nobody(&server).get("/").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("<div id=\"root\"") || page.text().contains("<script"), "{}", page.text());
    // A deep link returns the page; an unknown path of the API does not.
    assert_eq!(Person::nobody(&server).get("/r/general/1").await.text(), page.text());
    assert_eq!(Person::nobody(&server).get("/api/nothing").await.status, 404);
}

#[tokio::test]
async fn a_database_of_a_newer_release_is_refused_and_stays_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Settings::default().data(folder.path()).start().await;
    Person::register(&server, "ada").await;
    server.ask_to_end();
    assert!(server.ended().await.success());

    let database = only_database(folder.path());
    let connection = rusqlite::Connection::open(&database).unwrap();
    connection.execute("UPDATE meta SET v = '9999' WHERE k = 'schema'", []).unwrap();
    connection.close().unwrap();

    let settings = Settings::default()
        .argument("--listen")
        .argument(&free_port().to_string())
        .argument("--data")
        .argument(folder.path().to_str().unwrap());
    let output = tokio::task::spawn_blocking(move || run(&settings)).await.unwrap();
    let text = all_text(&output);
    assert!(!output.status.success(), "{text}");
    assert!(text.contains("newer"), "{text}");
    assert!(!text.contains("panicked"), "{text}");
}

fn only_database(folder: &std::path::Path) -> std::path::PathBuf {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found = files.filter(|path| std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3\0")));
    found.next().expect("the data folder holds a database")
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
