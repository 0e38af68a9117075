//! The presence function as a program: wiring only.

#[tokio::main]
async fn main() -> Result<(), host::FunctionError> {
    let Some(settings) = host::begin("presence", std::env::args(), std::env::vars_os())? else { return Ok(()) };
    let routers = host::Routers {
        native: |services| presence::router(services.presence.clone()),
        older: Some(|services| presence::compat(services.compat.clone())),
    };
    host::function::<host::WithoutFiles>(settings, "presence", "/api/presence", presence::openapi(), routers).await
}
