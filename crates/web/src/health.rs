//! Reports whether this process can do its work, for load balancers, orchestrators and people: `/health`, `/health/live`
//! and `/health/ready`, and the same below the path of each function that the process serves.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::future::{BoxFuture, join_all};
use http::StatusCode;
use serde::Serialize;
use utoipa::openapi::OpenApi;
use utoipa::{OpenApi as _, ToSchema};

use crate::Json;

/// How long a check may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(2);

/// A check: returns `Ok`, or a short text about what does not work. The text is public: no addresses, no names.
pub type Check = Box<dyn Fn() -> BoxFuture<'static, Result<(), Cow<'static, str>>> + Send + Sync>;

/// The checks of a process, by name.
#[derive(Default)]
pub struct Checks {
    /// Checks without which the process can do nothing.
    pub needed: Vec<(&'static str, Check)>,
    /// Checks without which the process works, but not as well: a load balancer has no reason to avoid it.
    pub useful: Vec<(&'static str, Check)>,
}

/// The health of a process.
#[derive(Clone)]
pub struct Health {
    version: &'static str,
    checks: Arc<Checks>,
    is_stopping: fn() -> bool,
}

/// Which parts of the server work.
#[derive(Debug, Serialize, ToSchema)]
struct Report {
    /// `ok`; `degraded` if something useful does not work; `failing` if something needed does not.
    status: &'static str,
    /// The version that is running.
    version: &'static str,
    /// The result of each check: `ok`, or what does not work.
    #[schema(value_type = BTreeMap<String, String>)]
    checks: BTreeMap<&'static str, Cow<'static, str>>,
}

impl Health {
    /// Returns the health of a process with these checks. `version` is that of the binary.
    pub fn new(version: &'static str, checks: impl Into<Checks>) -> Self {
        Health { version, checks: Arc::new(checks.into()), is_stopping: || false }
    }

    /// Sets the function that tells whether the process drains.
    pub fn until(self, is_stopping: fn() -> bool) -> Self {
        Health { is_stopping, ..self }
    }

    /// Returns the routes: `/health`, the whole report; `/health/live`, whether the process is up, which runs no check,
    /// so that no orchestrator restarts it because the store is down; `/health/ready`, whether new work may be sent to
    /// it. They are served once everything is open, so a process that answers has started.
    pub fn router(self) -> Router {
        self.router_below(&[])
    }

    /// Like [`Health::router`], and also below these paths: the paths of functions, where a gateway that forwards nothing
    /// else finds them. One process has one health, so all of them say the same.
    pub fn router_below(self, paths: &[&str]) -> Router {
        let routes = Router::new()
            .route("/health", get(report))
            .route("/health/live", get(live))
            .route("/health/ready", get(ready))
            .with_state(self);
        paths.iter().fold(routes.clone(), |router, path| router.nest(path, routes.clone()))
    }

    async fn answer(self) -> Response {
        let (needed, useful) = tokio::join!(results(&self.checks.needed), results(&self.checks.useful));
        let pass = |results: &BTreeMap<&str, Cow<'_, str>>| results.values().all(|result| result == "ok");
        let (code, status) = match (pass(&needed), pass(&useful)) {
            (true, true) => (StatusCode::OK, "ok"),
            (true, false) => (StatusCode::OK, "degraded"),
            (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "failing"),
        };
        let checks = needed.into_iter().chain(useful).collect();
        (code, Json(Report { status, version: self.version, checks })).into_response()
    }
}

impl From<Vec<(&'static str, Check)>> for Checks {
    /// All of them are needed.
    fn from(needed: Vec<(&'static str, Check)>) -> Self {
        Checks { needed, useful: Vec::new() }
    }
}

/// The answer of `/health/live` and `/health/ready`.
#[derive(Debug, Serialize, ToSchema)]
struct ProcessState {
    /// `ok`, or `draining` while the process ends.
    status: &'static str,
}

/// Reports which parts of the server work.
///
/// `failing` comes with 503: without what fails, the server can do nothing. `degraded` comes with 200. The same report is
/// below the path of each function, such as `/api/rooms/health`.
#[utoipa::path(
    get, path = "/health", tag = "health", operation_id = "get_health", security(()),
    responses(
        (status = 200, body = Report),
        (
            status = 503, description = "Something that is needed does not work", body = Report,
            example = json!({ "status": "failing", "version": "0.1.0", "checks": { "store": "the store does not answer" } })
        ),
    )
)]
async fn report(State(health): State<Health>) -> Response {
    health.answer().await
}

/// Answers while the process is up, whatever it depends on.
#[utoipa::path(
    get, path = "/health/live", tag = "health", operation_id = "get_liveness", security(()),
    responses((status = 200, description = "The process is up", body = ProcessState))
)]
async fn live() -> Response {
    state(StatusCode::OK, "ok")
}

