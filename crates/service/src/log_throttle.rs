//! Lines of the log that every request would write while something is away: the same trouble is logged now and then.

use std::time::Instant;

use crate::limits::{OTHER_TROUBLE, SAME_TROUBLE};
use parking_lot::Mutex;

/// One line of the log. It is logged at once when its words are others than before, and else again after a while.
#[derive(Debug, Default)]
pub struct LogThrottle(Mutex<Option<Logged>>);

#[derive(Debug)]
struct Logged {
    words: String,
    at: Instant,
    /// How often it was to be logged since.
    suppressed: u64,
}

impl LogThrottle {
    /// Nothing was logged yet.
    pub const fn new() -> LogThrottle {
        LogThrottle(Mutex::new(None))
    }

    /// Whether to tell it now: then how many lines were suppressed back since the last one.
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
    fn the_same_is_told_now_and_then_and_something_else_soon() {
        let (line, begin) = (LogThrottle::new(), Instant::now());
        assert_eq!(line.admit("refused", begin), Some(0));
        assert_eq!(line.admit("refused", begin), None);
        assert_eq!(line.admit("reset", begin), None, "two that take turns do not fill the log");
        assert_eq!(line.admit("reset", begin + OTHER_TROUBLE), Some(2));
        assert_eq!(line.admit("reset", begin + OTHER_TROUBLE * 2), None);
        assert_eq!(line.admit("reset", begin + OTHER_TROUBLE + SAME_TROUBLE), Some(1));
    }
}
