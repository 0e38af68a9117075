//! The notifications function alone: wiring only.

#[tokio::main]
async fn main() -> Result<(), profile::FunctionError> {
    let environment = |name: &str| std::env::var(name).ok();
    let router = |services: &service::Services| notifications::router(services.notifications.clone());
    profile::function::<profile::WithoutFiles>(
        environment,
        "notifications",
        "/api/notifications",
        notifications::openapi(),
        router,
    )
    .await
}
