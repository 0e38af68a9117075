//! The wiring of one function's binary: settings, data, router, and a Lambda runtime or an HTTP server.

use axum::Router;
use service::Services;
use utoipa::openapi::OpenApi;
use web::config::{Config, ConfigErrors};
use web::{Health, log};

use crate::{OpenError, Profile, Settings};

/// Why a function's binary ended.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// Settings that cannot be used, all of them.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// The log.
    #[error(transparent)]
    Log(#[from] log::LogError),
    /// The data.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The address, or the Lambda runtime.
    #[error("cannot serve: {0}")]
    Serve(#[from] std::io::Error),
}

/// Serves one function alone: its routes, its documents below `prefix` and at the root, and `/health`.
/// As an AWS Lambda function where `AWS_LAMBDA_RUNTIME_API` is set, as an HTTP server otherwise.
///
/// `lookup` finds settings, as the environment does for a binary. `name` tells the function's leases from
/// those of others that run on the same data.
pub async fn function(
    lookup: impl Fn(&str) -> Option<String>,
    name: &str,
    prefix: &str,
    document: OpenApi,
    router: impl FnOnce(&Services) -> Router,
) -> Result<(), FunctionError> {
    let mut config = Config::from_lookup(lookup);
    let settings = Settings::read(&mut config);
    let settings = config.finish(settings)?;
    log::install(settings.log_format, &settings.log)?;
    let profile = Profile::open_as(&settings, Some(name)).await?;
    let running = profile.services.start();
    let routes = router(&profile.services)
        .merge(web::docs(prefix, document.clone()))
        .merge(web::docs("", document))
        .merge(Health::new(env!("CARGO_PKG_VERSION"), profile.checks()).router());
    web::serve(web::mount(routes, profile.services.auth.clone(), &settings.web), settings.listen).await?;
    running.stop().await;
    profile.close().await;
    Ok(())
}
