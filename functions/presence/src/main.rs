//! The presence function alone: wiring only.

#[tokio::main]
async fn main() -> Result<(), profile::FunctionError> {
    let Some(settings) = profile::begin("presence", std::env::args(), std::env::vars())? else { return Ok(()) };
    let router = |services: &service::Services| presence::router(services.presence.clone());
    profile::function::<profile::WithoutFiles>(settings, "presence", "/api/presence", presence::openapi(), router).await
}
