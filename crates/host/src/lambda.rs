//! The same router as an AWS Lambda function, and handlers of other events. Nothing but the translation of events and
//! Lambda's own limits are here.

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
use web::Problem;

/// When a call may be repeated that came to a function which cannot start.
const RETRY_MS: u64 = 1_000;

/// Answers calls until the runtime ends the process, with the router that `open` makes meanwhile. A call that comes before
/// it is there waits; while it cannot be made, callers are told to come again.
pub async fn calls<E, O>(open: impl Fn() -> O + Send + Sync + 'static) -> io::Result<()>
where
    E: Display + Send + 'static,
    O: Future<Output = Result<Router, E>> + Send + 'static,
{
    let routers = Opening::start(move || open().map_ok(for_lambda));
    let routers = &routers;
    // The stage of a REST API is no part of the path that routes know.
    lambda_http::run(service_fn(move |call: lambda_http::Request| async move {
        match routers.get().await {
            Ok(router) => router.oneshot(call).await,
            // The log says why; a caller can do nothing about it.
            Err(_) => {
                Ok(Problem::from(Refusal::unavailable("This did not start; try again.", RETRY_MS)).into_response())
            }
        }
    }))
    .await
    .map_err(io::Error::other)
}

/// Answers events of another kind than calls (a stream's records, say) until the runtime ends the process, with what `open`
/// makes meanwhile. An error of either fails the whole event, which its source sends again.
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

/// Whether a Lambda that answers calls was called by one. What else it is sent (by a schedule, say) comes as a request, too,
/// which nobody can make over HTTP.
pub fn is_call(request: &Request) -> bool {
    !matches!(request.request_context_ref(), Some(RequestContext::PassThrough))
}

fn for_lambda(router: Router) -> Router {
    router.layer(from_fn(bounded)).layer(from_fn(as_connection))
}

/// The address of the caller, which API Gateway says in the event and not in the connection.
async fn as_connection(mut request: Request, next: Next) -> Response {
    let source = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref(),
        Some(RequestContext::ApiGatewayV1(context)) => context.identity.source_ip.as_deref(),
        _ => None,
    };
    if let Some(address) = source.and_then(|text| text.parse().ok()) {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, 0)));
    }
    next.run(request).await
}

/// Lambda carries 6 MB each way, in base64: what is larger is refused with words that say what to do instead of cut off
/// without any.
async fn bounded(request: Request, next: Next) -> Response {
    if request.body().size_hint().lower() > LAMBDA_BODY {
        return too_large("A call takes 4 MB at most here. Ask POST /api/files/presign where to upload a larger file.");
    }
    let response = next.run(request).await;
    if response.body().size_hint().lower() > LAMBDA_BODY {
        return too_large("An answer has 4 MB at most here. Ask for a part of the file with Range.");
    }
    response
}

fn too_large(text: &str) -> Response {
    Problem::from(Refusal::new(Code::TooLarge, text)).into_response()
}

#[cfg(test)]
mod tests;
