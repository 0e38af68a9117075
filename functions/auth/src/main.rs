//! The auth function alone: wiring only.

#[tokio::main]
async fn main() -> Result<(), profile::FunctionError> {
    let Some(settings) = profile::begin("auth", std::env::args(), std::env::vars())? else { return Ok(()) };
    let router = |services: &service::Services| auth::router(services.auth.clone());
    profile::function::<profile::WithoutFiles>(settings, "auth", "/api/auth", auth::openapi(), router).await
}
