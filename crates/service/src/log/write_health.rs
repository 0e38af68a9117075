//! Whether writes work, by the fate of the last append. Pure: time is an argument.

use std::time::Duration;

use parking_lot::Mutex;

use crate::limits::WRITE_PROBE_INTERVAL;

/// What to say of writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteHealth {
    /// The last one ended, or there was none.
    Work,
    /// The last one failed.
    Fail,
    /// The last one failed a while ago: try one, and say how it went.
    Probe,
}

/// The fate of the last write. Nothing is written to find out as long as writes work.
#[derive(Debug, Default)]
pub(super) struct LastWrite(Mutex<Fate>);

#[derive(Debug, Default)]
struct Fate {
    /// When the last write failed; none when it did not.
    failed_at: Option<Duration>,
}

impl LastWrite {
    pub fn ended(&self) {
        self.0.lock().failed_at = None;
    }

    pub fn failed(&self, now: Duration) {
        self.0.lock().failed_at = Some(now);
    }

    /// Whoever gets [`WriteHealth::Probe`] probes: others do not, before the next interval.
    pub fn health(&self, now: Duration) -> WriteHealth {
        let mut fate = self.0.lock();
        match fate.failed_at {
            None => WriteHealth::Work,
            Some(at) if now.saturating_sub(at) < WRITE_PROBE_INTERVAL => WriteHealth::Fail,
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
    fn only_after_a_failure_and_once_an_interval_a_write_is_tried() {
        let (last, began) = (LastWrite::default(), Duration::from_secs(7));
        assert_eq!(last.health(began * 100), WriteHealth::Work, "nothing was written yet");
        last.failed(began);
        assert_eq!(last.health(began), WriteHealth::Fail);
        let later = began + WRITE_PROBE_INTERVAL;
        assert_eq!(last.health(later), WriteHealth::Probe);
        assert_eq!(last.health(later), WriteHealth::Fail, "one at a time");
        assert_eq!(last.health(later + WRITE_PROBE_INTERVAL), WriteHealth::Probe);
        last.ended();
        assert_eq!(last.health(later), WriteHealth::Work);
    }
}
