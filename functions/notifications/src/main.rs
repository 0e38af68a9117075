//! The notifications function as a program: wiring only.

#[tokio::main]
async fn main() -> Result<(), host::FunctionError> {
    let Some(settings) = host::begin("notifications", std::env::args(), std::env::vars_os())? else { return Ok(()) };
    let router = |services: &service::Services| notifications::router(services.notifications.clone());
    host::function::<host::WithoutFiles>(
        settings,
        "notifications",
        "/api/notifications",
        notifications::openapi(),
        router,
    )
    .await
}
