//! The auth function as a program: wiring only.

#[tokio::main]
async fn main() -> Result<(), host::FunctionError> {
    let Some(settings) = host::begin("auth", std::env::args(), std::env::vars_os())? else { return Ok(()) };
    let routers = host::Routers::native(|services| auth::router(auth::AuthFunction::of(services)));
    host::function::<host::WithoutFiles>(settings, "auth", "/api/auth", auth::openapi(), routers).await
}
