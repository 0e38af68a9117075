//! Tests what an operator does beside the server: back up, restore, export, create accounts.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use service::limits::SESSION_BELIEVED;
use tests::person::{PASSWORD, Person};
use tests::server::{Server, Settings};

use crate::setup::{history, number, room, say, text, texts};

/// Runs a command of `palaver` on a data folder, with this standard input.
pub async fn palaver(data: &Path, arguments: &[&str], input: &str) -> Output {
    let settings = Settings::default().argument("--data").argument(data.to_str().expect("its name is UTF-8"));
    let settings = arguments.iter().fold(settings, |settings, argument| settings.argument(argument));
    let input = input.to_owned();
    let run = move || {
        let mut command = settings.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("palaver can be started");
        // A command that does not read its input closes it first, which is not an error of this test.
        let _ = child.stdin.take().expect("it is piped").write_all(input.as_bytes());
        child.wait_with_output().expect("it ends")
    };
    tokio::task::spawn_blocking(run).await.expect("it does not panic")
}

#[track_caller]
pub fn succeeded(output: Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{errors}", output.status);
    String::from_utf8(output.stdout).expect("it writes UTF-8")
}

#[track_caller]
pub fn failed_with(output: &Output, word: &str) {
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && errors.contains(word), "{}\n{errors}", output.status);
    assert!(!errors.contains("panicked"), "{errors}");
}

#[tokio::test]
async fn a_backup_of_a_running_server_restores_into_a_new_epoch() {
    let mut server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "garden").await;
    say(&ada, &id, "kept").await;
    let file = ada.upload(&id, "plan.txt", "text/plain", b"the plan".to_vec()).await.ok();
    let message = json!({ "text": "with a file", "files": [file["id"]] });
    ada.post(&crate::setup::messages(&id), message).await.ok();

    let backups = tempfile::tempdir().unwrap();
    let backup = backups.path().join("today");
    let folder = backup.to_str().unwrap().to_owned();
    succeeded(palaver(server.data(), &["backup", &folder], "").await);
    failed_with(&palaver(server.data(), &["backup", &folder], "").await, "today");

    let later = say(&ada, &id, "after the backup").await;
    let mut socket = ada.connect().await;
    let epoch = socket.follow(&id).await["epoch"].clone();
    failed_with(&palaver(server.data(), &["restore", &folder, "--force"], "").await, "");

    server.ask_to_end();
    assert!(server.ended().await.success());
    failed_with(&palaver(server.data(), &["restore", &folder], "").await, "force");
    succeeded(palaver(server.data(), &["restore", &folder, "--force"], "").await);
    server.start_again().await;

    assert_eq!(texts(&ada, &id).await, ["kept", "with a file"]);
    let served = ada.get(&format!("/api/files/{}/download", text(&file["id"]))).await;
    assert_eq!(served.text(), "the plan");

    // A cursor of another epoch is never used, even if a message has its seq again.
    let mut socket = ada.connect().await;
    socket.send(json!({ "t": "resume", "id": "r1", "cursors": { id.as_str(): later } })).await;
    let sync = socket.find("sync", |sync| sync["re"] == "r1").await;
    assert_eq!(sync["status"], "reset");
    assert_ne!(sync["epoch"], epoch);
}

/// Returns every name below a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("it can be read").path();
        names.push(path.display().to_string());
        names.extend(self::names(&path));
    }
    names.sort();
    names
}

/// Returns every path at and below a folder that another user of the machine may use in any way.
fn open_to_others(folder: &Path) -> Vec<String> {
    let all = names(folder).into_iter().chain([folder.display().to_string()]);
    let mode = |name: &String| std::fs::metadata(name).expect("is there").permissions().mode() & 0o777;
    let open = all.map(|name| (mode(&name), name)).filter(|(mode, _)| mode & 0o077 != 0);
    open.map(|(mode, name)| format!("{name} is {mode:o}")).collect()
}

#[tokio::test]
async fn no_other_user_can_read_the_data_a_backup_or_what_is_restored() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "garden").await;
    ada.upload(&id, "plan.txt", "text/plain", b"the plan".to_vec()).await.ok();
    assert_eq!(open_to_others(server.data()), Vec::<String>::new());

    // A file of an earlier release, whose permissions were those of the umask.
    let old = server.data().join("files/00/old");
    std::fs::create_dir_all(old.parent().unwrap()).unwrap();
    std::fs::write(&old, "from before").unwrap();
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o644)).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let (backup, restored) = (elsewhere.path().join("of/today"), elsewhere.path().join("restored/data"));
    let folder = backup.to_str().unwrap();
    succeeded(palaver(server.data(), &["backup", folder], "").await);
    succeeded(palaver(&restored, &["restore", folder], "").await);
    for folder in ["of", "restored"] {
        assert_eq!(open_to_others(&elsewhere.path().join(folder)), Vec::<String>::new());
    }
    assert_eq!(std::fs::read_to_string(restored.join("files/00/old")).unwrap(), "from before");
}

