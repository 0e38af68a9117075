//! An error as clients see it: `application/problem+json` (RFC 9457). The only place that turns an error code into a
//! status. Never contains internal details: a store's error goes only to the log.

use axum::response::{IntoResponse, Response};
use domain::{Code, Refusal};
use http::{HeaderValue, StatusCode, header};
use wire::rest::Problem as Body;

/// The media type of RFC 9457.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// An error response. Handlers return `Result<_, Problem>` and use `?` on a [`Refusal`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    refusal: Refusal,
}

impl Problem {
    /// Returns a refusal with a status other than its code's, if HTTP has a better one (405, 415).
    pub fn with_status(status: StatusCode, refusal: Refusal) -> Self {
        Problem { status, refusal }
    }

    /// Returns the refusal: its code and reason.
    pub fn refusal(&self) -> &Refusal {
        &self.refusal
    }

    /// Returns the HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the body of the response.
    pub(crate) fn body(self) -> Body {
        let Problem { status, refusal } = self;
        Body {
            problem_type: "about:blank".into(),
            title: status.canonical_reason().unwrap_or("Error").into(),
            status: status.as_u16(),
            detail: refusal.message,
            code: refusal.code,
            retry_ms: refusal.retry_ms,
            head: refusal.head,
        }
    }
}

fn status_of(code: Code) -> StatusCode {
    match code {
        Code::Unauthenticated | Code::SignedOut => StatusCode::UNAUTHORIZED,
        Code::Forbidden | Code::Muted => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Archived | Code::Conflict | Code::Stale => StatusCode::CONFLICT,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::RateLimited | Code::SlowMode => StatusCode::TOO_MANY_REQUESTS,
        Code::BadRequest => StatusCode::BAD_REQUEST,
        Code::Overloaded | Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Problem { status: status_of(refusal.code), refusal }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status;
        let body = self.body();
        let json = serde_json::to_vec(&body).expect("a problem is plain data");
        let mut response = (status, json).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(ms) = body.retry_ms {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000)));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Returns a problem for a status, in our words: for errors that axum or a layer answered itself.
pub(crate) fn of_status(status: StatusCode) -> Problem {
    let (code, message) = match status.as_u16() {
        401 => (Code::Unauthenticated, "Sign in first."),
        403 => (Code::Forbidden, "You are not allowed to do this."),
        404 => (Code::NotFound, "Not found."),
        405 => (Code::BadRequest, "This method is not allowed here; see the Allow header."),
        408 => (Code::Unavailable, "The request took too long to arrive."),
        413 => (Code::TooLarge, "The body is too large."),
        415 => (Code::BadRequest, "The body has the wrong content type."),
        429 => (Code::RateLimited, "Too many requests. Please retry in a moment."),
        431 => (Code::TooLarge, "The headers are too large."),
        500.. => (Code::Unavailable, "Something went wrong on the server. Please retry in a moment."),
        _ => (Code::BadRequest, "Invalid request."),
    };
    Problem::with_status(status, Refusal::new(code, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_also_a_header_in_whole_seconds() {
        let response = Problem::from(Refusal::unavailable("later", 1_200)).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "2");
        assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_JSON);
    }
}
