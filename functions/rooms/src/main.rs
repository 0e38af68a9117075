//! The rooms function alone: wiring only.

#[tokio::main]
async fn main() -> Result<(), profile::FunctionError> {
    let environment = |name: &str| std::env::var(name).ok();
    let router = |services: &service::Services| rooms::router(rooms::RoomsFunction::of(services));
    profile::function::<profile::WithFiles>(environment, "rooms", "/api/rooms", rooms::openapi(), router).await
}
