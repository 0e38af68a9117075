//! How often a user may change things, over all logs of this node. Pure but for its memory: the time is
//! an argument.

use std::collections::HashMap;
use std::time::Duration;

use domain::limits::Limits;
use domain::{Actor, Change, Code, Gcra, Intent, Refusal, UserId};
use parking_lot::Mutex;

/// Buckets that are kept before full ones are thrown away.
const KEPT: usize = 50_000;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Send,
    Join,
    Scan,
}

/// A limiter for each user and kind.
pub struct Rates {
    limits: Limits,
    buckets: Mutex<HashMap<(UserId, Kind), Gcra>>,
}

impl Rates {
    /// With an operator's limits.
    pub fn new(limits: Limits) -> Self {
        Rates { limits, buckets: Mutex::default() }
    }

    /// Counts a change that the look-up found to be new.
    pub fn change(&self, change: &Change, now: Duration) -> Result<(), Refusal> {
        let kind = match change.intent {
            Intent::Own(_) => return Ok(()),
            Intent::Join | Intent::Create { .. } => Kind::Join,
            _ => Kind::Send,
        };
        self.count(&change.by, kind, now)
    }

    /// Counts a look-up that has to read the log.
    pub fn scan(&self, actor: &Actor, now: Duration) -> Result<(), Refusal> {
        self.count(actor, Kind::Scan, now)
    }

    fn count(&self, actor: &Actor, kind: Kind, now: Duration) -> Result<(), Refusal> {
        if actor.user == UserId::SYSTEM {
            return Ok(());
        }
        let (limit, period) = match kind {
            Kind::Send => (self.limits.sends_per_10s, Duration::from_secs(10)),
            Kind::Join => (self.limits.joins_per_minute, Duration::from_secs(60)),
            Kind::Scan => (self.limits.scans_per_10s, Duration::from_secs(10)),
        };
        let mut buckets = self.buckets.lock();
        if buckets.len() >= KEPT {
            // A limiter that is even equals a new one.
            buckets.retain(|_, bucket| !bucket.is_even(now));
        }
        let bucket = buckets.entry((actor.user, kind)).or_insert_with(|| Gcra::new(limit, period));
        let Err(wait) = bucket.take(now, 1) else { return Ok(()) };
        let wait = wait.as_nanos().div_ceil(1_000_000) as u64;
        let what = match kind {
            Kind::Send => "You send too fast",
            Kind::Join => "You join too many rooms",
            Kind::Scan => "Too many repeats of old changes",
        };
        Err(Refusal::new(Code::RateLimited, format!("{what}; try again in {} s.", wait.div_ceil(1_000))).retry_in(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_refills_evenly() {
        let rates = Rates::new(Limits { sends_per_10s: 2, ..Limits::default() });
        let actor = Actor { user: UserId(uuid::Uuid::from_u128(7)), ..Actor::SYSTEM };
        let count = |ms| rates.count(&actor, Kind::Send, Duration::from_millis(ms));
        assert!(count(0).is_ok() && count(0).is_ok());
        assert_eq!(count(0).expect_err("empty").retry_ms, Some(5_000));
        assert!(count(4_000).is_err());
        assert!(count(5_000).is_ok());
        assert!(count(5_000).is_err());
        assert!(rates.count(&Actor::SYSTEM, Kind::Send, Duration::ZERO).is_ok());
    }
}
