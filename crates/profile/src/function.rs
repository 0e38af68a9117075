//! A function as a process of its own: an HTTP server, or an AWS Lambda function.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use domain::limits::{LAMBDA_FILE_BYTES, Limits};
use service::{Duties, Publisher, Services};
use utoipa::openapi::OpenApi;
use web::config::{Config, ConfigErrors};
use web::{Health, log};

use crate::{FileStore, OpenError, Profile, Settings};

/// Why a function does not run; the text says what to do.
#[derive(thiserror::Error)]
pub enum FunctionError {
    /// The settings are wrong.
    #[error(transparent)]
    Settings(#[from] ConfigErrors),
    /// The data cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Anything of the network or the runtime.
    #[error("the function cannot be served: {0}")]
    Serve(#[from] std::io::Error),
    /// The log of what happens.
    #[error(transparent)]
    Log(#[from] log::LogError),
}

/// A program that ends with it shows it in this form: the text, not its parts.
impl std::fmt::Debug for FunctionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// A function that is opened and ready to serve.
pub struct Function {
    /// What it stands on.
    pub profile: Profile,
    /// Tells the other nodes what it commits.
    pub publisher: Arc<Publisher>,
    /// As they were read.
    pub settings: Settings,
}

impl Function {
    /// Reads the settings, installs the log and opens what the settings choose. `F` says whether the function
    /// ever touches the bytes of files: one that does not need not link what stores them.
    pub async fn open<F: FileStore>(
        lookup: impl Fn(&str) -> Option<String>,
        name: &str,
    ) -> Result<Function, FunctionError> {
        let mut config = Config::from_lookup(lookup);
        let settings = Settings::read(&mut config);
        let mut settings = config.finish(settings)?;
        if web::is_lambda() {
            fit_lambda(&mut settings.limits);
        }
        log::install(settings.log_format, &settings.log)?;
        let profile = Profile::open_with::<F>(&settings, Some(name)).await?;
        let publisher = Publisher::start(profile.services.ports.bus.clone());
        profile.services.logs.add_listener(publisher.clone());
        Ok(Function { profile, publisher, settings })
    }

    /// Returns when nothing that a call left behind is still to be done: Lambda stops the process with the answer.
    pub async fn settle(&self) {
        tokio::join!(self.profile.services.settle(), self.publisher.flush());
    }
}

/// Serves one function alone until the process is told to stop: its routes, its OpenAPI document, its health.
/// As an AWS Lambda function where `AWS_LAMBDA_RUNTIME_API` is set, as an HTTP server otherwise.
pub async fn function<F: FileStore>(
    lookup: impl Fn(&str) -> Option<String>,
    name: &str,
    prefix: &str,
    document: OpenApi,
    router: impl FnOnce(&Services) -> Router,
) -> Result<(), FunctionError> {
    let function = Arc::new(Function::open::<F>(lookup, name).await?);
    let (profile, settings) = (&function.profile, &function.settings);
    let routes = router(&profile.services)
        .merge(web::docs(prefix, document.clone()))
        .merge(web::docs("", document))
        .merge(Health::new(env!("CARGO_PKG_VERSION"), profile.checks()).router());
    let routes = web::mount(routes, profile.services.auth.clone(), &settings.web);
    if web::is_lambda() {
        // Nothing runs between two calls, so nothing may be left to be done: no feed, no sweeps.
        return Ok(web::serve(routes.layer(from_fn_with_state(function.clone(), settle)), settings.listen).await?);
    }
    let running = profile.services.start_duties(Duties { feed: settings.feed, files: F::HAS_BYTES });
    web::serve(routes, settings.listen).await?;
    running.stop().await;
    function.publisher.flush().await;
    if let Some(function) = Arc::into_inner(function) {
        function.profile.close().await;
    }
    Ok(())
}

/// Holds the answer back until what it promises can no longer be stopped with the process.
async fn settle(State(function): State<Arc<Function>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    function.settle().await;
    response
}

/// What Lambda cannot carry goes straight between clients and the store of files.
fn fit_lambda(limits: &mut Limits) {
    limits.upload_bytes = limits.upload_bytes.min(LAMBDA_FILE_BYTES);
    limits.direct_download_above = limits.direct_download_above.min(LAMBDA_FILE_BYTES);
}
