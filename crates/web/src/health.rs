//! `GET /health`: whether this process can do its work, for load balancers and people.

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
pub type Check = Box<dyn Fn() -> BoxFuture<'static, Result<(), &'static str>> + Send + Sync>;

/// The checks of a process, by name.
#[derive(Clone)]
pub struct Health {
    version: &'static str,
    checks: Arc<Vec<(&'static str, Check)>>,
}

/// The answer of `/health`: 200 when all checks pass, else 503.
#[derive(Debug, Serialize, ToSchema)]
struct Report {
    /// `ok` or `failing`.
    status: &'static str,
    /// The version that runs.
    version: &'static str,
    /// Each check: `ok`, or what does not work.
    checks: BTreeMap<&'static str, &'static str>,
}

impl Health {
    /// `version` is that of the binary.
    pub fn new(version: &'static str, checks: Vec<(&'static str, Check)>) -> Self {
        Health { version, checks: Arc::new(checks) }
    }

    /// The route `/health`.
    pub fn router(self) -> Router {
        Router::new().route("/health", get(move || self.clone().answer()))
    }

    async fn answer(self) -> Response {
        let results = self.checks.iter().map(|(name, check)| async move {
            let result = tokio::time::timeout(PATIENCE, check()).await.unwrap_or(Err("no answer in time"));
            (*name, result.err().unwrap_or("ok"))
        });
        let checks: BTreeMap<_, _> = join_all(results).await.into_iter().collect();
        let healthy = checks.values().all(|result| *result == "ok");
        let (code, status) = match healthy {
            true => (StatusCode::OK, "ok"),
            false => (StatusCode::SERVICE_UNAVAILABLE, "failing"),
        };
        (code, Json(Report { status, version: self.version, checks })).into_response()
    }
}
