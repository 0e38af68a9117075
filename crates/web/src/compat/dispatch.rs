//! Decides whether a call is answered by the older contract's routes or by the native ones.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::{Method, Uri, header};
use service::CompatMode;
use tower::ServiceExt;

use super::detail::in_older_shape;
use crate::Client;
use crate::caller;

/// Paths below a prefix that the native routes answer for everybody: health and documents.
const FOR_EVERYBODY: [&str; 3] = ["/health", "/docs", "/openapi.json"];

/// The older contract's routes of one function, and the paths below which they are served.
#[derive(Clone)]
pub struct OlderRoutes {
    /// What comes before the routes' own paths; empty for the root.
    pub prefix: &'static str,
    /// The routes.
    pub routes: Router,
}

struct Older {
    mode: CompatMode,
    routes: Vec<OlderRoutes>,
}

/// Serves the older contract's routes to the calls that are its own, and `native` to all others.
pub fn serve_older(native: Router, mode: CompatMode, mut routes: Vec<OlderRoutes>) -> Router {
    if !mode.is_on() {
        return native;
    }
    // The most particular path first.
    routes.sort_by_key(|routes| std::cmp::Reverse(routes.prefix.len()));
    native.layer(from_fn_with_state(Arc::new(Older { mode, routes }), dispatch))
}

async fn dispatch(State(older): State<Arc<Older>>, request: Request, next: Next) -> Response {
    let is_preflight = request.method() == Method::OPTIONS;
    let found = older.find(request.uri().path()).filter(|_| !is_preflight);
    match found {
        Some((routes, path)) if older.owns(&request) => {
            let (routes, request) = (routes.clone(), moved(request, &path));
            in_older_shape(routes.oneshot(request).await.unwrap_or_else(|never| match never {}))
        }
        _ => next.run(request).await,
    }
}

impl Older {
    /// Returns the routes that a path belongs to, and the path below their prefix.
    fn find(&self, path: &str) -> Option<(&Router, String)> {
        let below = |routes: &OlderRoutes| {
            let rest = path.strip_prefix(routes.prefix)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
        };
        let (routes, path) = self.routes.iter().find_map(|routes| Some((&routes.routes, below(routes)?)))?;
        let is_for_everybody = FOR_EVERYBODY
            .iter()
            .any(|word| path.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
        let path = if path.is_empty() { "/".to_owned() } else { path };
        (!is_for_everybody && !path.starts_with("/api/")).then_some((routes, path))
    }

    fn owns(&self, request: &Request) -> bool {
        match request.headers().contains_key(header::AUTHORIZATION) {
            true => request.extensions().get::<caller::OlderToken>().is_some(),
            false => self.mode == CompatMode::Guests,
        }
    }
}

/// Returns the call with another path, without what the native routes read from the first one.
fn moved(request: Request, path: &str) -> Request {
    let (mut parts, body) = request.into_parts();
    let mut kept = caller::known(&parts.extensions);
    if let Some(client) = parts.extensions.get::<Client>() {
        kept.insert(*client);
    }
    parts.extensions = kept;
    let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    parts.uri = format!("{path}{query}").parse().unwrap_or_else(|_| Uri::from_static("/"));
    Request::from_parts(parts, body)
}
