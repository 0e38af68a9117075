//! Tests refresh tokens whose answer was lost. Time passes by moving the times of the sessions in the stopped server's
//! database.

use std::time::Duration;

use serde_json::json;
use tests::person::{Answer, PASSWORD, Person};
use tests::server::Server;

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn refresh(server: &Server, token: &str) -> Answer {
    Person::nobody(server).post("/api/auth/refresh", json!({ "refresh_token": token })).await
}

/// Returns the refresh token of an answer, which the test may then lose.
async fn refreshed(server: &Server, token: &str) -> String {
    let answer = refresh(server, token).await.ok();
    answer["refresh_token"].as_str().expect("the answer has a refresh token").to_owned()
}

/// Stops the server, lets time pass for all its sessions, and starts it again.
async fn wait(server: &mut Server, time: Duration) {
    change(
        server,
        &format!(
            "UPDATE session SET rotated = rotated - {0}, created = created - {0}, expires = expires - {0},
         prev_expires = prev_expires - {0}",
            time.as_millis()
        ),
    )
    .await;
}

async fn change(server: &mut Server, sql: &str) {
    server.ask_to_end();
    assert!(server.ended().await.success());
    let database = rusqlite::Connection::open(server.data().join("palaver.db")).expect("the database can be opened");
    database.execute(sql, []).expect("the sessions can be changed");
    database.close().expect("the database can be closed");
    server.start_again().await;
}

#[tokio::test]
async fn a_device_learns_that_it_was_signed_out_from_another_one() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let tablet =
        Person::nobody(&server).post("/api/auth/login", json!({ "name": "ada", "password": PASSWORD })).await.ok();
    let first = tablet["refresh_token"].as_str().expect("a sign-in has a refresh token").to_owned();
    let second = refreshed(&server, &first).await;
    let sessions = ada.get("/api/auth/sessions").await.ok();
    let other = sessions["items"].as_array().expect("a list").iter().find(|session| session["current"] == false);
    let other = other.expect("the tablet's session")["id"].as_str().expect("an id").to_owned();
    assert!(ada.delete(&format!("/api/auth/sessions/{other}")).await.status.is_success());
    for token in [&first, &second] {
        refresh(&server, token).await.refused(401, "signed_out");
    }

    // A token of nobody, and one of a session that ended because its token was reused, say nothing of the kind.
    let third = ada.refresh.clone().expect("a registration has a refresh token");
    let fourth = refreshed(&server, &third).await;
    refreshed(&server, &fourth).await;
    refresh(&server, &third).await.refused(401, "unauthenticated");
    refresh(&server, &fourth).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_guest_who_loses_the_answer_to_a_refresh_stays_signed_in() {
    let mut server = Server::start().await;
    let guest = Person::guest(&server, "ada").await;
    let first = guest.refresh.clone().expect("a guest has a refresh token");
    let lost = refreshed(&server, &first).await;
    assert_ne!(lost, first);

    // The answer is lost twice in a row, and the laptop sleeps in between.
    for time in [Duration::from_secs(31), 10 * DAY] {
        wait(&mut server, time).await;
        assert_eq!(refreshed(&server, &first).await, lost, "after {time:?}");
    }
    let third = refreshed(&server, &lost).await;
    let answer = refresh(&server, &third).await.ok();
    assert_eq!(answer["user"]["id"], json!(guest.id));
}

#[tokio::test]
async fn tabs_that_refresh_at_once_get_the_same_token() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let first = ada.refresh.clone().expect("the answer has a refresh token");
    let tabs = futures_util::future::join_all((0..8).map(|_| refreshed(&server, &first))).await;
    assert!(tabs.iter().all(|token| *token == tabs[0] && *token != first), "{tabs:?}");
}

#[tokio::test]
async fn a_token_whose_successor_was_used_ends_the_sign_in_and_its_sockets_only() {
    let mut server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let first = ada.refresh.clone().expect("the answer has a refresh token");
    let body = json!({ "name": "ada", "password": PASSWORD });
    let elsewhere = Person::nobody(&server).post("/api/auth/login", body).await.ok();
    let elsewhere = Person::nobody(&server).with(&elsewhere);

    let second = refreshed(&server, &first).await;
    let third = refreshed(&server, &second).await;
    wait(&mut server, DAY / 2).await;
    let mut socket = ada.with(&refresh(&server, &third).await.ok()).connect().await;
    let mut other = Person::nobody(&server)
        .with(&refresh(&server, elsewhere.refresh.as_deref().expect("a refresh token")).await.ok())
        .connect()
        .await;

    refresh(&server, &first).await.refused(401, "unauthenticated");
    socket.closes_with(&[4401, 4501]).await;
    for token in [&first, &second, &third] {
        refresh(&server, token).await.refused(401, "unauthenticated");
    }
    other.stays_quiet_of("error").await;
}

#[tokio::test]
async fn a_token_works_no_longer_than_its_own_life() {
    let mut server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let first = ada.refresh.clone().expect("the answer has a refresh token");
    wait(&mut server, 20 * DAY).await;
    let second = refreshed(&server, &first).await;

    wait(&mut server, 9 * DAY).await;
    assert_eq!(refreshed(&server, &first).await, second, "29 days old");
    wait(&mut server, 2 * DAY).await;
    refresh(&server, &first).await.refused(401, "unauthenticated");
    let third = refreshed(&server, &second).await;
    wait(&mut server, 31 * DAY).await;
    for token in [second, third] {
        refresh(&server, &token).await.refused(401, "unauthenticated");
    }
}

#[tokio::test]
async fn a_lost_answer_of_an_older_release_can_be_repeated() {
    let mut server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let first = ada.refresh.clone().expect("the answer has a refresh token");
    let second = refreshed(&server, &first).await;
    // Older releases did not store when the previous token expires.
    change(&mut server, "UPDATE session SET prev_expires = NULL").await;
    assert_eq!(refreshed(&server, &first).await, second);
}

#[tokio::test]
async fn a_guest_who_loses_the_answer_to_a_registration_stays_signed_in() {
    let mut server = Server::start().await;
    let guest = Person::guest(&server, "ada").await;
    let first = guest.refresh.clone().expect("a guest has a refresh token");
    let lost = guest.post("/api/auth/register", json!({ "name": "ada", "password": PASSWORD })).await.ok();
    wait(&mut server, DAY).await;
    let again = refresh(&server, &first).await.ok();
    assert_eq!((&again["user"]["name"], &again["refresh_token"]), (&json!("ada"), &lost["refresh_token"]));
}
