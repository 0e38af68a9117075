//! Calls of a store that are made again while it does not answer: a copy takes long, and every call of it can be repeated.

use std::time::{Duration, Instant};

use service::ports::{StoreError, StoreResult};

use super::limits::PATIENCE;

/// Calls until the answer is no `Unavailable`, or patience ends.
pub async fn patiently<T, F: Future<Output = StoreResult<T>>>(call: impl Fn() -> F) -> StoreResult<T> {
    let until = Instant::now() + PATIENCE;
    loop {
        match call().await {
            Err(StoreError::Unavailable { retry_ms, .. }) if Instant::now() < until => {
                tokio::time::sleep(Duration::from_millis(retry_ms.max(10))).await;
            }
            answer => return answer,
        }
    }
}
