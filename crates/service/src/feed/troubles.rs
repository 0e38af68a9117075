//! Records where the feed is stopped, for the log and for the health check.

use std::collections::BTreeMap;
use std::fmt;

use domain::{RoomId, Seq};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::limits::{FEED_TROUBLE_AFTER, FEED_TROUBLE_FORGOTTEN, FEED_TROUBLES};
use crate::log_throttle::LogThrottle;

/// A room that makes no progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The room's id.
    pub room: RoomId,
    /// What stopped: a consumer, or the reader itself.
    pub consumer: &'static str,
    /// The seq of the entry to process next.
    pub seq: Seq,
    /// The reason, without anything that users wrote.
    pub why: String,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Trouble { room, consumer, seq, why } = self;
        write!(f, "{consumer} stopped at entry {seq} of room {room}: {why}")
    }
}

#[derive(Debug)]
struct Noted {
    trouble: Trouble,
    since: Instant,
    last: Instant,
}

/// What is stopped, by room and consumer. Bounded: if very much is stopped, a part of it is enough to know.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    noted: Mutex<BTreeMap<(RoomId, &'static str), Noted>>,
    line: LogThrottle,
}

impl Troubles {
    /// Records that something stopped, and logs it. Its duration counts from the first stop since it last made
    /// progress.
    pub fn stopped(&self, trouble: Trouble, now: Instant) {
        if let Some(repeated) = self.line.admit(&trouble.to_string(), now.into_std()) {
            let Trouble { room, consumer, seq, why } = &trouble;
            tracing::warn!(%room, consumer, seq, why, repeated, "feed stopped, will retry");
        }
        let mut noted = self.noted.lock();
        let key = (trouble.room, trouble.consumer);
        let since = match noted.get(&key) {
            Some(before) if before.trouble.seq < trouble.seq || is_forgotten(before, now) => now,
            Some(before) => before.since,
            None if noted.len() >= FEED_TROUBLES => return,
            None => now,
        };
        noted.insert(key, Noted { trouble, since, last: now });
    }

    /// Records that it made progress.
    pub fn over(&self, room: RoomId, consumer: &'static str) {
        self.noted.lock().remove(&(room, consumer));
    }

    /// Returns what has been stopped for [`FEED_TROUBLE_AFTER`]. What was not retried recently belongs to another node
    /// by now.
    pub fn lasting(&self, now: Instant) -> Vec<Trouble> {
        let mut noted = self.noted.lock();
        noted.retain(|_, noted| !is_forgotten(noted, now));
        let lasting = noted.values().filter(|noted| now.duration_since(noted.since) >= FEED_TROUBLE_AFTER);
        lasting.map(|noted| noted.trouble.clone()).collect()
    }
}

fn is_forgotten(noted: &Noted, now: Instant) -> bool {
    now.duration_since(noted.last) >= FEED_TROUBLE_FORGOTTEN
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const STEP: Duration = Duration::from_secs(5);

    fn trouble(seq: Seq) -> Trouble {
        Trouble { room: RoomId(uuid::Uuid::from_u128(1)), consumer: "notify", seq, why: "unavailable".into() }
    }

    #[test]
    fn only_lasting_troubles_are_reported_and_only_until_progress() {
        let (troubles, began) = (Troubles::default(), Instant::now());
        troubles.stopped(trouble(4), began);
        assert_eq!(troubles.lasting(began + STEP), []);
        troubles.stopped(trouble(4), began + STEP);
        assert_eq!(troubles.lasting(began + FEED_TROUBLE_AFTER), [trouble(4)]);
        troubles.stopped(trouble(9), began + FEED_TROUBLE_AFTER);
        assert_eq!(troubles.lasting(began + FEED_TROUBLE_AFTER), [], "it moved in between");
        troubles.stopped(trouble(9), began + FEED_TROUBLE_AFTER * 2);
        assert_eq!(troubles.lasting(began + FEED_TROUBLE_AFTER * 2), [trouble(9)]);
        troubles.over(trouble(9).room, "notify");
        assert_eq!(troubles.lasting(began + FEED_TROUBLE_AFTER * 3), []);
    }

    #[test]
    fn a_trouble_that_is_no_longer_retried_is_forgotten() {
        let (troubles, began) = (Troubles::default(), Instant::now());
        troubles.stopped(trouble(4), began);
        assert_eq!(troubles.lasting(began + FEED_TROUBLE_FORGOTTEN), []);
        assert!(trouble(4).to_string().starts_with("notify stopped at entry 4 of room "));
    }
}
