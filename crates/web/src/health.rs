//! Whether this process can do its work, for load balancers, orchestrators and people: `/health`, `/health/live` and
//! `/health/ready`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::future::{BoxFuture, join_all};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Json;

/// How long a check may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(2);

/// Something that must work: `Ok` or a word about what does not. The word is public: no addresses, no names.
pub type Check = Box<dyn Fn() -> BoxFuture<'static, Result<(), Cow<'static, str>>> + Send + Sync>;

/// The checks of a process, by name.
#[derive(Default)]
pub struct Checks {
    /// Without these it can do nothing.
    pub needed: Vec<(&'static str, Check)>,
    /// Without these it does its work, but not as well: a load balancer has no reason to turn away from it.
    pub useful: Vec<(&'static str, Check)>,
}

/// The health of a process.
#[derive(Clone)]
pub struct Health {
    version: &'static str,
    checks: Arc<Checks>,
    is_stopping: fn() -> bool,
}

/// The answer of `/health`: 200 when all needed checks pass, else 503.
#[derive(Debug, Serialize, ToSchema)]
struct Report {
    /// `ok`; `degraded` when something useful does not work; `failing` when something needed does not.
    status: &'static str,
    /// The version that runs.
    version: &'static str,
    /// Each check: `ok`, or what does not work.
    checks: BTreeMap<&'static str, Cow<'static, str>>,
}

impl Health {
    /// `version` is that of the binary.
    pub fn new(version: &'static str, checks: impl Into<Checks>) -> Self {
        Health { version, checks: Arc::new(checks.into()), is_stopping: || false }
    }

    /// Asks this whether the process drains.
    pub fn until(self, is_stopping: fn() -> bool) -> Self {
        Health { is_stopping, ..self }
    }

    /// The routes: `/health`, the whole report; `/health/live`, whether the process is up, which asks nothing of anybody, so
    /// that a store that is away makes nobody restart it; `/health/ready`, whether new work may be sent to it. They are
    /// served once everything is open, so a process that answers has started.
    pub fn router(self) -> Router {
        let is_stopping = self.is_stopping;
        Router::new()
            .route("/health", get(move || self.clone().answer()))
            .route("/health/live", get(async || state(StatusCode::OK, "ok")))
            .route(
                "/health/ready",
                get(move || async move {
                    match is_stopping() {
                        false => state(StatusCode::OK, "ok"),
                        true => state(StatusCode::SERVICE_UNAVAILABLE, "draining"),
                    }
                }),
            )
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
    /// All are needed.
    fn from(needed: Vec<(&'static str, Check)>) -> Self {
        Checks { needed, useful: Vec::new() }
    }
}

fn state(code: StatusCode, status: &'static str) -> Response {
    (code, Json(BTreeMap::from([("status", status)]))).into_response()
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
    async fn a_process_that_drains_lives_and_takes_nothing_new() {
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
    async fn only_what_is_needed_makes_it_fail() {
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
