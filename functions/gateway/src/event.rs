//! The event of a WebSocket API's route, with the fields that are used here, and the answer to it.

use std::collections::HashMap;

use http::{HeaderMap, HeaderName};
use serde::{Deserialize, Serialize};

/// The event that API Gateway sends when a socket begins or ends, and for each frame.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The socket and the route.
    pub request_context: Context,
    /// The query of the upgrade's URL; only at `$connect`.
    #[serde(default)]
    pub query_string_parameters: Option<HashMap<String, String>>,
    /// The headers of the upgrade; only at `$connect`.
    #[serde(default)]
    pub headers: Option<HashMap<String, String>>,
    /// The frame.
    #[serde(default)]
    pub body: Option<String>,
    /// Whether the frame was binary.
    #[serde(default)]
    pub is_base64_encoded: bool,
}

/// The origin of an event.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Context {
    /// What happened.
    pub event_type: EventType,
    /// The socket's connection id.
    pub connection_id: String,
    /// The host of the API.
    #[serde(default)]
    pub domain_name: String,
    /// The API's stage.
    #[serde(default)]
    pub stage: String,
}

/// What happened to a socket, as API Gateway says. The route's name does not say it: a frame chooses its route by its own
/// content, and may name `$disconnect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventType {
    /// A client asks for a socket.
    Connect,
    /// A frame arrived.
    Message,
    /// The socket has ended.
    Disconnect,
}

impl Event {
    /// Returns the upgrade's headers, without invalid ones.
    pub(crate) fn headers(&self) -> HeaderMap {
        let given = self.headers.iter().flatten();
        given.filter_map(|(name, value)| Some((name.parse::<HeaderName>().ok()?, value.parse().ok()?))).collect()
    }

    /// Returns the one-time ticket of a browser.
    pub(crate) fn ticket(&self) -> Option<String> {
        self.query_string_parameters.as_ref()?.get("ticket").cloned()
    }
}

/// The answer to API Gateway: whether the route's handler succeeded. Frames are posted separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// An HTTP status; any other than 200 at `$connect` rejects the socket.
    pub status_code: u16,
}

impl Answer {
    /// The handler succeeded.
    pub const OK: Answer = Answer { status_code: 200 };
    /// This page may not open a socket here.
    pub const FORBIDDEN: Answer = Answer { status_code: 403 };
}
