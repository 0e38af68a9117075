//! Tests how the program starts, and who may use its data folder.

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
    for arguments in [&["admin", "list"] as &[&str], &["admin", "audit"], &["check-config"]] {
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

#[tokio::test]
async fn an_installation_with_rooms_gets_no_further_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Settings::default().variable("PALAVER_DEFAULT_ROOMS", "none").data(&data).start().await;
    let ada = Person::register(&server, "ada").await;
    crate::setup::private_room(&ada, "Secret").await;
    server.ask_to_end();
    assert!(server.ended().await.success());
    // The same data with the default setting: its only room is in no directory.
    let again = Settings::default().data(&data).start().await;
    assert_eq!(ada.at(&again).get("/api/rooms/directory").await.ok()["items"], serde_json::json!([]));
}
