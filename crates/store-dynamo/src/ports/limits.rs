//! Implements `SharedLimits`: one item for each key, changed on the condition that nobody else changed it. For
//! installations without a Redis, whose functions live for one call.

use std::time::Duration;

use async_trait::async_trait;
use domain::{Gcra, Timestamp};
use service::ports::{Rate, SharedLimits, StoreResult};

use crate::item::{Item, number};
use crate::keys;
use crate::op::{Op, When};
use crate::table_store::{TableStore, WriteError, jitter};

/// How often a count is decided again if another process changed it meanwhile.
const ATTEMPTS: u32 = 10;
/// The longest pause before the next of them.
const PAUSE: Duration = Duration::from_millis(40);
/// How long a caller waits if so many others count the same key that none of its attempts succeeded.
const CONTENDED: Duration = Duration::from_secs(1);

/// Costs: a read and a write, and as much for each time that another process changed the count in between.
#[async_trait]
impl SharedLimits for TableStore {
    async fn take(&self, key: &str, rate: Rate, now: Timestamp) -> Option<Result<(), Duration>> {
        // A caller that is refused under contention is one of many that try at once, which is what a limit is for.
        let taken = self.change_limit(key, rate, now, |limiter, now| limiter.take(now, 1)).await;
        answered(taken).map(|taken| taken.unwrap_or(Err(CONTENDED)))
    }

    async fn give_back(&self, key: &str, rate: Rate, now: Timestamp) {
        let given = self.change_limit(key, rate, now, |limiter, _| {
            limiter.give_back(1);
            Ok(())
        });
        answered(given.await);
    }

    // Each call is paid for.
    fn is_cheap(&self) -> bool {
        false
    }

    async fn add(&self, key: &str, rate: Rate, count: u32, now: Timestamp) -> Option<Duration> {
        let mut debt = Duration::ZERO;
        let added = self.change_limit(key, rate, now, |limiter, now| {
            limiter.owe(now, count, rate.period);
            debt = limiter.even().saturating_sub(now);
            Ok(())
        });
        answered(added.await)?;
        Some(debt)
    }
}

impl TableStore {
    /// Changes the count of a key, unless the change is refused. Returns `None` if other processes changed it each time.
    async fn change_limit(
        &self,
        key: &str,
        rate: Rate,
        now: Timestamp,
        mut change: impl FnMut(&mut Gcra, Duration) -> Result<(), Duration> + Send,
    ) -> StoreResult<Option<Result<(), Duration>>> {
        let since_1970 = Duration::from_millis(now.0.max(0) as u64);
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(PAUSE.mul_f64(jitter())).await;
            }
            let read = match self.get(keys::limit(key)).await? {
                Some(item) => Some(item.number("ev")?),
                None => None,
            };
            let even = Duration::from_nanos(read.unwrap_or_default());
            let mut limiter = Gcra::even_at(rate.count, rate.period, even);
            if let Err(wait) = change(&mut limiter, since_1970) {
                return Ok(Some(Err(wait)));
            }

            let even_ns = u64::try_from(limiter.even().as_nanos()).unwrap_or(u64::MAX);
            // Counted from now at least: the table never deletes what ended years ago.
            let even = Timestamp(i64::try_from(limiter.even().as_millis()).unwrap_or(i64::MAX));
            let ends = even.max(now) + rate.period;
            let item = Item::at(keys::limit(key)).with("ev", number(even_ns)).expires(ends);
            match self.write(vec![Op::Put(item, When::same("ev", read.map(number)))]).await {
                Ok(()) => return Ok(Some(Ok(()))),
                Err(WriteError::Refused(_)) => {}
                Err(WriteError::Store(error)) => return Err(error),
            }
        }
        Ok(None)
    }
}

/// Returns what the table answered. A table that does not answer stops everything else too, so it is logged elsewhere.
fn answered<T>(answer: StoreResult<T>) -> Option<T> {
    answer.inspect_err(|error| tracing::debug!(%error, "rate limit not counted in the table")).ok()
}
