//! Limits how often one address may call. Memory is bounded however many addresses call: `service::throttle`.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::{Code, Refusal};
use service::limits::ADDRESSES;
use service::throttle::Throttle;

use crate::{Client, Problem};

/// How often each address has called since the router was mounted.
pub(crate) struct Calls {
    throttle: Throttle<IpAddr>,
    began: Instant,
}

impl Calls {
    /// Allows this many calls a minute for each address; 0 is no limit.
    pub(crate) fn new(per_minute: u32) -> Self {
        let throttle = Throttle::new(per_minute, Duration::from_secs(60), ADDRESSES);
        Calls { throttle, began: Instant::now() }
    }
}

/// Passes a call on, or answers 429 with the time until the next call is allowed.
pub(crate) async fn limit(State(calls): State<Arc<Calls>>, request: Request, next: Next) -> Response {
    let client = request.extensions().get::<Client>().expect("mount finds the client before it counts");
    match calls.throttle.take(client.network(), calls.began.elapsed()) {
        Ok(()) => next.run(request).await,
        Err(wait) => {
            let refusal =
                Refusal::new(Code::RateLimited, "Too many requests from this address. Please retry in a moment.");
            Problem::from(refusal.retry_in(wait.as_millis() as u64 + 1)).into_response()
        }
    }
}
