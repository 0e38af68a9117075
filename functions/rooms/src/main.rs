//! The rooms function as a program: wiring only.

#[tokio::main]
async fn main() -> Result<(), host::FunctionError> {
    let Some(settings) = host::begin("rooms", std::env::args(), std::env::vars_os())? else { return Ok(()) };
    let router = |services: &service::Services| rooms::router(rooms::RoomsFunction::of(services));
    host::function::<host::WithFiles>(settings, "rooms", "/api/rooms", rooms::openapi(), router).await
}
