//! Runs the same router as an AWS Lambda function, and handlers of other events. Contains only the translation of events
//! and Lambda's own limits.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::limits::LAMBDA_BODY;
use axum::Router;
use axum::body::HttpBody;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use domain::{Code, Refusal};
use futures_util::TryFutureExt;
use lambda_http::lambda_runtime::{self, LambdaEvent};
use lambda_http::request::RequestContext;
use lambda_http::{RequestExt, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt;

mod opening;

use opening::Opening;
use web::{BehindGateway, Problem};

/// When a caller may retry after the function failed to start.
const RETRY_MS: u64 = 1_000;

/// Answers calls until the runtime ends the process, with the router that `open` creates in the background. Calls that
/// arrive before it is ready wait; if it cannot be created, callers are asked to retry.
pub async fn calls<E, O>(open: impl Fn() -> O + Send + Sync + 'static) -> io::Result<()>
where
    E: Display + Send + 'static,
    O: Future<Output = Result<Router, E>> + Send + 'static,
{
    let routers = Opening::start(move || open().map_ok(for_lambda));
    let routers = &routers;
    // The stage of a REST API is not part of the path that routes know.
    lambda_http::run(service_fn(move |call: lambda_http::Request| async move {
        match routers.get().await {
            Ok(router) => router.oneshot(call).await,
            // The log has the reason; the caller cannot act on it.
            Err(_) => Ok(Problem::from(Refusal::unavailable(
                "The function could not start. Please retry in a moment.",
                RETRY_MS,
            ))
            .into_response()),
        }
    }))
    .await
    .map_err(io::Error::other)
}

/// Handles events other than calls (a stream's records, say) until the runtime ends the process, with what `open` creates
/// in the background. An error of either one fails the whole event, and its source resends it.
pub async fn events<T, E, O, Event, Answer, F, Failure>(
    open: impl Fn() -> O + Send + Sync + 'static,
    answer: impl Fn(Arc<T>, Event) -> F,
) -> io::Result<()>
where
    T: Send + Sync + 'static,
    E: Display + Send + 'static,
    O: Future<Output = Result<T, E>> + Send + 'static,
    Event: DeserializeOwned,
    Answer: Serialize,
    F: Future<Output = Result<Answer, Failure>>,
    Failure: Into<lambda_http::Error>,
{
    let opening = Opening::start(move || open().map_ok(Arc::new));
    let (opening, answer) = (&opening, &answer);
    let service = service_fn(move |event: LambdaEvent<Event>| async move {
        match opening.get().await {
            Ok(opened) => answer(opened, event.payload).await.map_err(Into::into),
            Err(error) => Err(error.to_string().into()),
        }
    });
    lambda_runtime::run(service).await.map_err(io::Error::other)
}

/// Returns whether the event is a call. A Lambda that answers calls also receives other events as requests (from a
/// schedule, say), in a form that no HTTP client can send.
pub fn is_call(request: &Request) -> bool {
    !matches!(request.request_context_ref(), Some(RequestContext::PassThrough))
}

fn for_lambda(router: Router) -> Router {
    router.layer(from_fn(bounded)).layer(from_fn(as_connection))
}

/// Adds the caller's address, which API Gateway puts in the event and not in the connection.
async fn as_connection(mut request: Request, next: Next) -> Response {
    let source = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref(),
        Some(RequestContext::ApiGatewayV1(context)) => context.identity.source_ip.as_deref(),
        _ => None,
    };
    if let Some(address) = source.and_then(|text| text.parse().ok()) {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, 0)));
    }
    request.extensions_mut().insert(BehindGateway);
    next.run(request).await
}

/// Lambda carries 6 MB in each direction, in base64: rejects anything larger with an error that says what to do, because
/// Lambda would cut it off without one.
async fn bounded(request: Request, next: Next) -> Response {
    if request.body().size_hint().lower() > LAMBDA_BODY {
        return too_large(
            "Request bodies are limited to 4 MB here. Use POST /api/files/presign to upload a larger file.",
        );
    }
    let response = next.run(request).await;
    if response.body().size_hint().lower() > LAMBDA_BODY {
        return too_large("Responses are limited to 4 MB here. Request a part of the file with a Range header.");
    }
    response
}

fn too_large(text: &str) -> Response {
    Problem::from(Refusal::new(Code::TooLarge, text)).into_response()
}

#[cfg(test)]
mod tests;
