//! The event of a WebSocket API's route, as far as it is read here, and the answer to it.

use std::collections::HashMap;

use http::{HeaderMap, HeaderName};
use serde::{Deserialize, Serialize};

/// What API Gateway sends for `$connect`, `$disconnect` and each frame (`$default`).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Which socket, and which route.
    pub request_context: Context,
    /// Of the upgrade's URL; at `$connect` only.
    #[serde(default)]
    pub query_string_parameters: Option<HashMap<String, String>>,
    /// Of the upgrade; at `$connect` only.
    #[serde(default)]
    pub headers: Option<HashMap<String, String>>,
    /// The frame.
    #[serde(default)]
    pub body: Option<String>,
    /// Whether the frame was a binary one.
    #[serde(default)]
    pub is_base64_encoded: bool,
}

/// Where an event comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Context {
    /// `$connect`, `$disconnect` or `$default`.
    pub route_key: String,
    /// The socket.
    pub connection_id: String,
    /// The host of the API.
    #[serde(default)]
    pub domain_name: String,
    /// The API's stage.
    #[serde(default)]
    pub stage: String,
}

impl Event {
    /// The upgrade's headers, without those that are none.
    pub(crate) fn headers(&self) -> HeaderMap {
        let given = self.headers.iter().flatten();
        given.filter_map(|(name, value)| Some((name.parse::<HeaderName>().ok()?, value.parse().ok()?))).collect()
    }

    /// The one-time ticket of a browser.
    pub(crate) fn ticket(&self) -> Option<String> {
        self.query_string_parameters.as_ref()?.get("ticket").cloned()
    }
}

/// What API Gateway is told: whether a route's handler did its work. Frames go their own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// An HTTP status; another one than 200 at `$connect` refuses the socket.
    pub status_code: u16,
}

impl Answer {
    /// It did.
    pub const OK: Answer = Answer { status_code: 200 };
    /// This page may not open a socket here.
    pub const FORBIDDEN: Answer = Answer { status_code: 403 };
}
