//! Runs a function as its own process: an HTTP server, or an AWS Lambda function.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use service::{Duties, Publisher, Services, TaskFailure};
use utoipa::openapi::OpenApi;
use web::compat::OlderRoutes;
use web::{Json, Problem, WebSettings};

use crate::{BeginError, BlobBackend, OpenError, Profile, Settings};

/// Why a function does not run. The text says what to do.
#[derive(thiserror::Error)]
pub enum FunctionError {
    /// The program could not start.
    #[error(transparent)]
    Begin(#[from] BeginError),
    /// The data cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A background task failed repeatedly.
    #[error(transparent)]
    Task(#[from] TaskFailure),
    /// A network or runtime error.
    #[error("cannot serve the function: {0}")]
    Serve(#[from] std::io::Error),
}

/// `main` prints its error in `Debug` form, so this prints the text and not the fields.
impl std::fmt::Debug for FunctionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// A function that is opened and ready to serve.
pub struct Function {
    /// The opened stores and use cases.
    pub profile: Profile,
    /// Announces commits to the other nodes.
    pub publisher: Arc<Publisher>,
    /// Whether this function manages the bytes of files.
    has_bytes: bool,
}

impl Function {
    /// Opens the backends from the settings. `F` says whether the function ever touches the bytes of files; if it does
    /// not, the code that stores them is not linked.
    pub async fn open<F: BlobBackend>(settings: &Settings, name: &str) -> Result<Function, OpenError> {
        let profile = Profile::open_with::<F>(settings, Some(name)).await?;
        let publisher = Publisher::start(profile.services.ports.bus.clone());
        profile.services.logs.add_listener(publisher.clone());
        Ok(Function { profile, publisher, has_bytes: F::HAS_BYTES })
    }

    /// Finishes deletions of accounts, and removes files that are no longer needed, if this function manages their bytes.
    /// Returns whether it does.
    async fn sweep(&self) -> Result<Json<BTreeMap<&'static str, bool>>, Problem> {
        self.profile.services.admin.finish_deletions().await?;
        if self.has_bytes {
            self.profile.services.files.sweep().await?;
        }
        Ok(Json(BTreeMap::from([("files", self.has_bytes)])))
    }

    /// Returns when no work left behind by a call is pending: Lambda freezes the process once it has the answer.
    pub async fn settle(&self) {
        tokio::join!(self.profile.settle(), self.publisher.flush());
    }
}

/// The routes of a function.
#[derive(Debug, Clone, Copy)]
pub struct Routers {
    /// The routes of the API.
    pub native: fn(&Services) -> Router,
    /// Those of the older contract, from the root; `None` for a function that has none.
    pub older: Option<fn(&Services) -> Router>,
}

impl Routers {
    /// Returns the routes of a function that the older contract does not know.
    pub fn native(native: fn(&Services) -> Router) -> Self {
        Routers { native, older: None }
    }
}

/// Adds the routes of the older contract at the root, and below the function's path as in the process that serves all.
fn with_older(
    native: Router,
    prefix: &'static str,
    services: &Services,
    older: Option<fn(&Services) -> Router>,
) -> Router {
    let Some(older) = older else { return native };
    let routes = older(services);
    let places = ["", older_prefix(prefix)].map(|prefix| OlderRoutes { prefix, routes: routes.clone() });
    web::compat::serve_older(native, services.compat.mode(), places.into())
}

/// Returns the path below which the older contract has a function: rooms are those of `chat`.
fn older_prefix(prefix: &'static str) -> &'static str {
    if prefix == "/api/rooms" { "/api/chat" } else { prefix }
}

/// Serves one function alone until the process is asked to stop: its routes, its OpenAPI document, its health. Runs as an
/// AWS Lambda function if `AWS_LAMBDA_RUNTIME_API` is set, otherwise as an HTTP server.
pub async fn function<F: BlobBackend>(
    settings: Settings,
    name: &'static str,
    prefix: &'static str,
    document: OpenApi,
    routers: Routers,
) -> Result<(), FunctionError> {
    let settings = Arc::new(settings);
    let web_settings = settings.web.clone();
    let url = settings.public_url.clone();
    let routes = move |profile: &Profile| {
        let routes = (routers.native)(&profile.services)
            .merge(web::docs_at(prefix, document.clone(), url.as_ref()))
            .merge(web::docs_at("", document.clone(), url.as_ref()))
            .merge(profile.health(env!("CARGO_PKG_VERSION")).router_below(&[prefix]));
        let routes = with_older(routes, prefix, &profile.services, routers.older);
        let shared_counts = Some(profile.services.shared_counts.clone());
        let web_settings = WebSettings { shared_counts, ..web_settings.clone() };
        web::below(web::mount(routes, profile.services.auth.clone(), &web_settings), url.as_ref())
    };
    if crate::is_lambda() {
        let routes = Arc::new(routes);
        // Nothing runs between two calls, so no work may be left pending: no feed, and sweeps only when a schedule asks
        // for them.
        let open = move || {
            let (settings, routes) = (settings.clone(), routes.clone());
            async move {
                let function = Arc::new(Function::open::<F>(&settings, name).await?);
                Ok::<_, OpenError>(routes(&function.profile).layer(from_fn_with_state(function, answer)))
            }
        };
        return Ok(crate::calls(open).await?);
    }
    let function = Function::open::<F>(&settings, name).await?;
    let running = function.profile.services.start_duties(Duties { feed: settings.feed, files: F::HAS_BYTES });
    let supervisor = running.supervisor().clone();
    crate::serve(routes(&function.profile), &settings, &supervisor).await?;
    running.stop().await;
    function.profile.close().await;
    supervisor.failure().map_or(Ok(()), |failure| Err(failure.into()))
}

/// Answers a call, or runs the due work if the event is a schedule's and not a call. Delays the answer until the work it
/// promises can no longer be lost when the process is frozen.
async fn answer(State(function): State<Arc<Function>>, request: Request, next: Next) -> Response {
    let response = match crate::is_call(&request) {
        true => next.run(request).await,
        false => function.sweep().await.into_response(),
    };
    function.settle().await;
    response
}
