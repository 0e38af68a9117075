//! Adds chat to your own program: sign-in and rooms of Palaver beside the program's own routes, on one port, with the
//! data in one folder: `cargo run -p examples --bin embed_router -- ./data`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use axum::Router;
use axum::routing::get;
use host::config::Config;
use host::{IfMissing, Profile, Settings};

#[tokio::main]
pub async fn main() -> anyhow::Result<()> {
    let data = std::env::args().nth(1).map_or(PathBuf::from("./data"), PathBuf::from);
    let profile = open(&data).await?;
    // Background work: the feed that lists a user's rooms and creates notifications, and sweeps.
    let running = profile.services.start();

    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    println!("listening on http://{}", listener.local_addr()?);
    // The limits per address need the caller's address.
    let app = app(&profile).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).with_graceful_shutdown(host::shutdown_signal()).await?;

    running.stop().await;
    profile.close().await;
    Ok(())
}

/// Opens SQLite and a folder for files below `data`. Other settings keep their defaults.
pub async fn open(data: &Path) -> anyhow::Result<Profile> {
    let folder = data.to_str().map(str::to_owned);
    let mut config = Config::from_lookup(|name| folder.clone().filter(|_| name == "PALAVER_DATA"));
    let settings = Settings::read(&mut config);
    Ok(Profile::open(&config.finish(settings)?, IfMissing::Create).await?)
}

/// Returns the program's routes: its own, and those of two functions.
pub fn app(profile: &Profile) -> Router {
    let services = &profile.services;
    let chat = auth::router(auth::AuthFunction::of(services)).merge(rooms::router(rooms::RoomsFunction::of(services)));
    // `mount` adds what each function needs: the caller, limits, request ids, and errors as problem+json.
    let chat = web::mount(chat, services.auth.clone(), &web::WebSettings::default());
    Router::new().route("/", get(|| async { "A shop, with chat at /api/rooms." })).merge(chat)
}
