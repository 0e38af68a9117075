//! The time of a socket that no process watches: derived from the wall clock, and never going back.

use std::time::Duration;

use domain::{Now, Timestamp};
use stored::ProtocolRecord;

/// The maximum time for which a live socket can be silent: API Gateway closes one that is idle for ten minutes. A
/// longer gap, or a negative one, is a step of the wall clock.
const LONGEST_SILENCE: Duration = Duration::from_secs(10 * 60);

/// The time of one socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SocketTime {
    /// By how much the wall clock has stepped, in milliseconds.
    skew: i64,
}

impl SocketTime {
    /// Starts with the wall clock.
    pub fn start() -> SocketTime {
        SocketTime { skew: 0 }
    }

    /// Continues the time of a stored socket. A step of the wall clock counts as if no time had passed.
    pub fn resume(record: &ProtocolRecord, wall: Timestamp) -> SocketTime {
        let silence = wall.0.saturating_sub(record.skew).saturating_sub(record.heard);
        let possible = u64::try_from(silence).is_ok_and(|silence| u128::from(silence) < LONGEST_SILENCE.as_millis());
        let skew = if possible { record.skew } else { wall.0.saturating_sub(record.heard) };
        SocketTime { skew }
    }

    /// Returns the current time of this socket.
    pub fn now(self, wall: Timestamp) -> Now {
        let elapsed = u64::try_from(wall.0.saturating_sub(self.skew)).unwrap_or(0);
        Now { wall, elapsed: Duration::from_millis(elapsed) }
    }

    /// Adds the time to a record.
    pub fn save(self, record: ProtocolRecord) -> ProtocolRecord {
        ProtocolRecord { skew: self.skew, ..record }
    }
}

#[cfg(test)]
mod tests {
    use stored::{BudgetRecord, StateRecord};

    use super::*;

    const HEARD: i64 = 1_790_000_000_000;

    fn record(skew: i64) -> ProtocolRecord {
        let budget = BudgetRecord { allowed: 1, left_milli: 0, at: HEARD };
        ProtocolRecord { heard: HEARD, budget, state: StateRecord::New { until: HEARD, ticket: None }, skew }
    }

    fn passed(record: &ProtocolRecord, wall: i64) -> i64 {
        let wall = Timestamp(wall);
        let now = SocketTime::resume(record, wall).now(wall);
        i64::try_from(now.elapsed.as_millis()).expect("small") - record.heard
    }

    #[test]
    fn time_follows_the_wall_clock_until_it_steps() {
        for silence in [0, 1, 120_000, 599_999] {
            assert_eq!(passed(&record(0), HEARD + silence), silence);
        }
        for step in [-600_000, -1, 600_000, 3_600_000] {
            assert_eq!(passed(&record(0), HEARD + step), 0, "{step}");
        }
    }

    #[test]
    fn time_continues_after_a_step() {
        let wall = Timestamp(HEARD - 600_000);
        let saved = SocketTime::resume(&record(0), wall).save(record(0));
        assert_eq!(saved.skew, -600_000);
        assert_eq!(passed(&saved, HEARD - 600_000 + 25_000), 25_000);
    }
}
