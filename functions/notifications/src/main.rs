//! The notifications function as a program: wiring only.

#[tokio::main]
async fn main() -> Result<(), host::FunctionError> {
    let Some(settings) = host::begin("notifications", std::env::args(), std::env::vars_os())? else { return Ok(()) };
    let routers = host::Routers {
        native: |services| notifications::router(services.notifications.clone()),
        older: Some(|services| notifications::compat(services.compat.clone())),
    };
    host::function::<host::WithoutFiles>(
        settings,
        "notifications",
        "/api/notifications",
        notifications::openapi(),
        routers,
    )
    .await
}
