//! Throttles log lines that every request would write during an outage: the same failure is logged from time to time.

use std::time::Instant;

use crate::limits::{OTHER_TROUBLE, SAME_TROUBLE};
use parking_lot::Mutex;

/// A throttled log line. It is logged at once if its text differs from the last one, and otherwise again after a while.
#[derive(Debug, Default)]
pub struct LogThrottle(Mutex<Option<Logged>>);

#[derive(Debug)]
struct Logged {
    words: String,
    at: Instant,
    /// How often it was suppressed since.
    suppressed: u64,
}

impl LogThrottle {
    /// Creates a line that was not logged yet.
    pub const fn new() -> LogThrottle {
        LogThrottle(Mutex::new(None))
    }

    /// Returns whether to log it now: then with how many lines were suppressed since the last one.
    pub fn admit(&self, words: &str, now: Instant) -> Option<u64> {
        let mut logged = self.0.lock();
        if let Some(logged) = &mut *logged {
            let pause = if logged.words == words { SAME_TROUBLE } else { OTHER_TROUBLE };
            if now.saturating_duration_since(logged.at) < pause {
                logged.suppressed += 1;
                return None;
            }
        }
        let before = logged.replace(Logged { words: words.to_owned(), at: now, suppressed: 0 });
        Some(before.map_or(0, |before| before.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_line_is_throttled_and_another_text_is_logged_soon() {
        let (line, begin) = (LogThrottle::new(), Instant::now());
        assert_eq!(line.admit("refused", begin), Some(0));
        assert_eq!(line.admit("refused", begin), None);
        assert_eq!(line.admit("reset", begin), None, "alternating lines do not fill the log");
        assert_eq!(line.admit("reset", begin + OTHER_TROUBLE), Some(2));
        assert_eq!(line.admit("reset", begin + OTHER_TROUBLE * 2), None);
        assert_eq!(line.admit("reset", begin + OTHER_TROUBLE + SAME_TROUBLE), Some(1));
    }
}
