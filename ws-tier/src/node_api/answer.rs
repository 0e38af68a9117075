//! The port's refusals, in the form from which an AWS SDK raises its exceptions.

use axum::Json;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::sigv4::Denied;

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// Why a request is not done.
#[derive(Debug)]
pub(super) enum Failure {
    /// It is not signed as it must be.
    Denied(Denied),
    /// The socket is not there, or not any more.
    Gone,
    /// The body is over its limit.
    TooLarge,
    /// The socket takes no more right now.
    TooMuch,
    /// Nothing is there.
    NotFound,
    /// It is, but not for this method.
    Method,
    /// It cannot be understood.
    BadRequest(&'static str),
    /// This node goes.
    Leaving,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, name, message) = match self {
            Failure::Denied(why) => (StatusCode::FORBIDDEN, "ForbiddenException", why.to_string()),
            Failure::Gone => (StatusCode::GONE, "GoneException", "The connection is gone.".into()),
            Failure::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException", "The body has too many bytes.".into())
            }
            Failure::TooMuch => (
                StatusCode::TOO_MANY_REQUESTS,
                "LimitExceededException",
                "Too much waits for this connection already. Try again later.".into(),
            ),
            Failure::NotFound => (StatusCode::NOT_FOUND, "NotFoundException", "Not found.".into()),
            Failure::Method => {
                (StatusCode::METHOD_NOT_ALLOWED, "BadRequestException", "POST, GET and DELETE are known here.".into())
            }
            Failure::BadRequest(why) => (StatusCode::BAD_REQUEST, "BadRequestException", why.into()),
            Failure::Leaving => {
                (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException", "This node is leaving.".into())
            }
        };
        (status, [(ERROR_TYPE, name)], Json(json!({ "message": message }))).into_response()
    }
}
