//! Decides how a socket's request for a page of a log goes on: when the page is read, when a failed read is retried,
//! and what happens to what was read.
//!
//! Pure: a driver does the reads and the pauses, and lets the hub (or the store's head) say whether the socket is live.

use std::sync::Arc;
use std::time::Duration;

use domain::{Code, Refusal, Seq};

use crate::page::Page;

/// What the driver does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Read the page after this cursor, then call [`Replay::on_read`].
    Read {
        /// The cursor; `None` means "from now on".
        cursor: Option<Seq>,
    },
    /// Wait this long, then call [`Replay::on_waited`].
    Wait(Duration),
    /// Compare the page with the log's position: send it, with the entries after it if the socket is live now. If the
    /// verdict is [`crate::hub::Verdict::Again`], call [`Replay::on_again`].
    Place(Arc<Page>),
    /// Send the page; no entries follow it.
    Send(Arc<Page>),
    /// Answer with the refusal.
    Refuse(Refusal),
}

/// One request for a page of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    cursor: Option<Seq>,
    /// Whether the socket follows the log after the page.
    follows: bool,
    /// The least pause before a read is retried; `None` if a failure is the answer.
    pause: Option<Duration>,
    /// How many more times a reset may be read again; `None` means as often as it takes.
    rereads: Option<usize>,
}

impl Replay {
    /// Creates a replay that goes on until the socket is live or its request is replaced: for a process that holds the
    /// socket. Reads are retried after `pause`, or after the longer time that the refusal names.
    pub fn until_live(cursor: Option<Seq>, pause: Duration) -> Replay {
        Replay { cursor, follows: true, pause: Some(pause), rereads: None }
    }

    /// Creates a replay that is answered by one call: reads are not retried. A log that advanced during each of
    /// `rereads` reads is not followed: the client finds the missing entries as a gap.
    pub fn within_a_call(cursor: Option<Seq>, rereads: usize) -> Replay {
        Replay { cursor, follows: true, pause: None, rereads: Some(rereads) }
    }

    /// Makes the socket not follow the log after the page.
    pub fn without_following(self) -> Replay {
        Replay { follows: false, ..self }
    }

    /// Returns the first step.
    pub fn begin(&self) -> Step {
        Step::Read { cursor: self.cursor }
    }

    /// Handles a page, or the refusal of the read.
    pub fn on_read(&self, page: Result<Page, Refusal>) -> Step {
        match (page, self.pause) {
            (Ok(page), _) if self.follows => Step::Place(Arc::new(page)),
            (Ok(page), _) => Step::Send(Arc::new(page)),
            (Err(refusal), Some(pause)) if matches!(refusal.code, Code::Unavailable | Code::Overloaded) => {
                Step::Wait(refusal.retry_ms.map_or(pause, Duration::from_millis).max(pause))
            }
            (Err(refusal), _) => Step::Refuse(refusal),
        }
    }

    /// Handles the end of a pause.
    pub fn on_waited(&self) -> Step {
        self.begin()
    }

    /// Handles a reset that was behind the log's position already when it was read.
    pub fn on_again(&mut self) -> Step {
        self.cursor = None;
        self.rereads = self.rereads.map(|left| left.saturating_sub(1));
        self.follows &= self.rereads != Some(0);
        self.begin()
    }
}

#[cfg(test)]
mod tests {
    use domain::{Epoch, LogId, PageSpan, PageStatus, UserId};

    use super::*;

    const PAUSE: Duration = Duration::from_millis(250);

    fn page() -> Page {
        let status = PageStatus::Reset { head: 9, n: 9 };
        let span = PageSpan { status, epoch: Epoch(1), as_of: 9, from: 10, through: 9, from_seq: 1 };
        Page::encode(LogId::User(UserId::SYSTEM), span, Vec::new(), 1_000)
    }

    fn unavailable(retry_ms: u64) -> Refusal {
        Refusal::unavailable("The store is down.", retry_ms)
    }

    #[test]
    fn a_node_retries_a_failed_read_until_the_store_answers() {
        let replay = Replay::until_live(Some(3), PAUSE);
        assert_eq!(replay.begin(), Step::Read { cursor: Some(3) });
        assert_eq!(replay.on_read(Err(unavailable(1))), Step::Wait(PAUSE));
        assert_eq!(replay.on_waited(), Step::Read { cursor: Some(3) });
        assert_eq!(replay.on_read(Err(unavailable(900))), Step::Wait(Duration::from_millis(900)));
        let forbidden = Refusal::forbidden("No.");
        assert_eq!(replay.on_read(Err(forbidden.clone())), Step::Refuse(forbidden));
        assert_eq!(replay.on_read(Ok(page())), Step::Place(Arc::new(page())));
    }

    #[test]
    fn a_reset_behind_the_log_is_read_again_without_the_cursor() {
        let mut replay = Replay::until_live(Some(3), PAUSE);
        for _ in 0..100 {
            assert_eq!(replay.on_again(), Step::Read { cursor: None });
            assert_eq!(
                replay.on_read(Ok(page())),
                Step::Place(Arc::new(page())),
                "it goes on until the socket is live"
            );
        }
    }

    #[test]
    fn a_call_gives_up_after_its_rereads_and_never_waits() {
        let mut replay = Replay::within_a_call(Some(3), 2);
        assert_eq!(replay.on_read(Err(unavailable(9))), Step::Refuse(unavailable(9)));
        assert_eq!(replay.on_read(Ok(page())), Step::Place(Arc::new(page())));
        assert_eq!(replay.on_again(), Step::Read { cursor: None });
        assert_eq!(replay.on_read(Ok(page())), Step::Place(Arc::new(page())));
        assert_eq!(replay.on_again(), Step::Read { cursor: None });
        assert_eq!(replay.on_read(Ok(page())), Step::Send(Arc::new(page())), "it is not followed");
    }

    #[test]
    fn a_log_that_is_not_followed_is_only_read() {
        let replay = Replay::until_live(None, PAUSE).without_following();
        assert_eq!(replay.begin(), Step::Read { cursor: None });
        assert_eq!(replay.on_read(Ok(page())), Step::Send(Arc::new(page())));
    }
}
