//! What the installation offers to those who are not signed in.

use std::sync::Arc;

use axum::extract::State;
use service::Offers;
use web::Json;
use wire::rest::config::{ClientLimits, InstallationConfig};

/// Returns who may sign in here, and the limits that a client checks before it sends.
#[utoipa::path(
    get, path = "/api/config", tag = "auth", operation_id = "get_config", security(()),
    responses((status = 200, description = "What the installation offers", body = InstallationConfig))
)]
pub(crate) async fn get(State(offers): State<Arc<Offers>>) -> Json<InstallationConfig> {
    Json(InstallationConfig {
        guests: offers.guests,
        registration: offers.registration,
        contact: offers.contact.clone(),
        limits: ClientLimits { upload_bytes: offers.upload_bytes },
    })
}