/// Reports whether the process takes new work.
#[utoipa::path(
    get, path = "/health/ready", tag = "health", operation_id = "get_readiness", security(()),
    responses(
        (status = 200, description = "The process takes new work", body = ProcessState),
        (status = 503, description = "The process is ending", body = ProcessState, example = json!({ "status": "draining" })),
    )
)]
async fn ready(State(health): State<Health>) -> Response {
    match (health.is_stopping)() {
        false => state(StatusCode::OK, "ok"),
        true => state(StatusCode::SERVICE_UNAVAILABLE, "draining"),
    }
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(report, live, ready), tags((name = "health", description = "Whether the server can do its work")))]
struct Document;

/// Describes the routes.
pub(crate) fn openapi() -> OpenApi {
    Document::openapi()
}

fn state(code: StatusCode, status: &'static str) -> Response {
    (code, Json(ProcessState { status })).into_response()
}

async fn results(checks: &[(&'static str, Check)]) -> BTreeMap<&'static str, Cow<'static, str>> {
    let results = checks.iter().map(|(name, check)| async move {
        let result = tokio::time::timeout(PATIENCE, check()).await.unwrap_or(Err("no answer in time".into()));
        (*name, result.err().unwrap_or("ok".into()))
    });
    join_all(results).await.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use http::Request;
    use tower::ServiceExt;

    use super::*;

    fn check(name: &'static str, result: Result<(), &'static str>) -> (&'static str, Check) {
        (name, Box::new(move || Box::pin(std::future::ready(result.map_err(Cow::from)))))
    }

    async fn asked(checks: impl Into<Checks>) -> (StatusCode, serde_json::Value) {
        let request = Request::get("/health").body(Body::empty()).expect("a request");
        let answer = Health::new("1", checks).router().oneshot(request).await.expect("an answer");
        let code = answer.status();
        let body = to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
        (code, serde_json::from_slice(&body).expect("JSON"))
    }

    #[tokio::test]
    async fn a_draining_process_is_live_but_not_ready() {
        let health = Health::new("1", vec![check("store", Err("does not answer"))]);
        let ask = async |health: Health, path: &str| {
            let request = Request::get(path).body(Body::empty()).expect("a request");
            health.router().oneshot(request).await.expect("an answer").status()
        };
        for path in ["/health/live", "/health/ready"] {
            assert_eq!(ask(health.clone(), path).await, StatusCode::OK, "{path} asks no store");
        }
        let draining = health.until(|| true);
        assert_eq!(ask(draining.clone(), "/health/live").await, StatusCode::OK);
        assert_eq!(ask(draining, "/health/ready").await, StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn only_a_needed_check_makes_it_fail() {
        let (code, report) = asked(vec![check("store", Ok(()))]).await;
        assert_eq!((code, &report["status"]), (StatusCode::OK, &"ok".into()));
        let (needed, useful) = (vec![check("store", Ok(()))], vec![check("bus", Err("is down"))]);
        let (code, report) = asked(Checks { needed, useful }).await;
        assert_eq!((code, &report["status"]), (StatusCode::OK, &"degraded".into()));
        assert_eq!(report["checks"], serde_json::json!({"store": "ok", "bus": "is down"}));
        let (needed, useful) = (vec![check("store", Err("does not answer"))], vec![check("bus", Err("is down"))]);
        let (code, report) = asked(Checks { needed, useful }).await;
        assert_eq!((code, &report["status"]), (StatusCode::SERVICE_UNAVAILABLE, &"failing".into()));
    }
}
