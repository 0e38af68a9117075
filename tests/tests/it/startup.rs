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
