//! The auth function alone: wiring only.

#[tokio::main]
async fn main() -> Result<(), profile::FunctionError> {
    let environment = |name: &str| std::env::var(name).ok();
    let router = |services: &service::Services| auth::router(services.auth.clone());
    profile::function::<profile::WithoutFiles>(environment, "auth", "/api/auth", auth::openapi(), router).await
}
