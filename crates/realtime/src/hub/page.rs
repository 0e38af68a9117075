//! What a page of a log, read for one socket, means for it.

use domain::Seq;

/// What the read found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All entries up to the head that it saw; the page ends at `through`.
    Complete {
        /// The socket's cursor after it.
        through: Seq,
    },
    /// There is more than fits a page.
    Partial,
    /// The cursor cannot be used; live begins after `head`.
    Reset {
        /// The socket's cursor after it.
        head: Seq,
    },
    /// Not, or no longer, a log of this user.
    Gone,
}

/// What becomes of the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is live now, from after `at`.
    Live {
        /// Its cursor.
        at: Seq,
    },
    /// It stays behind and asks again.
    More,
    /// The hub moved on meanwhile: the reset must be read again. Nothing was enqueued.
    Again,
    /// It does not follow the log any more.
    Gone,
    /// A newer request replaced this one. Nothing was enqueued.
    Superseded,
}

impl Outcome {
    /// `last` is the hub's own position. A page that ends below it left out entries that nobody would
    /// send again; one that ends above it is simply ahead.
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
