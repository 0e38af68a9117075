//! The files function as a program: wiring only.

#[tokio::main]
async fn main() -> Result<(), host::FunctionError> {
    let Some(settings) = host::begin("files", std::env::args(), std::env::vars_os())? else { return Ok(()) };
    let router = |services: &service::Services| files::router(services.files.clone());
    host::function::<host::WithFiles>(settings, "files", "/api/files", files::openapi(), router).await
}
