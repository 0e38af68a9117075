//! Limits how often one address may call. Memory is bounded however many addresses call: `service::throttle`.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::{Code, Refusal};
use service::throttle::Throttle;

use crate::{Client, Problem};

/// Passes a call on, or answers 429 with the time until the next call is allowed.
pub(crate) async fn limit(State(throttle): State<Arc<Throttle<IpAddr>>>, request: Request, next: Next) -> Response {
    let client = request.extensions().get::<Client>().expect("mount finds the client before it counts");
    match throttle.take(client.network(), Instant::now()) {
        Ok(()) => next.run(request).await,
        Err(wait) => {
            let refusal =
                Refusal::new(Code::RateLimited, "Too many requests from this address. Please retry in a moment.");
            Problem::from(refusal.retry_in(wait.as_millis() as u64 + 1)).into_response()
        }
    }
}
