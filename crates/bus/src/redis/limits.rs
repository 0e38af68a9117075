//! Rate limits on Redis: one number for each key, changed by an atomic script.
//!
//! Redis is never the only counter: while it is down, each node uses its own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::Timestamp;
use service::ports::{Rate, SharedLimits};

use super::RedisSettings;
use super::link::Link;
use super::script::{COUNT, Call};

/// One node's access to the limits.
pub struct RedisLimits {
    link: Arc<Link>,
    prefix: String,
    server_clock: bool,
}

impl RedisLimits {
    pub(super) fn new(link: Arc<Link>, settings: &RedisSettings) -> RedisLimits {
        RedisLimits { link, prefix: settings.prefix.clone(), server_clock: settings.server_clock }
    }

    /// Runs the script. Its answer is in microseconds.
    async fn count(&self, what: &str, key: &str, rate: Rate, count: u32, now: Timestamp) -> Option<Duration> {
        let now_us = if self.server_clock { -1 } else { now.0.saturating_mul(1_000) };
        let period_us = u64::try_from(rate.period.as_micros()).unwrap_or(u64::MAX);
        let call = Call::on([format!("{}:limit:{key}", self.prefix)]).arg(now_us).arg(what);
        let call = call.arg(rate.count).arg(period_us).arg(count);
        COUNT.call::<u64>(&self.link, &call).await.map(Duration::from_micros)
    }
}

#[async_trait]
impl SharedLimits for RedisLimits {
    async fn take(&self, key: &str, rate: Rate, now: Timestamp) -> Option<Result<(), Duration>> {
        let wait = self.count("take", key, rate, 1, now).await?;
        Some(if wait.is_zero() { Ok(()) } else { Err(wait) })
    }

    async fn give_back(&self, key: &str, rate: Rate, now: Timestamp) {
        self.count("give_back", key, rate, 1, now).await;
    }

    async fn add(&self, key: &str, rate: Rate, count: u32, now: Timestamp) -> Option<Duration> {
        self.count("add", key, rate, count, now).await
    }
}
