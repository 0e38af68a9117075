//! Tests what admins do to accounts, users who delete their own accounts, and the audit log.

use reqwest::Method;
use serde_json::{Value, json};
use tests::person::{Answer, PASSWORD, Person, answer};
use tests::server::Server;
use tests::wait;

use crate::setup::{bring_in, generous, history, join, private_room, room, say, text, texts};

const NEW_PASSWORD: &str = "another horse battery staple";

async fn login(server: &Server, name: &str, password: &str) -> Answer {
    Person::nobody(server).post("/api/auth/login", json!({ "name": name, "password": password })).await
}

async fn delete_me(person: &Person, body: Value) -> Answer {
    answer(person.request(Method::DELETE, "/api/auth/me").json(&body)).await
}

fn of(user: &Person) -> String {
    format!("/api/admin/users/{}", user.id)
}

fn names(page: &Value) -> Vec<String> {
    page["items"].as_array().expect("a page").iter().map(|line| text(&line["name"])).collect()
}

/// Waits until a call with the user's token is refused: other nodes believe a session for some seconds.
async fn signed_out(person: &Person) {
    wait::until("the end of the session", async || {
        (person.get("/api/auth/me").await.status.as_u16() == 401).then_some(())
    })
    .await;
}

/// Returns the records of the audit log, newest first, page by page.
async fn audit(admin: &Person, by: usize) -> Vec<Value> {
    let (mut records, mut next) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("/api/admin/audit?limit={by}{next}")).await.ok();
        records.extend(page["items"].as_array().expect("a page").iter().cloned());
        let Some(before) = page["next"].as_str() else { return records };
        next = format!("&before={before}");
    }
}

#[tokio::test]
async fn admins_list_accounts_and_nobody_else_learns_which_exist() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let bob = Person::register(&server, "bob").await;
    let guest = Person::guest(&server, "bo").await;
    for number in 0..3 {
        Person::register(&server, &format!("zed{number}")).await;
    }

    let page = ada.get("/api/admin/users?prefix=bo").await.ok();
    let mut found = names(&page);
    found.sort();
    assert_eq!(found, [guest.name.clone(), "bob".into()]);
    for (line, is_guest) in page["items"].as_array().unwrap().iter().map(|line| (line, line["name"] != "bob")) {
        assert_eq!((&line["guest"], &line["admin"], &line["sessions"]), (&json!(is_guest), &json!(false), &json!(1)));
        assert!(line["created_at"].is_string() && line["last_used_at"].is_string(), "{line}");
    }
    assert_eq!(ada.get("/api/admin/users/@Ada").await.ok()["admin"], true);
    ada.get("/api/admin/users/nobody").await.refused(404, "not_found");

    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = ada.get(&format!("/api/admin/users?limit=2{after}")).await.ok();
        all.extend(names(&page));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(all.len(), 6, "{all:?}");

    for other in [&bob, &guest] {
        let (known, unknown) = (other.get("/api/admin/users/ada").await, other.get("/api/admin/users/nobody").await);
        known.refused(403, "forbidden");
        unknown.refused(403, "forbidden");
        assert_eq!(known.body["detail"], unknown.body["detail"]);
        for (method, path) in [
            (Method::GET, "/api/admin/users"),
            (Method::GET, "/api/admin/audit"),
            (Method::DELETE, "/api/admin/users/ada"),
            (Method::POST, "/api/admin/users/ada/reset-link"),
            (Method::POST, "/api/admin/users/ada/revoke"),
            (Method::POST, "/api/admin/users/nobody/sign-out"),
        ] {
            answer(other.request(method, path)).await.refused(403, "forbidden");
        }
    }
}

