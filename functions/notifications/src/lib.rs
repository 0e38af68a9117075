//! The caller's notifications over REST, and posting for admins and services.
//!
//! Makes no decisions: it parses requests, calls `service`, and returns the results.

mod compat;
mod handlers;
// Its tests run with all others, whichever adapters are enabled.
#[cfg(any(feature = "stream", test))]
mod stream;

use std::sync::Arc;

use axum::Router;
use service::Notifications;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[cfg(feature = "stream")]
pub use stream::{ChangedRows, Dispatcher, FeedEvent, Scheduled, ScheduledKind, StreamAnswer, StreamEvent};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Palaver notifications", description = "A user's notifications, and whether they were read."),
    tags((name = "notifications", description = "A user's notifications, and whether they were read"))
)]
struct Document;

pub use compat::router as compat;

/// Returns the routes, under `/api/notifications`.
pub fn router(service: Arc<Notifications>) -> Router {
    described().split_for_parts().0.with_state(service)
}

/// Returns the OpenAPI document of the function.
pub fn openapi() -> OpenApi {
    described().split_for_parts().1
}

fn described() -> OpenApiRouter<Arc<Notifications>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(handlers::post))
        .routes(routes!(handlers::list, handlers::delete))
        .routes(routes!(handlers::unread_count))
        .routes(routes!(handlers::read_all))
        .routes(routes!(handlers::read))
}
