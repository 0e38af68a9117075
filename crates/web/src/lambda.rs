//! The same router as an AWS Lambda function. Nothing but the translation of events is here.

use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;

/// Answers events until the runtime ends the process.
pub(crate) async fn run(router: Router) -> io::Result<()> {
    // The stage of a REST API is no part of the path that routes know.
    lambda_http::run(router.layer(from_fn(as_connection))).await.map_err(io::Error::other)
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
