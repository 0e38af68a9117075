//! What a page of a log, read for one socket, means for that socket.

use domain::Seq;

/// The result of the read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The page has all entries up to the head that the read saw, and ends at `through`.
    Complete {
        /// The socket's cursor after it.
        through: Seq,
    },
    /// There are more entries than fit a page.
    Partial,
    /// The cursor cannot be used; live begins after `head`.
    Reset {
        /// The socket's cursor after it.
        head: Seq,
    },
    /// The log does not belong to this user, or no longer does.
    Gone,
}

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
    /// The hub advanced meanwhile: the reset must be read again. Nothing was queued.
    Again,
    /// The socket no longer follows the log.
    Gone,
    /// A newer request replaced this one. Nothing was queued.
    Superseded,
}

impl Outcome {
    /// Returns the verdict; `last` is the hub's own position. A page that ends below it misses entries that would never
    /// be sent again; one that ends above it is simply ahead.
    pub(super) fn verdict(self, last: Seq) -> Verdict {
        match self {
            Outcome::Complete { through } if through >= last => Verdict::Live { at: through },
            Outcome::Complete { .. } | Outcome::Partial => Verdict::More,
            Outcome::Reset { head } if head >= last => Verdict::Live { at: head },
            Outcome::Reset { .. } => Verdict::Again,
            Outcome::Gone => Verdict::Gone,
        }
    }
}
