//! The auth function as a program: wiring only.

#[tokio::main]
async fn main() -> Result<(), host::FunctionError> {
    let Some(settings) = host::begin("auth", std::env::args(), std::env::vars_os())? else { return Ok(()) };
    let router = |services: &service::Services| auth::router(auth::AuthFunction::of(services));
    host::function::<host::WithoutFiles>(settings, "auth", "/api/auth", auth::openapi(), router).await
}
