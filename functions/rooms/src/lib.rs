//! Rooms, members and history over REST.
//!
//! Makes no decisions: it parses requests, calls `service`, and returns the results.

mod approach;
mod compat;
mod failures;
mod history;
mod members;
mod query;
mod rooms;
mod view;

use std::sync::Arc;

use axum::Router;
use service::{Access, Clock, Ids, Marks, Messages, Rooms, Services};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use compat::router as compat;

/// The use cases that the function needs.
#[derive(Clone)]
pub struct RoomsFunction {
    /// Rooms and members.
    pub rooms: Arc<Rooms>,
    /// History, and changes to messages.
    pub messages: Arc<Messages>,
    /// Read marks.
    pub marks: Arc<Marks>,
    /// Access checks.
    pub access: Arc<Access>,
    /// The source of new ids.
    pub ids: Ids,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl RoomsFunction {
    /// Takes the use cases that the function needs.
    pub fn of(services: &Services) -> Self {
        RoomsFunction {
            rooms: services.rooms.clone(),
            messages: services.messages.clone(),
            marks: services.marks.clone(),
            access: services.access.clone(),
            ids: services.ids.clone(),
            clock: services.ports.clock.clone(),
        }
    }
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Palaver rooms", description = "Rooms, members and history. Also under `/api/chat/rooms`."),
    tags(
        (name = "rooms", description = "Rooms: those of the caller, the directory, and their properties"),
        (name = "members", description = "Joining, leaving, invitations, roles and moderation"),
        (name = "messages", description = "Messages: history, changes, reactions, threads, pins and read marks"),
        (name = "blocks", description = "The users whom the caller blocks")
    )
)]
struct Document;

/// Returns the routes, under `/api/rooms` and `/api/chat/rooms`.
pub fn router(service: RoomsFunction) -> Router {
    let (routes, _) = described().split_for_parts();
    Router::new().nest("/api/rooms", routes.clone()).nest("/api/chat/rooms", routes).with_state(service)
}

/// Returns the OpenAPI document of the function.
pub fn openapi() -> OpenApi {
    OpenApiRouter::<RoomsFunction>::with_openapi(Document::openapi())
        .nest("/api/rooms", described())
        .split_for_parts()
        .1
}

fn described() -> OpenApiRouter<RoomsFunction> {
    OpenApiRouter::new()
        .routes(routes!(rooms::list, rooms::create))
        .routes(routes!(rooms::directory))
        .routes(routes!(rooms::direct))
        .routes(routes!(approach::blocks))
        .routes(routes!(approach::block, approach::unblock))
        .routes(routes!(approach::accept))
        .routes(routes!(approach::ignore))
        .routes(routes!(rooms::get, rooms::update))
        .routes(routes!(rooms::archive))
        .routes(routes!(rooms::unarchive))
        .routes(routes!(rooms::settings))
        .routes(routes!(members::join))
        .routes(routes!(members::leave))
        .routes(routes!(members::list))
        .routes(routes!(members::get, members::set_role))
        .routes(routes!(members::invite))
        .routes(routes!(members::kick))
        .routes(routes!(members::ban))
        .routes(routes!(members::unban))
        .routes(routes!(members::mute))
        .routes(routes!(members::unmute))
        .routes(routes!(history::page, history::send))
        .routes(routes!(history::one, history::edit, history::delete))
        .routes(routes!(history::react))
        .routes(routes!(history::reactors))
        .routes(routes!(history::thread))
        .routes(routes!(history::pins))
        .routes(routes!(history::pin, history::unpin))
        .routes(routes!(history::mark, history::read))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_document_lists_the_served_paths() {
        let document = super::openapi();
        for path in ["/api/rooms", "/api/rooms/directory", "/api/rooms/{room}", "/api/rooms/{room}/messages/{seq}"] {
            assert!(document.paths.paths.contains_key(path), "{path} of {:?}", document.paths.paths.keys());
        }
    }
}
