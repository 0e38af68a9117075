//! What a page of a log, read for one socket, means for that socket.

use domain::{PageSpan, PageStatus, Seq};

/// The socket's new state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The socket is live now, from after `at`.
    Live {
        /// The socket's cursor.
        at: Seq,
    },
    /// The socket stays behind and asks again.
    More,
    /// The log advanced meanwhile: the reset must be read again. Nothing was queued.
    Again,
    /// The socket no longer follows the log.
    Gone,
    /// A newer request replaced this one. Nothing was queued.
    Superseded,
}

impl Verdict {
    /// Returns the verdict on a page; `last` is the position up to which entries were delivered to the log's live
    /// sockets. A page that ends below it misses entries that would never be sent again; one that ends above it is
    /// simply ahead.
    pub fn of(page: &PageSpan, last: Seq) -> Verdict {
        match (page.status, page.live_after()) {
            (_, Some(at)) if at >= last => Verdict::Live { at },
            (PageStatus::Reset { .. }, _) => Verdict::Again,
            (PageStatus::Complete | PageStatus::More, _) => Verdict::More,
            (PageStatus::Forbidden | PageStatus::NotFound, _) => Verdict::Gone,
        }
    }
}
