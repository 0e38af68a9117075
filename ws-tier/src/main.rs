//! The WebSocket tier as its own program: wiring only.

use host::{Profile, WithoutFiles};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Some(settings) = host::begin("ws-tier", std::env::args(), std::env::vars_os())? else { return Ok(()) };
    let routes = |profile: &Profile| profile.health(env!("CARGO_PKG_VERSION")).router();
    ws_tier::serve::<WithoutFiles>(
        settings,
        async |_| Ok(()),
        routes,
        async |address, _: &Profile| println!("The WebSocket tier is ready: {}", address.url()),
    )
    .await?;
    Ok(())
}
