//! Lines of the log that every request would write while something is away: the same trouble is told now and then.

use std::sync::Mutex;
use std::time::Instant;

use domain::limits::{OTHER_TROUBLE, SAME_TROUBLE};

/// One line of the log. It is told at once when its words are others than before, and else again after a while.
#[derive(Debug, Default)]
pub struct Seldom(Mutex<Option<Told>>);

#[derive(Debug)]
struct Told {
    words: String,
    at: Instant,
    /// How often it was to be told since.
    kept: u64,
}

impl Seldom {
    /// Nothing was told yet.
    pub const fn new() -> Seldom {
        Seldom(Mutex::new(None))
    }

    /// Whether to tell it now: then how many lines were kept back since the last one.
    pub fn tell(&self, words: &str, now: Instant) -> Option<u64> {
        let mut told = self.0.lock().expect("no holder panics");
        if let Some(told) = &mut *told {
            let pause = if told.words == words { SAME_TROUBLE } else { OTHER_TROUBLE };
            if now.saturating_duration_since(told.at) < pause {
                told.kept += 1;
                return None;
            }
        }
        let before = told.replace(Told { words: words.to_owned(), at: now, kept: 0 });
        Some(before.map_or(0, |before| before.kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_told_now_and_then_and_something_else_soon() {
        let (line, begin) = (Seldom::new(), Instant::now());
        assert_eq!(line.tell("refused", begin), Some(0));
        assert_eq!(line.tell("refused", begin), None);
        assert_eq!(line.tell("reset", begin), None, "two that take turns do not fill the log");
        assert_eq!(line.tell("reset", begin + OTHER_TROUBLE), Some(2));
        assert_eq!(line.tell("reset", begin + OTHER_TROUBLE * 2), None);
        assert_eq!(line.tell("reset", begin + OTHER_TROUBLE + SAME_TROUBLE), Some(1));
    }
}
