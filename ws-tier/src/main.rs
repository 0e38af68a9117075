//! The WebSocket tier alone: wiring only.

use host::{Profile, WithoutFiles};
use web::Health;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Some(settings) = host::begin("ws-tier", std::env::args(), std::env::vars())? else { return Ok(()) };
    let routes = |profile: &Profile| Health::new(env!("CARGO_PKG_VERSION"), profile.checks()).router();
    ws_tier::serve::<WithoutFiles>(settings, routes, |address| {
        println!("The tier is ready: {}", ws_tier::url(address))
    })
    .await?;
    Ok(())
}
