//! Errors of the older contract: `{"detail": "…"}`, with the statuses that its clients know.

use axum::response::{IntoResponse, Response};
use domain::{Code, Refusal};
use http::{HeaderValue, StatusCode, header};
use wire::compat::Detail;

use crate::Problem;

/// An error response in the older shape. Handlers return `Result<_, OlderError>` and use `?` on a [`Refusal`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OlderError {
    status: StatusCode,
    refusal: Refusal,
}

impl From<Refusal> for OlderError {
    fn from(refusal: Refusal) -> Self {
        OlderError { status: status_of(refusal.code), refusal }
    }
}

impl From<Problem> for OlderError {
    fn from(problem: Problem) -> Self {
        problem.refusal().clone().into()
    }
}

/// Returns the status of a code. A call without a token is forbidden, not unauthenticated: that contract has no 401.
fn status_of(code: Code) -> StatusCode {
    match code {
        Code::Unauthenticated | Code::SignedOut | Code::Forbidden | Code::Muted => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Archived | Code::Conflict | Code::Stale => StatusCode::BAD_REQUEST,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::RateLimited | Code::SlowMode => StatusCode::TOO_MANY_REQUESTS,
        Code::BadRequest => StatusCode::UNPROCESSABLE_ENTITY,
        Code::Overloaded | Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl IntoResponse for OlderError {
    fn into_response(self) -> Response {
        let mut response = (self.status, crate::Json(Detail { detail: self.refusal.message })).into_response();
        if let Some(ms) = self.refusal.retry_ms {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000)));
        }
        response
    }
}

/// Turns an error that a layer or axum made into one of the older shape; anything else stays as it is.
pub(super) fn in_older_shape(response: Response) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
    if kind.starts_with(b"application/json") || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let refusal = crate::problem::of_status(status).refusal().clone();
    let mut older = crate::Json(Detail { detail: refusal.message }).into_response();
    *older.status_mut() = match status {
        StatusCode::UNAUTHORIZED => StatusCode::FORBIDDEN,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => StatusCode::UNPROCESSABLE_ENTITY,
        status if status.is_server_error() => StatusCode::SERVICE_UNAVAILABLE,
        status => status,
    };
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = response.headers().get(&name) {
            older.headers_mut().insert(name, value.clone());
        }
    }
    older
}
