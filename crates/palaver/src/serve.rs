//! Serves everything on one address until it is stopped; starts and ends in the same way as the tier alone.

use axum::Router;
use domain::Refusal;
use host::{BlobsBackend, ListenAddress, Profile, Settings, StoreBackend, WithFiles};
use rooms::RoomsFunction;
use service::Services;
use web::compat::OlderRoutes;
use web::{Origins, PublicUrl};

use crate::api;
use crate::page::{self, PageSettings};

/// Serves until SIGTERM or Ctrl-C, then drains the connections and returns.
pub async fn serve(settings: Settings) -> anyhow::Result<()> {
    let places = places(&settings);
    let site = Site { url: settings.public_url.clone(), frames: settings.frame_origins.clone() };
    let public = settings.public_url.as_ref().map(ToString::to_string);
    let ready = async |address: &ListenAddress, profile: &Profile| {
        println!("Palaver is ready: {}", public.unwrap_or_else(|| address.url()));
        println!("Its data is in {places}. Press Ctrl-C to stop.");
        // A secret, so it is no line of the log. A service manager may keep what is printed, too.
        if let Ok(Some(token)) = profile.services.auth.accounts.first_token().await {
            println!("The first account becomes the admin. Register it with this token: {token}");
        }
    };
    ws_tier::serve::<WithFiles>(settings, first_rooms, |profile| router(profile, &site), ready).await?;
    Ok(())
}

/// Creates the rooms that a new installation starts with.
async fn first_rooms(profile: &Profile) -> Result<(), Refusal> {
    for slug in profile.services.rooms.create_offered().await? {
        tracing::info!(room = %slug, "created a room for everyone, because there was no room yet");
    }
    Ok(())
}

/// Describes where rows and files are stored.
fn places(settings: &Settings) -> String {
    let folder = settings.data.display();
    let store = match &settings.backends.store {
        StoreBackend::Sqlite => folder.to_string(),
        StoreBackend::Postgres { .. } => "PostgreSQL (DATABASE_URL)".to_owned(),
        StoreBackend::DynamoDb { table } => format!("the DynamoDB table {table}"),
    };
    match &settings.backends.blobs {
        BlobsBackend::Folder if settings.backends.is_local() => store,
        BlobsBackend::Folder => format!("{store}, its files in {folder}"),
        BlobsBackend::S3(bucket) => format!("{store}, its files in s3://{}", bucket.name),
    }
}

/// Where the page and the documents are published.
struct Site {
    url: Option<PublicUrl>,
    frames: Origins,
}

fn router(profile: &Profile, site: &Site) -> Router {
    let services = &profile.services;
    let native = Router::new()
        .merge(auth::router(auth::AuthFunction::of(services)))
        .merge(rooms::router(RoomsFunction::of(services)))
        .merge(presence::router(services.presence.clone()))
        .merge(notifications::router(services.notifications.clone()))
        .merge(files::router(services.files.clone()))
        .merge(api::documents(site.url.as_ref()))
        .merge(profile.health(env!("CARGO_PKG_VERSION")).router_below(&paths(services)))
        .merge(page::router(&PageSettings {
            files: services.files.direct_origin(),
            base: site.url.as_ref().map(PublicUrl::path).unwrap_or_default(),
            frames: site.frames.iter().collect(),
        }));
    let native = match services.compat.mode().is_on() {
        true => native.merge(api::older_document(site.url.as_ref())),
        false => native,
    };
    web::compat::serve_older(native, services.compat.mode(), older_routes(services))
}

/// Returns the paths below which the health is served: with the older contract also that of its rooms.
fn paths(services: &Services) -> Vec<&'static str> {
    let older = services.compat.mode().is_on().then_some(api::OLDER_ROOMS);
    api::PATHS.into_iter().chain(older).collect()
}

/// Returns the routes of the older contract, below the paths at which its clients expect each function.
fn older_routes(services: &Services) -> Vec<OlderRoutes> {
    let compat = || services.compat.clone();
    vec![
        OlderRoutes { prefix: api::OLDER_ROOMS, routes: rooms::compat(compat()) },
        OlderRoutes { prefix: "/api/presence", routes: presence::compat(compat()) },
        OlderRoutes { prefix: "/api/notifications", routes: notifications::compat(compat()) },
        OlderRoutes { prefix: "/api/files", routes: files::compat(services) },
    ]
}