#[tokio::test]
async fn a_reset_link_works_once_and_ends_the_older_sessions() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let bob = Person::register(&server, "bob").await;
    let mut socket = bob.connect().await;
    let nobody = Person::nobody(&server);

    let link = ada.post(&format!("{}/reset-link", of(&bob)), json!({})).await;
    assert_eq!(link.status.as_u16(), 201, "{}", link.text());
    let token = text(&link.body["token"]);
    assert_eq!(text(&link.body["path"]), format!("/reset#{token}"));
    bob.get("/api/auth/me").await.ok();
    login(&server, "bob", PASSWORD).await.ok();

    let redeem = |token: &str, password: &str| {
        let (nobody, body) = (nobody.clone(), json!({ "token": token, "password": password }));
        async move { nobody.post("/api/auth/reset", body).await }
    };
    redeem(&token, "password").await.refused(400, "bad_request");
    redeem(&token, "bob-bob-bob").await.refused(400, "bad_request");
    let other = token.replace(&bob.id.replace('-', ""), &ada.id.replace('-', ""));
    for forged in [other.as_str(), "", ".", &token[1..], &format!("{token}x"), &"x".repeat(5_000)] {
        redeem(forged, NEW_PASSWORD).await.refused(403, "forbidden");
    }

    let signed_in = redeem(&token, NEW_PASSWORD).await.ok();
    let again = nobody.clone().with(&signed_in);
    assert_eq!(again.id, bob.id);
    again.get("/api/auth/me").await.ok();
    socket.closed().await;
    signed_out(&bob).await;
    redeem(&token, "yet another horse battery").await.refused(403, "forbidden");
    login(&server, "bob", PASSWORD).await.refused(401, "unauthenticated");
    login(&server, "bob", NEW_PASSWORD).await.ok();

    // Of two links only the first one that is used works, and none after the password has changed in another way.
    let links = [
        ada.post(&format!("{}/reset-link", of(&bob)), json!({})).await.ok(),
        ada.post(&format!("{}/reset-link", of(&bob)), json!({})).await.ok(),
    ];
    ada.put(&format!("{}/password", of(&bob)), json!({ "password": "password" })).await.refused(400, "bad_request");
    ada.put(&format!("{}/password", of(&bob)), json!({ "password": PASSWORD })).await;
    signed_out(&again).await;
    for link in links {
        redeem(&text(&link["token"]), NEW_PASSWORD).await.refused(403, "forbidden");
    }
    login(&server, "bob", PASSWORD).await.ok();

    let guest = Person::guest(&server, "gus").await;
    ada.post(&format!("{}/reset-link", of(&guest)), json!({})).await.refused(400, "bad_request");
    ada.put(&format!("{}/password", of(&guest)), json!({ "password": PASSWORD })).await.refused(400, "bad_request");
}

#[tokio::test]
async fn an_admin_renames_a_user_and_signs_them_out() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let bob = Person::register(&server, "bob").await;
    let mut socket = bob.connect().await;
    socket.catch_up("@me", 0).await;
    ada.patch(&of(&bob), json!({ "name": "ADA" })).await.refused(409, "conflict");
    ada.patch(&of(&bob), json!({ "name": "a b" })).await.refused(400, "bad_request");
    ada.patch(&of(&bob), json!({})).await.refused(400, "bad_request");
    let renamed = ada.patch(&of(&bob), json!({ "name": "support", "display_name": "The desk" })).await.ok();
    assert_eq!((&renamed["name"], &renamed["display_name"]), (&json!("support"), &json!("The desk")));
    assert_eq!(bob.get("/api/auth/me").await.ok()["name"], "support");
    socket.find("event", |event| event["kind"] == "setting" && event["name"] == "profile").await;
    login(&server, "bob", PASSWORD).await.refused(401, "unauthenticated");
    login(&server, "support", PASSWORD).await.ok();
    Person::register(&server, "bob").await;

    ada.post(&format!("{}/sign-out", of(&bob)), json!({})).await;
    socket.closed().await;
    signed_out(&bob).await;
    login(&server, "support", PASSWORD).await.ok();
}

