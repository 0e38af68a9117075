//! The rooms function alone: wiring only.

#[tokio::main]
async fn main() -> Result<(), profile::FunctionError> {
    let Some(settings) = profile::begin("rooms", std::env::args(), std::env::vars())? else { return Ok(()) };
    let router = |services: &service::Services| rooms::router(rooms::RoomsFunction::of(services));
    profile::function::<profile::WithFiles>(settings, "rooms", "/api/rooms", rooms::openapi(), router).await
}
