//! Tests the older contract as its clients see it: each line of REST, field by field, and what is refused.

mod functions;
mod rest;
mod sockets;

use serde_json::Value;
use tests::person::{Answer, Person};
use tests::server::{Server, Settings};

/// Starts a server that serves the older contract to guests.
async fn with_guests() -> Server {
    Settings::default().variable("PALAVER_COMPAT", "guests").start().await
}

/// Checks that an object has exactly these fields.
#[track_caller]
fn has_fields(value: &Value, fields: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("an object: {value}"));
    let mut found: Vec<&str> = object.keys().map(String::as_str).collect();
    let mut wanted = fields.to_vec();
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted, "{value}");
}

/// Checks that an answer is an error of the older contract.
#[track_caller]
fn is_error(answer: &Answer, status: u16) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    has_fields(&answer.body, &["detail"]);
    assert!(answer.body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{}", answer.text());
    let kind = answer.headers.get("content-type").and_then(|kind| kind.to_str().ok());
    assert_eq!(kind, Some("application/json"), "{}", answer.text());
}

/// Checks that a text is a time of today in the form of RFC 3339.
#[track_caller]
fn is_time(value: &Value) {
    let text = value.as_str().unwrap_or_default();
    assert!(wire::parse_rfc3339(text).is_some(), "a time: {value}");
}

/// Returns a caller without a credential.
fn anonymous(server: &Server) -> Person {
    Person::nobody(server)
}