#[tokio::test]
async fn the_last_admin_stays_one() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let bob = Person::register(&server, "bob").await;
    let guest = Person::guest(&server, "gus").await;
    ada.post(&format!("{}/revoke", of(&ada)), json!({})).await.refused(409, "conflict");
    ada.delete(&of(&ada)).await.refused(409, "conflict");
    delete_me(&ada, json!({ "password": PASSWORD })).await.refused(409, "conflict");
    ada.post(&format!("{}/grant", of(&guest)), json!({})).await.refused(400, "bad_request");
    ada.post(&format!("{}/ban", of(&ada)), json!({})).await.refused(400, "bad_request");
    assert_eq!(ada.get("/api/auth/me").await.ok()["admin"], true);

    assert_eq!(ada.post(&format!("{}/grant", of(&bob)), json!({})).await.ok()["admin"], true);
    // Each takes the other's rights away, at the same moment.
    let (of_ada, of_bob) = (format!("{}/revoke", of(&ada)), format!("{}/revoke", of(&bob)));
    let is_admin =
        wait::until("bob's rights", async || bob.get("/api/admin/audit").await.status.is_success().then_some(true))
            .await;
    assert!(is_admin);
    let (one, two) = tokio::join!(ada.post(&of_bob, json!({})), bob.post(&of_ada, json!({})));
    let mut admins = 0;
    for name in ["ada", "bob"] {
        let again = Person::nobody(&server).with(&login(&server, name, PASSWORD).await.ok());
        admins += usize::from(again.get("/api/auth/me").await.ok()["admin"] == true);
    }
    assert_eq!(admins, 1, "{} {}", one.text(), two.text());
}

#[tokio::test]
async fn a_deleted_account_leaves_messages_without_a_name_and_rooms_with_an_owner() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let bob = Person::register(&server, "bob").await;
    let eve = Person::register(&server, "eve").await;
    let own = private_room(&bob, "Bobs").await;
    bring_in(&bob, &own, &ada).await;
    bring_in(&bob, &own, &eve).await;
    bob.patch(&format!("/api/rooms/{own}/members/{}", eve.id), json!({ "role": "admin" })).await.ok();
    let shared = room(&ada, "garden").await;
    join(&bob, &shared).await;
    let direct = text(&bob.post("/api/rooms/direct", json!({ "user": "ada" })).await.ok()["id"]);
    say(&bob, &shared, "bob was here").await;
    say(&bob, &direct, "hello ada").await;
    let mut socket = bob.connect().await;

    ada.delete(&of(&bob)).await;
    socket.closed().await;
    signed_out(&bob).await;
    login(&server, "bob", PASSWORD).await.refused(401, "unauthenticated");

    for room in [&shared, &direct] {
        let message = history(&ada, room).await.pop().expect("it stays");
        let by = &message["by"];
        assert_eq!((&by["id"], &by["deleted"]), (&json!(bob.id), &json!(true)), "{message}");
        assert!(!by.to_string().contains("bob") && by["display_name"] == "Deleted user", "{by}");
        assert!(!message["text"].as_str().unwrap_or_default().is_empty());
    }
    let members = |room: &str| {
        let (eve, path) = (eve.clone(), format!("/api/rooms/{room}/members"));
        async move { eve.get(&path).await.ok() }
    };
    let of_own = members(&own).await;
    let roles: Vec<(String, String)> = of_own["items"]
        .as_array()
        .expect("a page")
        .iter()
        .map(|member| (text(&member["user"]["id"]), text(&member["role"])))
        .collect();
    assert!(!roles.iter().any(|(user, _)| *user == bob.id), "{of_own}");
    assert!(roles.contains(&(eve.id.clone(), "owner".into())), "the admin of the room, not a member: {of_own}");

    // Nobody can take the place of the one who left, or reach them.
    let taken = Person::registration(&server, json!({ "name": "BOB", "password": PASSWORD })).await;
    taken.refused(409, "conflict");
    ada.patch(&of(&eve), json!({ "name": "bob" })).await.refused(409, "conflict");
    ada.get(&of(&bob)).await.refused(404, "not_found");
    for named in [&bob.id, "bob"] {
        ada.post("/api/rooms/direct", json!({ "user": named })).await.refused(404, "not_found");
    }
    let found = ada.get("/api/auth/users?prefix=").await.ok();
    assert_eq!(names(&found), ["ada", "eve"]);
    assert_eq!(names(&ada.get("/api/admin/users").await.ok()), ["ada", "eve"]);
}

