//! Tests `palaver admin` beside a running server.

use serde_json::{Value, json};
use tests::person::{PASSWORD, Person};
use tests::server::Server;
use tests::wait;

use crate::operator::{failed_with, palaver, succeeded};
use crate::setup::{join, room, say, text, texts};

const NEW_PASSWORD: &str = "another horse battery staple";

async fn login(server: &Server, name: &str, password: &str) -> u16 {
    let body = json!({ "name": name, "password": password });
    Person::nobody(server).post("/api/auth/login", body).await.status.as_u16()
}

fn lines(output: &str) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

#[tokio::test]
async fn accounts_are_listed_for_people_and_for_programs() {
    let server = Server::start().await;
    Person::register(&server, "ada").await;
    Person::register(&server, "bob").await;
    let guest = Person::guest(&server, "bo").await;
    let all = succeeded(palaver(server.data(), &["admin", "list"], "").await);
    assert_eq!(all.lines().count(), 3, "{all}");
    let of_ada = all.lines().find(|line| line.starts_with("ada ")).expect("a line");
    assert!(of_ada.contains("account") && of_ada.contains("admin") && of_ada.contains("1 session"), "{of_ada}");

    let some = lines(&succeeded(palaver(server.data(), &["admin", "list", "@bo", "--json"], "").await));
    let names: Vec<&Value> = some.iter().map(|line| &line["name"]).collect();
    assert!(names.len() == 2 && names.contains(&&json!(guest.name)) && names.contains(&&json!("bob")), "{some:?}");
    let one = palaver(server.data(), &["admin", "list", "--limit", "1", "--json"], "").await;
    assert!(String::from_utf8_lossy(&one.stderr).contains("there are more"));
    assert_eq!(lines(&succeeded(one)).len(), 1);
}

#[tokio::test]
async fn a_password_is_reset_by_a_link_or_from_standard_input() {
    let server = Server::start().await;
    Person::register(&server, "ada").await;
    let bob = Person::register(&server, "bob").await;
    let mut socket = bob.connect().await;
    let local = succeeded(palaver(server.data(), &["admin", "reset-password", "bob"], "").await);
    assert!(local.starts_with("http://127.0.0.1:8080/reset#") && local.lines().count() == 1, "{local}");
    let published = ["--public-url", "https://chat.example.org/talk", "admin", "reset-password", "bob"];
    let link = succeeded(palaver(server.data(), &published, "").await);
    let token = link.trim().strip_prefix("https://chat.example.org/talk/reset#").expect("the link alone").to_owned();
    assert_eq!(login(&server, "bob", PASSWORD).await, 200, "the old password works until then");
    let body = json!({ "token": token, "password": NEW_PASSWORD });
    Person::nobody(&server).post("/api/auth/reset", body.clone()).await.ok();
    Person::nobody(&server).post("/api/auth/reset", body).await.refused(403, "forbidden");
    socket.closed().await;
    assert_eq!((login(&server, "bob", PASSWORD).await, login(&server, "bob", NEW_PASSWORD).await), (401, 200));

    let ask = ["admin", "reset-password", "@bob", "--ask"];
    failed_with(&palaver(server.data(), &ask, "password\n").await, "guess");
    failed_with(&palaver(server.data(), &ask, "").await, "standard input");
    let said = succeeded(palaver(server.data(), &ask, &format!("{PASSWORD}\n")).await);
    assert!(!said.contains(PASSWORD), "{said}");
    assert_eq!((login(&server, "bob", NEW_PASSWORD).await, login(&server, "bob", PASSWORD).await), (401, 200));
    failed_with(&palaver(server.data(), &["admin", "reset-password", "nobody"], "").await, "No user");
}

