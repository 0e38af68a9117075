//! A time, as the log stores it, and the current time, as a machine receives it. Never reads a clock: the caller passes
//! the time in.

use std::{ops::Add, time::Duration};

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns how long after `earlier` this is; zero if it is not later.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).max(0) as u64)
    }
}

/// The current time, as a state machine receives it.
///
/// Timers use `elapsed`, because the wall clock of a node may step: an NTP correction, a suspended machine, a wrong
/// manual setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The time of day: for what is stored or shown, never for a timer.
    pub wall: Timestamp,
    /// The time since a start that the caller chose. Never goes back.
    pub elapsed: Duration,
}

impl Now {
    /// Returns the elapsed time at which the wall clock will show `at`, as far as is known now.
    pub fn elapsed_at(self, at: Timestamp) -> Duration {
        match at >= self.wall {
            true => self.elapsed + at.since(self.wall),
            false => self.elapsed.saturating_sub(self.wall.since(at)),
        }
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;
    fn add(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}