#[tokio::test]
async fn a_deletion_with_messages_removes_them_and_their_files() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let bob = Person::register(&server, "bob").await;
    let shared = room(&ada, "garden").await;
    join(&bob, &shared).await;
    let left = room(&ada, "cellar").await;
    join(&bob, &left).await;
    let direct = text(&bob.post("/api/rooms/direct", json!({ "user": "ada" })).await.ok()["id"]);
    let file = bob.upload(&shared, "plan.txt", "text/plain", b"the plan".to_vec()).await.ok();
    bob.post(&crate::setup::messages(&shared), json!({ "text": "with a file", "files": [file["id"]] })).await.ok();
    for number in 0..30 {
        say(&bob, &shared, &format!("secret {number}")).await;
    }
    say(&ada, &shared, "ada stays").await;
    say(&bob, &left, "secret of the cellar").await;
    say(&bob, &direct, "secret between us").await;
    bob.post(&format!("/api/rooms/{left}/leave"), json!({})).await.ok();
    let download = format!("/api/files/{}/download", text(&file["id"]));
    ada.get(&download).await;

    delete_me(&bob, json!({ "password": PASSWORD, "messages": true })).await;
    wait::until("the deletion of all messages", async || {
        let mut said = texts(&ada, &shared).await;
        said.extend(texts(&ada, &left).await);
        said.extend(texts(&ada, &direct).await);
        said.retain(|text| !text.is_empty());
        (said == ["ada stays"]).then_some(())
    })
    .await;
    for message in history(&ada, &shared).await.iter().filter(|message| message["by"]["id"] == bob.id.as_str()) {
        assert_eq!(message["deleted"], true, "{message}");
    }
    wait::until("the removal of the file", async || (ada.get(&download).await.status.as_u16() == 404).then_some(()))
        .await;
}

#[tokio::test]
async fn one_deletes_ones_own_account() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let bob = Person::register(&server, "bob").await;
    let shared = room(&ada, "garden").await;
    join(&bob, &shared).await;
    say(&bob, &shared, "from bob").await;
    delete_me(&bob, json!({})).await.refused(400, "bad_request");
    bob.delete("/api/auth/me").await.refused(400, "bad_request");
    delete_me(&bob, json!({ "password": "wrong horse battery" })).await.refused(403, "forbidden");
    bob.get("/api/auth/me").await.ok();

    let mut socket = bob.connect().await;
    assert_eq!(delete_me(&bob, json!({ "password": PASSWORD })).await.status.as_u16(), 204);
    socket.closed().await;
    signed_out(&bob).await;
    let refresh = json!({ "refresh_token": bob.refresh });
    // Until the rows of the sessions are removed, the answer says that the session was ended on purpose.
    assert_eq!(Person::nobody(&server).post("/api/auth/refresh", refresh).await.status.as_u16(), 401);
    login(&server, "bob", PASSWORD).await.refused(401, "unauthenticated");
    assert_eq!(texts(&ada, &shared).await, ["from bob"]);

    let guest = Person::guest(&server, "gus").await;
    join(&guest, &shared).await;
    say(&guest, &shared, "from gus").await;
    assert_eq!(guest.delete("/api/auth/me").await.status.as_u16(), 204, "a guest has no password");
    signed_out(&guest).await;
    let members = ada.get(&format!("/api/rooms/{shared}/members")).await.ok();
    assert_eq!(members["items"].as_array().map(Vec::len), Some(1), "{members}");
    let by = history(&ada, &shared).await.pop().expect("it stays")["by"].clone();
    assert!(by["deleted"] == true && !by.to_string().contains("gus"), "{by}");
}

