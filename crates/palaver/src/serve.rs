//! Serves everything on one address until it is stopped; starts and ends in the same way as the tier alone.

use axum::Router;
use host::{BlobsBackend, ListenAddress, Profile, Settings, StoreBackend, WithFiles};
use rooms::RoomsFunction;
use utoipa::openapi::OpenApi;

use crate::page;

/// Serves until SIGTERM or Ctrl-C, then drains the connections and returns.
pub async fn serve(settings: Settings) -> anyhow::Result<()> {
    let places = places(&settings);
    let ready = |address: &ListenAddress| {
        println!("Palaver is ready: {}", address.url());
        println!("Its data is in {places}. Press Ctrl-C to stop.");
    };
    ws_tier::serve::<WithFiles>(settings, router, ready).await?;
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

fn router(profile: &Profile) -> Router {
    let services = &profile.services;
    Router::new()
        .merge(auth::router(services.auth.clone()))
        .merge(rooms::router(RoomsFunction::of(services)))
        .merge(presence::router(services.presence.clone()))
        .merge(notifications::router(services.notifications.clone()))
        .merge(files::router(services.files.clone()))
        .merge(documents())
        .merge(profile.health(env!("CARGO_PKG_VERSION")).router())
        .merge(page::router(services.files.direct_origin()))
}

/// Returns the OpenAPI documents of each function, and of all together.
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
