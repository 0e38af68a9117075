//! The files function alone: wiring only.

#[tokio::main]
async fn main() -> Result<(), profile::FunctionError> {
    let Some(settings) = profile::begin("files", std::env::args(), std::env::vars())? else { return Ok(()) };
    let router = |services: &service::Services| files::router(services.files.clone());
    profile::function::<profile::WithFiles>(settings, "files", "/api/files", files::openapi(), router).await
}
