//! Accounts, sign-in and sessions by REST, under `/api/auth`; accounts for admins, under `/api/admin`; and `/api/config`.
//!
//! Makes no decisions: it parses requests, calls `service::auth` and `service::admin`, and returns the results. Only how the refresh token
//! travels (in the body or in a cookie) is decided here, because only HTTP has cookies.

mod admin;
mod config;
mod cookie;
mod me;
mod sessions;
mod sign_in;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use service::{Admin, Auth, Offers, Services};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The use cases that the function needs.
#[derive(Clone)]
pub struct AuthFunction {
    /// Accounts, sessions and tokens.
    pub auth: Arc<Auth>,
    /// What admins do, and the deletion of an account.
    pub admin: Arc<Admin>,
    /// What is offered to those who are not signed in.
    pub offers: Arc<Offers>,
}

impl AuthFunction {
    /// Takes the use cases that the function needs.
    pub fn of(services: &Services) -> Self {
        AuthFunction { auth: services.auth.clone(), admin: services.admin.clone(), offers: services.offers.clone() }
    }
}

impl FromRef<AuthFunction> for Arc<Auth> {
    fn from_ref(service: &AuthFunction) -> Self {
        service.auth.clone()
    }
}

impl FromRef<AuthFunction> for Arc<Admin> {
    fn from_ref(service: &AuthFunction) -> Self {
        service.admin.clone()
    }
}

impl FromRef<AuthFunction> for Arc<Offers> {
    fn from_ref(service: &AuthFunction) -> Self {
        service.offers.clone()
    }
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Palaver auth", description = "Accounts, guests, sign-in and sessions."),
    tags(
        (name = "auth", description = "Accounts, guests, sign-in, sessions"),
        (name = "admin", description = "Accounts, rooms and the audit log, for admins of the installation")
    )
)]
struct Document;

/// Returns the routes, under `/api/auth` and `/api/admin`, and `/api/config`.
pub fn router(service: AuthFunction) -> Router {
    described().split_for_parts().0.with_state(service)
}

/// Returns the OpenAPI document of the function.
pub fn openapi() -> OpenApi {
    described().split_for_parts().1
}

fn described() -> OpenApiRouter<AuthFunction> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(config::get))
        .routes(routes!(sign_in::setup))
        .routes(routes!(sign_in::register))
        .routes(routes!(sign_in::login))
        .routes(routes!(sign_in::guest))
        .routes(routes!(sessions::refresh))
        .routes(routes!(sessions::logout))
        .routes(routes!(sessions::ticket))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::end))
        .routes(routes!(sign_in::reset))
        .routes(routes!(me::get, me::update, me::delete))
        .routes(routes!(me::users))
        .routes(routes!(admin::list))
        .routes(routes!(admin::get, admin::rename, admin::delete))
        .routes(routes!(admin::reset_link))
        .routes(routes!(admin::set_password))
        .routes(routes!(admin::sign_out))
        .routes(routes!(admin::grant))
        .routes(routes!(admin::revoke))
        .routes(routes!(admin::ban))
        .routes(routes!(admin::unban))
        .routes(routes!(admin::delete_room))
        .routes(routes!(admin::audit))
}
