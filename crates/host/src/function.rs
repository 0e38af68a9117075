//! A function as a process of its own: an HTTP server, or an AWS Lambda function.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use service::{Duties, Publisher, Services, TaskFailure};
use utoipa::openapi::OpenApi;
use web::{Json, Problem};

use crate::{BeginError, BlobBackend, OpenError, Profile, Settings};

/// Why a function does not run; the text says what to do.
#[derive(thiserror::Error)]
pub enum FunctionError {
    /// It was started wrongly.
    #[error(transparent)]
    Begin(#[from] BeginError),
    /// The data cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A background task failed again and again.
    #[error(transparent)]
    Task(#[from] TaskFailure),
    /// Anything of the network or the runtime.
    #[error("the function cannot be served: {0}")]
    Serve(#[from] std::io::Error),
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
    /// Whether it looks after the bytes of files.
    has_bytes: bool,
}

impl Function {
    /// Opens what the settings choose. `F` says whether the function ever touches the bytes of files: one that does not
    /// need not link what stores them.
    pub async fn open<F: BlobBackend>(settings: &Settings, name: &str) -> Result<Function, OpenError> {
        let profile = Profile::open_with::<F>(settings, Some(name)).await?;
        let publisher = Publisher::start(profile.services.ports.bus.clone());
        profile.services.logs.add_listener(publisher.clone());
        Ok(Function { profile, publisher, has_bytes: F::HAS_BYTES })
    }

    /// Removes files that are over, where this function looks after their bytes. The answer says whether it does.
    async fn sweep(&self) -> Result<Json<BTreeMap<&'static str, bool>>, Problem> {
        if self.has_bytes {
            self.profile.services.files.sweep().await?;
        }
        Ok(Json(BTreeMap::from([("files", self.has_bytes)])))
    }

    /// Returns when nothing that a call left behind is still to be done: Lambda stops the process with the answer.
    pub async fn settle(&self) {
        tokio::join!(self.profile.settle(), self.publisher.flush());
    }
}

/// Serves one function alone until the process is told to stop: its routes, its OpenAPI document, its health.
/// As an AWS Lambda function where `AWS_LAMBDA_RUNTIME_API` is set, as an HTTP server otherwise.
pub async fn function<F: BlobBackend>(
    settings: Settings,
    name: &'static str,
    prefix: &'static str,
    document: OpenApi,
    router: fn(&Services) -> Router,
) -> Result<(), FunctionError> {
    let settings = Arc::new(settings);
    let web_settings = settings.web.clone();
    let routes = move |profile: &Profile| {
        let routes = router(&profile.services)
            .merge(web::docs(prefix, document.clone()))
            .merge(web::docs("", document.clone()))
            .merge(profile.health(env!("CARGO_PKG_VERSION")).router());
        web::mount(routes, profile.services.auth.clone(), &web_settings)
    };
    if crate::is_lambda() {
        let routes = Arc::new(routes);
        // Nothing runs between two calls, so nothing may be left to be done: no feed, and sweeps when a schedule says so.
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
    crate::serve(routes(&function.profile), settings.listen, &supervisor).await?;
    running.stop().await;
    function.profile.close().await;
    supervisor.failure().map_or(Ok(()), |failure| Err(failure.into()))
}

/// Answers a call, or does what is due where the event is none: a schedule's. Holds the answer back until what it promises
/// can no longer be stopped with the process.
async fn answer(State(function): State<Arc<Function>>, request: Request, next: Next) -> Response {
    let response = match crate::is_call(&request) {
        true => next.run(request).await,
        false => function.sweep().await.into_response(),
    };
    function.settle().await;
    response
}
