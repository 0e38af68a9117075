//! Presence and typing over REST, for clients without a socket.
//!
//! Makes no decisions: it parses requests, calls `service`, and returns the results.

mod compat;
mod handlers;

use std::sync::Arc;

use axum::Router;
use service::Presence;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Palaver presence", description = "Who is online, and who is typing."),
    tags((name = "presence", description = "Who is online, and who is typing"))
)]
struct Document;

pub use compat::router as compat;

/// Returns the routes, under `/api/presence`.
pub fn router(service: Arc<Presence>) -> Router {
    described().split_for_parts().0.with_state(service)
}

/// Returns the OpenAPI document of the function.
pub fn openapi() -> OpenApi {
    described().split_for_parts().1
}

fn described() -> OpenApiRouter<Arc<Presence>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(handlers::list))
        .routes(routes!(handlers::get, handlers::leave))
        .routes(routes!(handlers::heartbeat))
        .routes(routes!(handlers::start_typing, handlers::stop_typing))
        .routes(routes!(handlers::typists))
}
