//! The presence function as a program: wiring only.

#[tokio::main]
async fn main() -> Result<(), host::FunctionError> {
    let Some(settings) = host::begin("presence", std::env::args(), std::env::vars_os())? else { return Ok(()) };
    let router = |services: &service::Services| presence::router(services.presence.clone());
    host::function::<host::WithoutFiles>(settings, "presence", "/api/presence", presence::openapi(), router).await
}
