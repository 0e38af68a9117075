//! The WebSocket tier alone: wiring only.

use anyhow::Context;
use profile::{Profile, Settings, WithoutFiles};
use web::Health;
use web::config::Config;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut config = Config::from_lookup(|name| std::env::var(name).ok());
    let settings = Settings::read(&mut config);
    let settings = config.finish(settings).context("these settings cannot be used")?;
    web::log::install(settings.log_format, &settings.log)?;
    let routes = |profile: &Profile| Health::new(env!("CARGO_PKG_VERSION"), profile.checks()).router();
    ws_tier::serve::<WithoutFiles>(settings, routes, |address| {
        println!("The tier is ready: {}", ws_tier::url(address))
    })
    .await?;
    Ok(())
}
