//! The files function alone: wiring only.

#[tokio::main]
async fn main() -> Result<(), profile::FunctionError> {
    let environment = |name: &str| std::env::var(name).ok();
    let router = |services: &service::Services| files::router(services.files.clone());
    profile::function::<profile::WithFiles>(environment, "files", "/api/files", files::openapi(), router).await
}
