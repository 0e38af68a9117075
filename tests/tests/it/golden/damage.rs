//! The kinds of damage to a stored entry, and what a reader sees of it.

use serde_json::{Value, json};

use super::Expected;

/// A name that no user can choose.
pub const RESERVED_NAME: &str = "system";
/// A user's text, which no log line may quote.
pub const SECRET: &str = "what somebody wrote once";

/// A kind of damage to an entry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Damage {
    /// A message longer than today's limit: it is shown unchanged.
    TooLong,
    /// An unknown kind: its fallback is shown.
    UnknownKind,
    /// A row of a later version.
    LaterVersion,
    /// A message that cannot be decoded.
    Undecodable,
    /// A body that is not even JSON.
    NotJson,
}

impl Damage {
    /// Returns the version and the body to store in the row.
    pub fn row(self) -> (u16, String) {
        let message = |text: Value| json!({ "kind": "message", "text": text, "rev": 1 }).to_string();
        match self {
            Damage::TooLong => (1, message(json!("long ".repeat(2_000)))),
            Damage::UnknownKind => (1, json!({ "kind": "poll", "fallback": "A poll" }).to_string()),
            Damage::LaterVersion => (99, message(json!(SECRET))),
            Damage::Undecodable => (1, message(json!([SECRET]))),
            Damage::NotJson => (1, SECRET.to_owned()),
        }
    }

    /// Returns whether the entry still appears in pages of messages on a store that has no column for the kind: on
    /// DynamoDB only the body contains it.
    pub fn is_shown_without_a_column(self) -> bool {
        self != Damage::UnknownKind
    }

    /// Checks what a reader receives.
    pub fn check(self, shown: &Value) {
        match self {
            Damage::TooLong => {
                assert_eq!(shown["text"].as_str().map(str::len), Some(10_000), "{shown}");
                for field in ["mentions", "deleted", "reactions"] {
                    assert!(!shown[field].is_null(), "{field} is missing: {shown}");
                }
            }
            Damage::UnknownKind => assert_eq!((&shown["kind"], &shown["fallback"]), (&json!("poll"), &json!("A poll"))),
            Damage::LaterVersion | Damage::Undecodable | Damage::NotJson => {
                assert_eq!(shown["kind"], "unreadable", "{shown}");
                assert!(shown["fallback"].as_str().is_some_and(|text| !text.is_empty()), "{shown}");
                assert!(!shown.to_string().contains(SECRET), "{shown}");
            }
        }
    }
}

/// Chooses a message for each kind of damage: none of eve's, whose name and row are damaged, and none that is deleted.
pub fn of_messages(expected: &Expected, room: &str) -> Vec<(u64, Damage)> {
    let page = &expected["ada"][&format!("/api/rooms/{room}/messages?limit=200")].body["items"];
    let eve = &expected["eve"]["/api/auth/me"].body["id"];
    let of_others = page.as_array().expect("a page has items").iter().filter(|message| message["by"]["id"] != *eve);
    let seqs = of_others.filter(|message| message["deleted"] == false);
    let seqs = seqs.map(|message| message["seq"].as_u64().expect("an event has a seq"));
    let damages = [Damage::TooLong, Damage::UnknownKind, Damage::LaterVersion, Damage::Undecodable, Damage::NotJson];
    let damaged: Vec<(u64, Damage)> = seqs.zip(damages).collect();
    assert_eq!(damaged.len(), damages.len(), "there are too few messages");
    damaged
}
