//! Tests the rooms that a new installation starts with, and that everybody is offered first.

use serde_json::json;
use tests::person::Person;
use tests::wait;

use crate::setup::{generous, join, room, say, text, texts};

#[tokio::test]
async fn a_new_installation_offers_a_room_that_belongs_to_nobody() {
    let mut server = generous().start().await;
    let guest = Person::guest(&server, "guest").await;
    let line = wait::until("the first room", async || {
        let directory = guest.get("/api/rooms/directory").await.ok();
        directory["items"].as_array().unwrap().iter().find(|room| room["slug"] == "general").cloned()
    })
    .await;
    assert_eq!(
        (&line["offered"], &line["joined"], &line["members"]),
        (&json!(true), &json!(false), &json!(0)),
        "{line}"
    );
    let mine = guest.get("/api/rooms").await.ok();
    assert_eq!(mine["items"], json!([]), "nobody is joined unasked");
    join(&guest, "general").await;
    say(&guest, "general", "hello").await;
    assert_eq!(texts(&guest, "general").await, ["hello"]);
    let member = guest.get(&format!("/api/rooms/general/members/{}", guest.id)).await.ok();
    assert_eq!(member["role"], "member", "the first member does not own it");

    // The installation's admin may do everything in it.
    let ada = Person::register(&server, "ada").await;
    ada.patch("/api/rooms/general", json!({ "description": "Welcome." })).await.ok();

    // It stays one room, and one that was archived is not made again.
    ada.post("/api/rooms/general/archive", json!({})).await.ok();
    server.kill();
    server.start_again().await;
    let directory = ada.get("/api/rooms/directory").await.ok();
    assert!(!directory.to_string().contains("general"), "{directory}");
}

#[tokio::test]
async fn the_offered_rooms_come_first_on_the_first_page_and_on_no_other() {
    let server = generous().variable("PALAVER_DEFAULT_ROOMS", "welcome, #help").start().await;
    let ada = Person::register(&server, "ada").await;
    for slug in ["alpha", "beta", "welcome-team"] {
        room(&ada, slug).await;
    }
    let mut slugs = Vec::new();
    let mut after = String::new();
    loop {
        let page = ada.get(&format!("/api/rooms/directory?limit=2{after}")).await.ok();
        let items = page["items"].as_array().unwrap();
        slugs.extend(items.iter().map(|room| (text(&room["slug"]), room["offered"] == true)));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    let expected = [("welcome", true), ("help", true), ("alpha", false), ("beta", false), ("welcome-team", false)];
    assert_eq!(slugs, expected.map(|(slug, offered)| (slug.to_owned(), offered)));
    let found = ada.get("/api/rooms/directory?prefix=wel").await.ok();
    let found: Vec<_> = found["items"].as_array().unwrap().iter().map(|room| text(&room["slug"])).collect();
    assert_eq!(found, ["welcome", "welcome-team"], "a search has its own order");
}
