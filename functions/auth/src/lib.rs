//! Accounts, sign-in and sessions by REST, under `/api/auth`.
//!
//! Makes no decisions: it parses requests, calls `service::auth`, and returns the results. Only how the refresh token
//! travels (in the body or in a cookie) is decided here, because only HTTP has cookies.

mod cookie;
mod me;
mod sessions;
mod sign_in;

use std::sync::Arc;

use axum::Router;
use service::Auth;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Palaver auth", description = "Accounts, guests, sign-in and sessions."),
    tags((name = "auth", description = "Accounts, guests, sign-in, sessions"))
)]
struct Document;

/// Returns the routes, under `/api/auth`.
pub fn router(auth: Arc<Auth>) -> Router {
    described().split_for_parts().0.with_state(auth)
}

/// Returns the OpenAPI document of the function.
pub fn openapi() -> OpenApi {
    described().split_for_parts().1
}

fn described() -> OpenApiRouter<Arc<Auth>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(sign_in::setup))
        .routes(routes!(sign_in::register))
        .routes(routes!(sign_in::login))
        .routes(routes!(sign_in::guest))
        .routes(routes!(sessions::refresh))
        .routes(routes!(sessions::logout))
        .routes(routes!(sessions::ticket))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::end))
        .routes(routes!(me::get, me::update))
        .routes(routes!(me::users))
}