#[tokio::test]
async fn a_running_server_notices_a_new_name_a_sign_out_and_a_deletion() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let bob = Person::register(&server, "bob").await;
    let garden = room(&ada, "garden").await;
    join(&bob, &garden).await;
    say(&bob, &garden, "from bob").await;
    let author = async || {
        let page = ada.get(&crate::setup::messages(&garden)).await.ok();
        page["items"][0]["by"].clone()
    };
    assert_eq!(author().await["name"], "bob");

    let rename = ["admin", "rename", "bob", "support", "--display-name", "The desk"];
    succeeded(palaver(server.data(), &rename, "").await);
    failed_with(&palaver(server.data(), &["admin", "rename", "support", "ADA"], "").await, "taken");
    failed_with(&palaver(server.data(), &["admin", "rename", "support"], "").await, "new name");
    wait::until("the new name", async || (author().await["name"] == "support").then_some(())).await;

    let mut socket = bob.connect().await;
    succeeded(palaver(server.data(), &["admin", "sign-out", "support"], "").await);
    socket.closed().await;
    wait::until("the sign-out", async || (bob.get("/api/auth/me").await.status.as_u16() == 401).then_some(())).await;

    let (nobody, body) = (Person::nobody(&server), json!({ "name": "support", "password": PASSWORD }));
    let signed_in = nobody.post("/api/auth/login", body).await.ok();
    let again = nobody.with(&signed_in);
    let mut socket = again.connect().await;
    failed_with(&palaver(server.data(), &["admin", "delete", "support"], "y\n").await, "--yes");
    assert_eq!(login(&server, "support", PASSWORD).await, 200, "nothing was changed");
    succeeded(palaver(server.data(), &["admin", "delete", "support", "--messages", "--yes"], "").await);
    socket.closed().await;
    wait::until("the deletion", async || (author().await["deleted"] == true).then_some(())).await;
    assert_eq!(login(&server, "support", PASSWORD).await, 401);
    wait::until("the deleted message", async || (texts(&ada, &garden).await == [""]).then_some(())).await;
    failed_with(&palaver(server.data(), &["admin", "delete", "support", "--yes"], "").await, "No user");
}

#[tokio::test]
async fn the_last_admin_cannot_be_lost_and_everything_is_in_the_audit_log() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    Person::register(&server, "bob").await;
    for command in
        [&["admin", "revoke", "ada"] as &[&str], &["admin", "ban", "ada"], &["admin", "delete", "ada", "--yes"]]
    {
        failed_with(&palaver(server.data(), command, "").await, "only admin");
    }
    succeeded(palaver(server.data(), &["admin", "grant", "bob"], "").await);
    succeeded(palaver(server.data(), &["admin", "revoke", "ada"], "").await);
    failed_with(&palaver(server.data(), &["admin", "set-role", "bob", "user"], "").await, "only admin");
    succeeded(palaver(server.data(), &["admin", "create-user", "eve"], &format!("{PASSWORD}\n")).await);
    failed_with(&palaver(server.data(), &["admin", "create-user", "eve"], &format!("{PASSWORD}\n")).await, "taken");
    wait::until("the lost rights", async || (ada.get("/api/admin/audit").await.status.as_u16() == 403).then_some(()))
        .await;

    let records = lines(&succeeded(palaver(server.data(), &["admin", "audit", "--json"], "").await));
    let seen: Vec<String> = records
        .iter()
        .map(|record| {
            assert!(record["by"].is_null() && record["via"] == "cli", "{record}");
            format!("{} {} {}", text(&record["action"]), text(&record["subject"]["name"]), text(&record["outcome"]))
        })
        .collect();
    let expected = [
        "create_user eve refused",
        "create_user eve done",
        "revoke_admin bob refused",
        "revoke_admin ada done",
        "grant_admin bob done",
        "delete_account ada refused",
        "ban ada refused",
        "revoke_admin ada refused",
    ];
    assert_eq!(seen, expected);
    let shown = succeeded(palaver(server.data(), &["admin", "audit", "--limit", "2"], "").await);
    assert!(shown.lines().count() == 2 && shown.contains("operator by command: created the account eve"), "{shown}");
}

#[tokio::test]
async fn a_room_is_deleted_with_its_content_and_files() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let garden = room(&ada, "garden").await;
    say(&ada, &garden, "a secret of the garden").await;
    let file = ada.upload(&garden, "plan.txt", "text/plain", b"a secret plan".to_vec()).await.ok();
    ada.post(&crate::setup::messages(&garden), json!({ "text": "", "files": [file["id"]] })).await.ok();
    failed_with(&palaver(server.data(), &["admin", "delete-room", "garden"], "y\n").await, "--yes");
    failed_with(&palaver(server.data(), &["admin", "delete-room", "attic", "--yes"], "").await, "no such room");
    assert_eq!(texts(&ada, &garden).await.len(), 2);
    succeeded(palaver(server.data(), &["admin", "delete-room", "#garden", "--yes"], "").await);
    ada.get(&format!("/api/rooms/{garden}")).await.refused(404, "not_found");
    let lines = succeeded(palaver(server.data(), &["export", "--room", &garden], "").await);
    assert!(!lines.contains("secret"), "{lines}");
    wait::until("the removal of the file", async || {
        let left = walk(&server.data().join("files"));
        left.iter().all(|bytes| !bytes.windows(6).any(|part| part == b"secret")).then_some(())
    })
    .await;
}

/// Returns the content of every file below a folder.
fn walk(folder: &std::path::Path) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path().is_dir() {
            true => found.extend(walk(&entry.path())),
            false => found.extend(std::fs::read(entry.path())),
        }
    }
    found
}
