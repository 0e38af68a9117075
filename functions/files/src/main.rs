//! The files function as a program: wiring only.

#[tokio::main]
async fn main() -> Result<(), host::FunctionError> {
    let Some(settings) = host::begin("files", std::env::args(), std::env::vars_os())? else { return Ok(()) };
    let routers = host::Routers {
        native: |services| files::router(services.files.clone()),
        older: Some(|services| files::compat(services)),
    };
    host::function::<host::WithFiles>(settings, "files", "/api/files", files::openapi(), routers).await
}
