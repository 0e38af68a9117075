//! The presence function alone: wiring only.

#[tokio::main]
async fn main() -> Result<(), profile::FunctionError> {
    let environment = |name: &str| std::env::var(name).ok();
    let router = |services: &service::Services| presence::router(services.presence.clone());
    profile::function::<profile::WithoutFiles>(environment, "presence", "/api/presence", presence::openapi(), router)
        .await
}