#[tokio::test]
async fn the_audit_log_says_who_did_what_to_whom_and_nothing_secret() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let bob = Person::register(&server, "bob").await;
    let link = ada.post(&format!("{}/reset-link", of(&bob)), json!({})).await.ok();
    ada.put(&format!("{}/password", of(&bob)), json!({ "password": NEW_PASSWORD })).await;
    ada.patch(&of(&bob), json!({ "name": "bert" })).await.ok();
    ada.post(&format!("{}/grant", of(&bob)), json!({})).await.ok();
    ada.post(&format!("{}/revoke", of(&bob)), json!({})).await.ok();
    ada.post(&format!("{}/ban", of(&bob)), json!({})).await;
    ada.post(&format!("{}/unban", of(&bob)), json!({})).await;
    ada.post(&format!("{}/sign-out", of(&bob)), json!({})).await;
    ada.post(&format!("{}/revoke", of(&ada)), json!({})).await.refused(409, "conflict");
    let again = Person::nobody(&server).with(&login(&server, "bert", NEW_PASSWORD).await.ok());
    assert_eq!(delete_me(&again, json!({ "password": NEW_PASSWORD })).await.status.as_u16(), 204);

    let records = audit(&ada, 3).await;
    let seen: Vec<String> = records
        .iter()
        .map(|record| {
            let subject = text(&record["subject"]["name"]);
            format!("{} {} {subject} {}", text(&record["action"]), text(&record["by_name"]), text(&record["outcome"]))
        })
        .collect();
    let expected = [
        "delete_account bert bert done",
        "revoke_admin ada ada refused",
        "sign_out ada bert done",
        "unban ada bert done",
        "ban ada bert done",
        "revoke_admin ada bert done",
        "grant_admin ada bert done",
        "rename ada bob done",
        "set_password ada bob done",
        "issue_reset_link ada bob done",
    ];
    assert_eq!(seen, expected);
    assert!(records.iter().all(|record| record["via"] == "rest" && record["at"].is_string()));
    assert_eq!(records[2]["subject"]["user"], bob.id.as_str());
    assert_eq!(records, audit(&ada, 100).await);

    let all = json!(records).to_string() + &server.log();
    for secret in [&text(&link["token"]), PASSWORD, NEW_PASSWORD] {
        assert!(!all.contains(secret), "a secret was recorded or logged");
    }
    ada.get("/api/admin/audit?before=x").await.refused(400, "bad_request");
}

#[tokio::test]
async fn a_deleted_room_is_gone_for_everybody_with_its_content() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let bob = Person::register(&server, "bob").await;
    let eve = Person::register(&server, "eve").await;
    let garden = room(&bob, "garden").await;
    join(&eve, &garden).await;
    let cellar = private_room(&bob, "Cellar").await;
    bring_in(&bob, &cellar, &eve).await;
    let direct = text(&bob.post("/api/rooms/direct", json!({ "user": "eve" })).await.ok()["id"]);
    let file = bob.upload(&garden, "plan.txt", "text/plain", b"the plan".to_vec()).await.ok();
    let message = json!({ "text": "hello eve, with a file", "files": [file["id"]] });
    bob.post(&crate::setup::messages(&garden), message).await.ok();
    say(&bob, &cellar, "a secret").await;
    let mut socket = eve.connect().await;
    socket.follow(&garden).await;

    for caller in [&bob, &eve] {
        caller.delete(&format!("/api/admin/rooms/{garden}")).await.refused(403, "forbidden");
    }
    ada.delete(&format!("/api/admin/rooms/{direct}")).await.refused(400, "bad_request");
    ada.delete("/api/admin/rooms/attic").await.refused(404, "not_found");
    // By slug and by id; a repeat is no error.
    for named in ["garden", &cellar, &garden] {
        let deleted = ada.delete(&format!("/api/admin/rooms/{named}")).await;
        assert_eq!(deleted.status.as_u16(), 204, "{}", deleted.text());
    }
    socket.find("event", |event| event["kind"] == "member" && event["user"]["id"] == eve.id.as_str()).await;

    for person in [&ada, &bob, &eve] {
        for id in [&garden, &cellar, "garden"] {
            for path in ["", "/messages", "/members", "/pins"] {
                person.get(&format!("/api/rooms/{id}{path}")).await.refused(404, "not_found");
            }
            for (path, body) in [("/messages", json!({ "text": "x" })), ("/join", json!({})), ("/unarchive", json!({}))]
            {
                person.post(&format!("/api/rooms/{id}{path}"), body).await.refused(404, "not_found");
            }
        }
        assert!(!person.get("/api/rooms/directory").await.ok().to_string().contains("garden"));
        person.get(&format!("/api/files/{}/download", text(&file["id"]))).await.refused(404, "not_found");
    }
    wait::until("the shorter lists", async || {
        let list = eve.get("/api/rooms?limit=100").await.ok();
        let left: Vec<&Value> = list["items"].as_array()?.iter().map(|line| &line["id"]).collect();
        (left == [&json!(direct)]).then_some(())
    })
    .await;
    let again = json!({ "id": "garden", "name": "Garden", "description": "", "kind": "public" });
    bob.post("/api/rooms", again).await.refused(409, "conflict");
    say(&bob, &direct, "still here").await;
    assert_eq!(audit(&ada, 100).await[1]["subject"]["room"], cellar.as_str());
}
