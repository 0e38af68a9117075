//! Puts the layers around every function's router, in one order, so that each function is protected alike.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use crate::limits::JSON_BODY;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use domain::Refusal;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use service::auth::Auth;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::extract::PALAVER_EPOCH;
use crate::hosts::{host_of, is_public_name};
use crate::problem::{self, PROBLEM_JSON};
use crate::rate::Calls;
use crate::{Client, Problem, WebSettings};

/// Browsers use TLS for this host from now on, for a year. Hosts below it may have none.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
/// How long browsers cache preflights.
const PREFLIGHT_LIFE: Duration = Duration::from_secs(600);

/// Puts the layers around a router (of one function, or of all): log line, unread bodies, security headers, own hosts, problems for the answers
/// that axum makes itself, panics, rate limit by address, timeouts, body limit, bearer token. A route that accepts larger
/// bodies sets its own inner `DefaultBodyLimit`.
pub fn mount(router: Router, auth: Arc<Auth>, settings: &WebSettings) -> Router {
    let calls = Calls::new(settings.limits.requests_per_minute, settings.shared_counts.as_deref());
    let settings = Arc::new(settings.clone());
    let layers = ServiceBuilder::new()
        .layer(from_fn(crate::request_log::log))
        .layer(from_fn(crate::unread_body::finish))
        .layer(from_fn(crate::headers::secure))
        .layer(from_fn_with_state(settings.clone(), crate::hosts::check))
        .layer(from_fn(explain))
        .layer(CatchPanicLayer::custom(panicked))
        .option_layer((!settings.origins.is_empty()).then(|| cors(&settings)))
        .layer(from_fn_with_state(settings.clone(), recognise))
        .layer(from_fn_with_state(calls, crate::rate::limit))
        .layer(from_fn_with_state(settings.clone(), time_out))
        .layer(DefaultBodyLimit::max(JSON_BODY))
        .layer(from_fn_with_state(auth, crate::caller::authenticate));
    router.layer(RequestBodyTimeoutLayer::new(settings.body_idle_timeout)).layer(layers)
}

/// Identifies the client, for the rate limit and for cookies. A browser that called over TLS must do so from then on
/// (HSTS).
async fn recognise(State(settings): State<Arc<WebSettings>>, mut request: Request, next: Next) -> Response {
    let client = Client::of(&request, &settings);
    let host = host_of(&request).ok().filter(is_public_name);
    let is_https = host.is_some_and(|host| client.https || settings.origins.is_own_https(host.as_str()));
    request.extensions_mut().insert(client);

    let mut response = next.run(request).await;
    if is_https && settings.owns_host {
        response.headers_mut().entry(header::STRICT_TRANSPORT_SECURITY).or_insert(HSTS);
    }
    response
}

/// Ends a call that takes too long. An upload may take longer, but its body must not stall.
async fn time_out(State(settings): State<Arc<WebSettings>>, request: Request, next: Next) -> Response {
    let kind = request.headers().get(header::CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
    // Completing a direct upload reads its bytes once more.
    let upload = kind.starts_with(b"multipart/form-data") || request.uri().path().ends_with("/complete");
    let limit = if upload { settings.upload_timeout } else { settings.request_timeout };
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            Problem::from(Refusal::unavailable("The request took too long. Please retry.", 1_000)).into_response()
        }
    }
}

/// Turns every error that is not a problem yet into one: unknown paths, wrong methods, axum's own rejections. A JSON
/// report of what is wrong (`/health`) stays unchanged.
async fn explain(request: Request, next: Next) -> Response {
    explained(next.run(request).await)
}

fn explained(response: Response) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
    let is_explained = kind.starts_with(PROBLEM_JSON.as_bytes()) || kind.starts_with(b"application/json");
    if is_explained || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let mut explained = problem::of_status(status).into_response();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        explained.headers_mut().insert(header::ALLOW, allow.clone());
    }
    explained
}

/// A panic is a bug: its message goes to the log, and never to a client.
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic.downcast_ref::<String>().map(String::as_str);
    let message = message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown");
    tracing::error!(message, "a handler panicked");
    problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}

fn cors(settings: &WebSettings) -> CorsLayer {
    let origins = settings.origins.iter().map(|origin| origin.parse().expect("an origin is visible ASCII"));
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::PUT, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::RANGE,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("palaver-client"),
            PALAVER_EPOCH,
        ])
        .expose_headers([header::RETRY_AFTER, header::ETAG, HeaderName::from_static("x-request-id"), PALAVER_EPOCH])
        .max_age(PREFLIGHT_LIFE)
}

#[cfg(test)]
mod tests;
