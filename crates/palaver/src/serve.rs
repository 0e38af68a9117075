//! Serving: everything on one address, until it is told to stop.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use profile::{Profile, Settings};
use rooms::RoomsFunction;
use service::Duties;
use utoipa::openapi::OpenApi;
use web::{Health, Server, shutdown_signal};
use ws_tier::{Parts, Tier, TierSettings};

use crate::page;

/// Sockets beyond those of people that may be open: calls, health checks.
const CONNECTIONS_FOR_CALLS: usize = 1_000;

/// Serves until SIGTERM or Ctrl-C, then lets everybody go and ends cleanly.
pub async fn serve(settings: Settings) -> anyhow::Result<()> {
    // The address first: whoever starts a second server by mistake should not touch the data.
    let server = Server::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}; choose another address with --listen", settings.listen))?
        .with_connections(settings.limits.connections_per_node + CONNECTIONS_FOR_CALLS);
    let address = server.local_address()?;
    let metrics = web::metrics::install()?;
    let metrics_server = match settings.metrics_listen {
        Some(address) => {
            Some(Server::bind(address).await.with_context(|| format!("cannot listen on {address} for metrics"))?)
        }
        None => None,
    };

    let profile = Profile::open(&settings).await?;
    let running = profile.services.start_duties(Duties { feed: settings.feed, ..Duties::default() });
    let tier = Tier::start(Parts::of(&profile.services), tier_settings(&profile, &settings)).await?;
    let router = router(&profile, &tier, &settings);

    if let Some(server) = metrics_server {
        tokio::spawn(server.run(web::metrics::router(metrics), shutdown_signal()));
    }
    println!("Palaver is ready: {}", url(address));
    println!("Its data is in {}. End it with Ctrl-C.", settings.data.display());

    // Sockets are let go first; the listener goes on until they are, so that nobody is cut off.
    let grace = settings.drain;
    let drained = {
        let tier = tier.clone();
        async move {
            shutdown_signal().await;
            tracing::info!("shutting down");
            tier.drain(grace).await;
        }
    };
    server.run(router, drained).await?;
    running.stop().await;
    profile.close().await;
    tracing::info!("ended cleanly");
    Ok(())
}

fn tier_settings(profile: &Profile, settings: &Settings) -> TierSettings {
    let defaults = TierSettings::new(settings.limits.clone());
    TierSettings { node: profile.node.clone(), origins: settings.web.origins.clone(), ..defaults }
}

fn router(profile: &Profile, tier: &Arc<Tier>, settings: &Settings) -> Router {
    let services = &profile.services;
    let functions = Router::new()
        .merge(auth::router(services.auth.clone()))
        .merge(rooms::router(RoomsFunction::of(services)))
        .merge(presence::router(services.presence.clone()))
        .merge(notifications::router(services.notifications.clone()))
        .merge(files::router(services.files.clone()))
        .merge(documents())
        .merge(Health::new(env!("CARGO_PKG_VERSION"), profile.checks()).router())
        .merge(page::router(services.files.direct_origin()));
    web::mount(functions, services.auth.clone(), &settings.web).merge(tier.router())
}

/// The documents of each function, and of the whole.
fn documents() -> Router {
    let functions: [(&str, OpenApi); 5] = [
        ("/api/auth", auth::openapi()),
        ("/api/rooms", rooms::openapi()),
        ("/api/presence", presence::openapi()),
        ("/api/notifications", notifications::openapi()),
        ("/api/files", files::openapi()),
    ];
    let mut whole = OpenApi::default();
    whole.info.title = "Palaver".into();
    whole.info.version = env!("CARGO_PKG_VERSION").into();
    whole.info.description = Some("All functions. The WebSocket at `/v1/ws` is described in docs/protocol.".into());
    let mut router = Router::new();
    for (prefix, document) in functions {
        whole.merge(document.clone());
        router = router.merge(web::docs(prefix, document));
    }
    router.merge(web::docs("", whole))
}

/// Where a person opens it: an address that listens everywhere is reached at this machine's own.
fn url(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("http://127.0.0.1:{}", address.port()),
        false => format!("http://{address}"),
    }
}
