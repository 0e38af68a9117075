//! The answers to HTTP requests: payloads, and errors in the form that Engine.IO clients know.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::NotOpened;

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Transport,
    Sid,
    Method,
    Request,
    Version,
    TooLarge,
    Origin,
}

impl Refused {
    /// Returns the number that the Engine.IO project gives the error, and a text that says what to do.
    fn told(self) -> (u8, StatusCode, &'static str) {
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        match self {
            Refused::Transport => (0, BAD, "Transport unknown: use transport=polling or transport=websocket."),
            Refused::Sid => (
                1,
                BAD,
                "Session ID unknown. It has ended, or its requests reach different servers: with several nodes, long-polling \
                 needs sticky sessions (nginx: ip_hash), or use the WebSocket transport alone.",
            ),
            Refused::Method => (2, BAD, "Bad handshake method: a session begins with GET."),
            Refused::Request => (3, BAD, "Bad request."),
            Refused::Version => (5, BAD, "Unsupported protocol version: use EIO=4, that is a Socket.IO client 3 or 4."),
            Refused::TooLarge => (3, StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than maxPayload."),
            Refused::Origin => {
                (4, StatusCode::FORBIDDEN, "This page may not connect: allow its origin in the settings.")
            }
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (code, status, message) = self.told();
        (status, axum::Json(json!({ "code": code, "message": message }))).into_response()
    }
}

impl IntoResponse for NotOpened {
    fn into_response(self) -> Response {
        let body = json!({ "code": self.code, "message": self.message });
        (StatusCode::SERVICE_UNAVAILABLE, axum::Json(body)).into_response()
    }
}

/// Returns the answer with this text.
pub(super) fn text(text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, text).into_response()
}
