//! Tracks whether writes work, judging by the last append. Pure: time is an argument.

use std::time::Duration;

use parking_lot::Mutex;

use crate::limits::WRITE_PROBE_INTERVAL;

/// The state of writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteHealth {
    /// The last write completed, or there was none.
    Work,
    /// The last write failed.
    Fail {
        /// Whether it failed because no space is left.
        full: bool,
    },
    /// The last write failed a while ago. The caller makes one and reports its outcome.
    Probe,
}

/// The outcome of the last write. As long as writes work, nothing is written to find out.
#[derive(Debug, Default)]
pub(super) struct LastWrite(Mutex<Fate>);

#[derive(Debug, Default)]
struct Fate {
    /// When the last write failed, or `None` if it succeeded.
    failed_at: Option<Duration>,
    /// Whether it failed because no space was left.
    full: bool,
}

impl LastWrite {
    pub fn ended(&self) {
        self.0.lock().failed_at = None;
    }

    pub fn failed(&self, now: Duration, full: bool) {
        *self.0.lock() = Fate { failed_at: Some(now), full };
    }

    /// Returns the state. A caller that gets [`WriteHealth::Probe`] makes the probe; others do not get it before the
    /// next interval.
    pub fn health(&self, now: Duration) -> WriteHealth {
        let mut fate = self.0.lock();
        match fate.failed_at {
            None => WriteHealth::Work,
            Some(at) if now.saturating_sub(at) < WRITE_PROBE_INTERVAL => WriteHealth::Fail { full: fate.full },
            Some(_) => {
                fate.failed_at = Some(now);
                WriteHealth::Probe
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_probed_only_after_a_failure_and_once_per_interval() {
        let (last, began) = (LastWrite::default(), Duration::from_secs(7));
        assert_eq!(last.health(began * 100), WriteHealth::Work, "nothing was written yet");
        last.failed(began, true);
        assert_eq!(last.health(began), WriteHealth::Fail { full: true });
        let later = began + WRITE_PROBE_INTERVAL;
        assert_eq!(last.health(later), WriteHealth::Probe);
        assert_eq!(last.health(later), WriteHealth::Fail { full: true }, "one at a time");
        assert_eq!(last.health(later + WRITE_PROBE_INTERVAL), WriteHealth::Probe);
        last.ended();
        assert_eq!(last.health(later), WriteHealth::Work);
    }
}