#[tokio::test]
async fn a_folder_without_a_database_is_refused_and_stays_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let (missing, empty, blank) =
        (folder.path().join("missing"), folder.path().join("empty"), folder.path().join("blank"));
    std::fs::create_dir(&empty).unwrap();
    std::fs::create_dir(&blank).unwrap();
    std::fs::write(blank.join("palaver.db"), "").unwrap();
    let backup = folder.path().join("backups/today");
    let before = names(folder.path());
    let commands: [&[&str]; 6] = [
        &["backup", backup.to_str().unwrap()],
        &["export", "--room", "general"],
        &["admin", "create-user", "eve"],
        &["admin", "set-role", "ada", "admin"],
        &["admin", "ban", "ada"],
        &["admin", "unban", "ada"],
    ];
    for data in [&missing, &empty, &blank] {
        for command in commands {
            let output = palaver(data, command, &format!("{PASSWORD}\n")).await;
            failed_with(&output, "--data");
            failed_with(&output, data.to_str().unwrap());
            assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{command:?}");
            assert_eq!(names(folder.path()), before, "{command:?} left something behind");
        }
    }
    assert_eq!(std::fs::read(blank.join("palaver.db")).unwrap(), b"", "the file is unchanged");
    // Only these commands create a new installation.
    succeeded(palaver(&missing, &["migrate"], "").await);
    succeeded(palaver(&empty, &["bootstrap"], "").await);
    succeeded(palaver(&missing, commands[0], "").await);
}

#[tokio::test]
async fn an_incomplete_backup_is_refused_before_the_data_change() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let data = at("data");
    succeeded(palaver(&data, &["bootstrap"], "").await);
    succeeded(palaver(&data, &["backup", at("good").to_str().unwrap()], "").await);
    let good = std::fs::read(at("good/palaver.db")).unwrap();
    let cut = &good[..good.len() / 2];
    let unfit: [(&str, &[u8]); 3] =
        [("blank", b""), ("text", b"not a database, but long enough to be one"), ("cut", cut)];
    for (name, database) in unfit {
        std::fs::create_dir_all(at(name).join("files")).unwrap();
        std::fs::write(at(name).join("palaver.db"), database).unwrap();
        std::fs::write(at(name).join("files/of-no-backup"), "x").unwrap();
    }
    std::fs::create_dir(at("hollow")).unwrap();
    std::fs::create_dir(at("without-files")).unwrap();
    std::fs::copy(at("good/palaver.db"), at("without-files/palaver.db")).unwrap();
    let (before, kept) = (names(folder.path()), std::fs::read(data.join("palaver.db")).unwrap());
    for name in ["blank", "text", "cut", "hollow", "without-files", "missing"] {
        for target in [&data, &at("new")] {
            let source = at(name).to_str().unwrap().to_owned();
            failed_with(&palaver(target, &["restore", &source, "--force"], "").await, "backup");
            assert_eq!(names(folder.path()), before, "a restore of {name} to {} left something", target.display());
        }
    }
    failed_with(&palaver(&data, &["restore", at("good").to_str().unwrap()], "").await, "force");
    failed_with(&palaver(&at("good"), &["restore", at("good").to_str().unwrap(), "--force"], "").await, "--data");
    assert_eq!((names(folder.path()), std::fs::read(data.join("palaver.db")).unwrap()), (before, kept));
    succeeded(palaver(&at("new"), &["restore", at("good").to_str().unwrap()], "").await);
}

#[tokio::test]
async fn a_backup_inside_the_data_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    succeeded(palaver(&data, &["bootstrap"], "").await);
    std::os::unix::fs::symlink(&data, folder.path().join("link")).unwrap();
    let before = names(folder.path());
    for inside in ["data/today", "data/files/a/b", "link/today", "not-there/../data/today"] {
        let target = folder.path().join(inside);
        failed_with(&palaver(&data, &["backup", target.to_str().unwrap()], "").await, "inside the data folder");
        assert_eq!(names(folder.path()), before, "{inside}");
    }
}

#[tokio::test]
async fn a_change_of_another_epoch_is_not_appended() {
    let mut server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "garden").await;
    let epoch = text(&ada.get(&crate::setup::messages(&id)).await.ok()["epoch"]);
    let backups = tempfile::tempdir().unwrap();
    let folder = backups.path().join("today").to_str().unwrap().to_owned();
    succeeded(palaver(server.data(), &["backup", &folder], "").await);
    let seen = say(&ada, &id, "after the backup").await;
    server.kill();
    succeeded(palaver(server.data(), &["restore", &folder, "--force"], "").await);
    server.start_again().await;

    let id_of_change = uuid::Uuid::now_v7().to_string();
    let send = |epoch: String, seen: u64| {
        let request = ada.request(reqwest::Method::POST, &crate::setup::messages(&id));
        let request = request.header("palaver-epoch", epoch).header("idempotency-key", id_of_change.clone());
        tests::person::answer(request.json(&json!({ "text": "again", "seen": seen })))
    };
    let refused = send(epoch, seen).await;
    assert_eq!(refused.body["code"], "unavailable", "{}", refused.text());
    assert!(history(&ada, &id).await.is_empty());
    let now = text(&ada.get(&crate::setup::messages(&id)).await.ok()["epoch"]);
    send(now, 0).await.ok();
    assert_eq!(texts(&ada, &id).await, ["again"]);
}

