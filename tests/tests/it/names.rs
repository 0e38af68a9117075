//! Tests names that could be mistaken for another user, for staff or for the system.

use serde_json::{Value, json};
use tests::person::{Answer, PASSWORD, Person};
use tests::server::Server;

async fn register(server: &Server, name: &str) -> Answer {
    Person::nobody(server).post("/api/auth/register", json!({ "name": name, "password": PASSWORD })).await
}

async fn change(person: &Person, field: &str, value: &str) -> Answer {
    let mut body = json!({ "old_password": PASSWORD });
    body[field] = Value::from(value);
    person.patch("/api/auth/me", body).await
}

#[tokio::test]
async fn names_that_look_alike_as_written_are_taken() {
    let server = Server::start().await;
    let ilya = Person::register(&server, "Ilya").await;
    Person::register(&server, "will").await;
    Person::register(&server, "Helen").await;
    for name in ["llya", "I1ya", "wiIl", "wilI", "\u{41d}elen", "Wi1l"] {
        register(&server, name).await.refused(409, "conflict");
        change(&ilya, "name", name).await.ok_or_taken(["llya", "I1ya"].contains(&name));
    }
    register(&server, "ilyana").await.ok();
    let guest = Person::guest(&server, "eve").await;
    guest.post("/api/auth/register", json!({ "name": "wiIl", "password": PASSWORD })).await.refused(409, "conflict");
}

trait OkOrTaken {
    fn ok_or_taken(&self, ok: bool);
}

impl OkOrTaken for Answer {
    /// Checks that a user got another form of their own name, or was refused somebody else's.
    #[track_caller]
    fn ok_or_taken(&self, ok: bool) {
        match ok {
            true => assert!(self.status.is_success(), "{}", self.text()),
            false => self.refused(409, "conflict"),
        }
    }
}

#[tokio::test]
async fn reserved_names_are_refused_however_they_are_written() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    for name in [
        "all",
        "aIl",
        "AlI",
        "admin",
        "Admin",
        "ADMlN",
        "adm\u{456}n",
        "administrator",
        "moderator",
        "support",
        "system",
        "everyone",
        "here",
        "channel",
        "owner",
        "0wner",
        "palaver",
        "PaIaver",
    ] {
        register(&server, name).await.refused(400, "bad_request");
        change(&ada, "name", name).await.refused(400, "bad_request");
        change(&ada, "display_name", name).await.refused(400, "bad_request");
        Person::nobody(&server).post("/api/auth/guest", json!({ "name": name })).await.refused(400, "bad_request");
    }
    for name in ["owners", "adminka", "allan"] {
        register(&server, name).await.ok();
    }
}

#[tokio::test]
async fn display_names_are_visible_and_impersonate_nobody() {
    let server = Server::start().await;
    let (_admin, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let stacked = format!("Z{}", "\u{334}\u{301}\u{316}".repeat(3));
    for name in
        ["\u{200d}", "\u{301}", "\u{3164}", "[Admin]", "A D M I N", "ada", "@ADA", "\u{430}da", stacked.as_str()]
    {
        change(&bob, "display_name", name).await.refused(400, "bad_request");
    }
    let eve = Person::register(&server, "eve").await;
    for person in [&bob, &eve] {
        assert_eq!(change(person, "display_name", "Bob").await.ok()["display_name"], "Bob", "display names may repeat");
    }
    assert!(change(&bob, "display_name", " ").await.ok().get("display_name").is_none_or(Value::is_null));
}
