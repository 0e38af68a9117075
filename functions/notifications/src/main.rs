//! The notifications function alone: wiring only.

#[tokio::main]
async fn main() -> Result<(), profile::FunctionError> {
    let Some(settings) = profile::begin("notifications", std::env::args(), std::env::vars())? else { return Ok(()) };
    let router = |services: &service::Services| notifications::router(services.notifications.clone());
    profile::function::<profile::WithoutFiles>(
        settings,
        "notifications",
        "/api/notifications",
        notifications::openapi(),
        router,
    )
    .await
}
