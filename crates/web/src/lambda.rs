//! The same router as an AWS Lambda function, and handlers of other events. Nothing but the translation of events and
//! Lambda's own limits are here.

use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::body::HttpBody;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use domain::limits::LAMBDA_BODY;
use domain::{Code, Refusal};
use lambda_http::lambda_runtime::{self, LambdaEvent};
use lambda_http::request::RequestContext;
use lambda_http::{RequestExt, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Problem;

/// Answers events until the runtime ends the process.
pub(crate) async fn run(router: Router) -> io::Result<()> {
    // The stage of a REST API is no part of the path that routes know.
    lambda_http::run(for_lambda(router)).await.map_err(io::Error::other)
}

/// Answers events of another kind than calls (a stream's records, say) until the runtime ends the process. An error of
/// the handler fails the whole event, which its source sends again.
pub async fn events<E, A, F>(handler: impl Fn(E) -> F) -> io::Result<()>
where
    E: DeserializeOwned,
    A: Serialize,
    F: Future<Output = Result<A, lambda_http::Error>>,
{
    let handler = &handler;
    let service = service_fn(move |event: LambdaEvent<E>| handler(event.payload));
    lambda_runtime::run(service).await.map_err(io::Error::other)
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
