//! The port's errors, in the form that an AWS SDK turns into its exceptions.

use axum::Json;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::sigv4::Denied;

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// Why a request failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The request is not signed correctly.
    Denied(Denied),
    /// The socket does not exist, or was closed.
    Gone,
    /// The body is over its limit.
    TooLarge,
    /// The socket's queue is full.
    TooMuch,
    /// No such path.
    NotFound,
    /// The path exists, but not for this method.
    Method,
    /// The request is malformed.
    BadRequest(&'static str),
    /// This node shuts down.
    Leaving,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, name, message) = match self {
            Failure::Denied(why) => (StatusCode::FORBIDDEN, "ForbiddenException", why.to_string()),
            Failure::Gone => (StatusCode::GONE, "GoneException", "The connection is closed.".into()),
            Failure::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException", "The body is too large.".into())
            }
            Failure::TooMuch => (
                StatusCode::TOO_MANY_REQUESTS,
                "LimitExceededException",
                "Too many bytes are queued for this connection. Please retry later.".into(),
            ),
            Failure::NotFound => (StatusCode::NOT_FOUND, "NotFoundException", "Not found.".into()),
            Failure::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "BadRequestException",
                "Method not allowed: use POST, GET or DELETE.".into(),
            ),
            Failure::BadRequest(why) => (StatusCode::BAD_REQUEST, "BadRequestException", why.into()),
            Failure::Leaving => {
                (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException", "This node is shutting down.".into())
            }
        };
        (status, [(ERROR_TYPE, name)], Json(json!({ "message": message }))).into_response()
    }
}
