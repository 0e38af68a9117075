//! Writes one JSON line per call, from allow-listed fields only: never a query string, a header, a body or a path that
//! matches no route, because those contain tokens, names and arbitrary text.

use std::time::{Duration, Instant};

use axum::body::HttpBody;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, Method};
use uuid::Uuid;

use crate::caller::KnownUser;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The target of the lines, for filters.
pub const TARGET: &str = "request";

/// Writes the line when the answer begins, or when the client disconnected before that (status 499).
pub(crate) async fn log(mut request: Request, next: Next) -> Response {
    let user = KnownUser::default();
    request.extensions_mut().insert(user.clone());
    let mut line = Line {
        method: method(request.method()),
        route: request.extensions().get::<MatchedPath>().cloned(),
        id: Uuid::now_v7(),
        user,
        started: Instant::now(),
        answer: None,
    };
    let mut response = next.run(request).await;
    line.answer = Some((response.status().as_u16(), response.body().size_hint().exact()));
    let id = HeaderValue::try_from(line.id.to_string()).expect("a UUID is visible ASCII");
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

struct Line {
    method: &'static str,
    route: Option<MatchedPath>,
    id: Uuid,
    user: KnownUser,
    started: Instant,
    answer: Option<(u16, Option<u64>)>,
}

impl Drop for Line {
    fn drop(&mut self) {
        let (status, bytes) = self.answer.unwrap_or((499, None));
        let route = self.route.as_ref().map_or("-", MatchedPath::as_str);
        let elapsed = self.started.elapsed();
        let user = self.user.0.get().map(tracing::field::display);
        tracing::info!(
            target: TARGET,
            method = self.method,
            route,
            status,
            ms = elapsed.as_millis() as u64,
            bytes,
            user,
            request = %self.id,
        );
        count(self.method, route, status, elapsed);
    }
}

/// Returns a method's name if it is a standard one: any other is text chosen by the client.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Counts a request and records how long it took.
fn count(method: &'static str, route: &str, status: u16, elapsed: Duration) {
    let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_string())];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_seconds", "route" => route.to_owned()).record(elapsed);
}