#[tokio::test]
async fn an_export_has_one_line_per_message() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "garden").await;
    let first = say(&ada, &id, "one\nwith a line break").await;
    say(&ada, &id, "two").await;
    for name in ["garden", &id] {
        let lines = succeeded(palaver(server.data(), &["export", "--room", name], "").await);
        let messages: Vec<Value> =
            lines.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
        let said: Vec<_> = messages.iter().filter(|entry| entry["text"].is_string()).collect();
        assert_eq!(said.len(), 2, "{lines}");
        assert_eq!((&said[0]["text"], number(&said[0]["seq"])), (&json!("one\nwith a line break"), first));
    }
    failed_with(&palaver(server.data(), &["export", "--room", "cellar"], "").await, "room");

    let edited = say(&ada, &id, "secret, then edited").await;
    let deleted = say(&ada, &id, "secret, then deleted").await;
    ada.patch(&format!("{}/{edited}", crate::setup::messages(&id)), json!({ "text": "open" })).await.ok();
    ada.delete(&format!("{}/{deleted}", crate::setup::messages(&id))).await.ok();
    let lines = succeeded(palaver(server.data(), &["export", "--room", "garden"], "").await);
    assert!(!lines.contains("secret") && lines.contains("open"), "{lines}");
}

#[tokio::test]
async fn accounts_and_roles_can_be_managed_while_the_server_is_stopped() {
    let mut server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let bob = Person::register(&server, "bob").await;
    server.ask_to_end();
    assert!(server.ended().await.success());

    let data = server.data().to_owned();
    succeeded(palaver(&data, &["admin", "create-user", "eve"], &format!("{PASSWORD}\n")).await);
    failed_with(&palaver(&data, &["admin", "create-user", "eve"], &format!("{PASSWORD}\n")).await, "taken");
    failed_with(&palaver(&data, &["admin", "create-user", "max"], "short\n").await, "");
    succeeded(palaver(&data, &["admin", "set-role", "bob", "admin"], "").await);
    failed_with(&palaver(&data, &["admin", "set-role", "nobody", "admin"], "").await, "name");
    server.start_again().await;

    let login = Person::nobody(&server).post("/api/auth/login", json!({ "name": "eve", "password": PASSWORD })).await;
    assert_eq!(login.ok()["user"]["name"], "eve");
    let post = json!({ "user_id": ada.id, "title": "Hi", "body": "", "notif_type": "system" });
    let again =
        Person::nobody(&server).post("/api/auth/login", json!({ "name": "bob", "password": PASSWORD })).await.ok();
    bob.clone().with(&again).post("/api/notifications", post).await.ok();
}

#[tokio::test]
async fn a_ban_and_a_lost_role_take_effect_within_seconds() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let bob = Person::register(&server, "bob").await;
    let login = json!({ "name": "bob", "password": PASSWORD });
    let post = json!({ "user_id": bob.id, "title": "Hi", "body": "", "notif_type": "system" });
    ada.post("/api/notifications", post.clone()).await.ok();
    bob.get("/api/auth/me").await.ok();
    succeeded(palaver(server.data(), &["admin", "ban", "bob"], "").await);
    failed_with(&palaver(server.data(), &["admin", "set-role", "ada", "user"], "").await, "only admin");
    succeeded(palaver(server.data(), &["admin", "create-user", "zoe", "--admin"], &format!("{PASSWORD}\n")).await);
    succeeded(palaver(server.data(), &["admin", "set-role", "ada", "user"], "").await);
    failed_with(&palaver(server.data(), &["admin", "ban", "nobody"], "").await, "name");
    // A verified token is cached for this long; neither of them has expired.
    tokio::time::sleep(SESSION_BELIEVED).await;
    bob.get("/api/auth/me").await.refused(401, "unauthenticated");
    Person::nobody(&server).post("/api/auth/login", login.clone()).await.refused(401, "unauthenticated");
    ada.get("/api/auth/me").await.ok();
    ada.post("/api/notifications", post).await.refused(403, "forbidden");
    succeeded(palaver(server.data(), &["admin", "unban", "bob"], "").await);
    Person::nobody(&server).post("/api/auth/login", login).await.ok();
}

#[tokio::test]
async fn an_ended_session_stays_ended_after_a_restart() {
    let mut server = Server::start().await;
    let bob = Person::register(&server, "bob").await;
    bob.post("/api/auth/logout", json!({})).await;
    server.ask_to_end();
    assert!(server.ended().await.success());
    server.start_again().await;
    bob.get("/api/auth/me").await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn bootstrap_without_an_admin_explains_who_becomes_admin() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = succeeded(palaver(folder.path(), &["bootstrap"], "").await);
    assert!(fresh.contains("the first user to register"), "{fresh}");
    let name = ["bootstrap", "--admin", "ada"];
    succeeded(palaver(folder.path(), &name, &format!("{PASSWORD}\n")).await);
    let again = succeeded(palaver(folder.path(), &["bootstrap"], "").await);
    assert!(!again.contains("the first user to register") && again.contains("stay unchanged"), "{again}");
}
