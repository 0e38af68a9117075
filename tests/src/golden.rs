//! A server's answers about golden data, and whether another release gives the same. Never starts a server.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::person::Person;

/// An answer that a later release must give again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// The HTTP status.
    pub status: u16,
    /// The body; null if it is not JSON.
    pub body: Value,
    /// The bytes of the files that the body lists, in base64, in the same order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

/// Requests a path, and the bytes of the files that its answer lists.
pub async fn recorded(person: &Person, path: &str) -> Recorded {
    let answer = person.get(path).await;
    let mut files = Vec::new();
    if path.starts_with("/api/files?") {
        for file in answer.body["items"].as_array().into_iter().flatten() {
            let id = file["id"].as_str().expect("a file has an id");
            files.push(BASE64_STANDARD.encode(person.get(&format!("/api/files/{id}/download")).await.bytes));
        }
    }
    Recorded { status: answer.status.as_u16(), body: answer.body, files }
}

/// Returns where `now` lacks or contradicts the recorded value, as a path of names such as `/items/3/text`. Fields that
/// a later release added do not matter.
pub fn difference(recorded: &Value, now: &Value) -> Option<String> {
    match (recorded, now) {
        (Value::Object(recorded), Value::Object(now)) => recorded.iter().find_map(|(name, value)| {
            let now = now.get(name).unwrap_or(&Value::Null);
            difference(value, now).map(|rest| format!("/{name}{rest}"))
        }),
        (Value::Array(recorded), Value::Array(now)) if recorded.len() == now.len() => {
            let pairs = recorded.iter().zip(now).enumerate();
            pairs
                .into_iter()
                .find_map(|(at, (recorded, now))| difference(recorded, now).map(|rest| format!("/{at}{rest}")))
        }
        _ if recorded == now => None,
        _ => Some(format!(": recorded {recorded}, now {now}")),
    }
}
