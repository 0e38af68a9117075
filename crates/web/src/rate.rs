//! Limits how often one address may call, on this node and on all nodes that share a counter. Memory is bounded however many addresses call: `service::throttle`.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::{Code, Refusal, Timestamp};
use service::limits::ADDRESSES;
use service::ports::{Rate, SharedLimits};
use service::shared_counts::{Reports, SharedCounts, Unreported};
use service::throttle::Throttle;

use crate::{Client, Problem};

/// How often each address has called since the router was mounted.
pub(crate) struct Calls {
    rate: Rate,
    throttle: Throttle<IpAddr>,
    /// Calls that other nodes have not been told of; `None` if they share no counter.
    unreported: Option<Unreported<IpAddr>>,
    began: Instant,
}

impl Calls {
    /// Allows this many calls a minute for each address; 0 is no limit.
    pub(crate) fn new(per_minute: u32, shared: Option<&SharedCounts>) -> Arc<Self> {
        let rate = Rate { count: per_minute, period: Duration::from_secs(60) };
        let throttle = Throttle::new(rate.count, rate.period, ADDRESSES);
        let shared = shared.filter(|shared| per_minute > 0 && shared.is_shared());
        let unreported = shared.map(|_| Unreported::default());
        let calls = Arc::new(Calls { rate, throttle, unreported, began: Instant::now() });
        if let Some(shared) = shared {
            shared.add(calls.clone());
        }
        calls
    }

    fn take(&self, from: IpAddr) -> Result<(), Duration> {
        self.throttle.take(from, self.began.elapsed())?;
        if let Some(unreported) = &self.unreported {
            unreported.add(from);
        }
        Ok(())
    }
}

#[async_trait]
impl Reports for Calls {
    async fn report(&self, to: &dyn SharedLimits, now: Timestamp) {
        let Some(unreported) = &self.unreported else { return };
        let owe = |from, debt| self.throttle.raise(from, self.began.elapsed() + debt);
        unreported.report(to, "calls", self.rate, now, owe).await;
    }
}

/// Passes a call on, or answers 429 with the time until the next call is allowed.
pub(crate) async fn limit(State(calls): State<Arc<Calls>>, request: Request, next: Next) -> Response {
    let client = request.extensions().get::<Client>().expect("mount finds the client before it counts");
    match calls.take(client.network()) {
        Ok(()) => next.run(request).await,
        Err(wait) => {
            let refusal =
                Refusal::new(Code::RateLimited, "Too many requests from this address. Please retry in a moment.");
            Problem::from(refusal.retry_in(wait.as_millis() as u64 + 1)).into_response()
        }
    }
}
