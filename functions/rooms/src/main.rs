//! The rooms function as a program: wiring only.

#[tokio::main]
async fn main() -> Result<(), host::FunctionError> {
    let Some(settings) = host::begin("rooms", std::env::args(), std::env::vars_os())? else { return Ok(()) };
    let routers = host::Routers {
        native: |services| rooms::router(rooms::RoomsFunction::of(services)),
        older: Some(|services| rooms::compat(services.compat.clone())),
    };
    host::function::<host::WithFiles>(settings, "rooms", "/api/rooms", rooms::openapi(), routers).await
}
