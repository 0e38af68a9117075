//! Where the feed does not get on: for the log, and for whoever asks whether it works.

use std::collections::BTreeMap;
use std::fmt;

use domain::{RoomId, Seq};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::limits::{FEED_TROUBLE_AFTER, FEED_TROUBLE_FORGOTTEN, FEED_TROUBLES};
use crate::log_throttle::LogThrottle;

/// A room that does not get on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Which room.
    pub room: RoomId,
    /// Who stopped: a consumer, or the reader itself.
    pub consumer: &'static str,
    /// The entry that is to be dealt with next.
    pub seq: Seq,
    /// Why, without anything that people wrote.
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

/// What stopped, by room and consumer. Bounded: where very much does not get on, some of it says enough.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    noted: Mutex<BTreeMap<(RoomId, &'static str), Noted>>,
    line: LogThrottle,
}

impl Troubles {
    /// Notes that something stopped, and logs it. The first stop counts for how long it has lasted, unless it got on since.
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

    /// Notes that it got on.
    pub fn over(&self, room: RoomId, consumer: &'static str) {
        self.noted.lock().remove(&(room, consumer));
    }

    /// What has stood still for [`FEED_TROUBLE_AFTER`]. What was not tried again lately is another node's by now.
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
    fn only_what_lasts_is_told_and_only_until_it_gets_on() {
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
    fn what_is_not_tried_any_more_is_forgotten() {
        let (troubles, began) = (Troubles::default(), Instant::now());
        troubles.stopped(trouble(4), began);
        assert_eq!(troubles.lasting(began + FEED_TROUBLE_FORGOTTEN), []);
        assert!(trouble(4).to_string().starts_with("notify stopped at entry 4 of room "));
    }
}
