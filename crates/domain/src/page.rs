//! Where a page of a log begins and ends, for a client that reconnects.

use crate::ids::{Epoch, Seq};

/// How a page of a log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageStatus {
    /// The page ends at the head.
    Complete,
    /// The page ends before the head: the client asks for more, from `through`.
    More,
    /// The cursor cannot be used: the client drops what it has cached, and live begins after `head`.
    Reset {
        /// The last entry before live begins.
        head: Seq,
        /// The number of messages up to there.
        n: u64,
    },
    /// The user is no longer a member. The page is the last that they may see; then the client drops the room.
    Forbidden,
    /// The user was never a member, or the room does not exist.
    NotFound,
}

/// Where a page of a log begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSpan {
    /// How it ends.
    pub status: PageStatus,
    /// The store's epoch.
    pub epoch: Epoch,
    /// The head before the read.
    pub as_of: Seq,
    /// The seq after the cursor.
    pub from: Seq,
    /// The cursor after the page.
    pub through: Seq,
    /// Where the reader's past begins: they see neither earlier messages nor later edits of those.
    pub from_seq: Seq,
}

impl PageSpan {
    /// Returns the span of a page without entries, for a reader who has everything up to the head.
    pub fn at_head(epoch: Epoch, head: Seq) -> PageSpan {
        PageSpan { status: PageStatus::Complete, epoch, as_of: head, from: head + 1, through: head, from_seq: 1 }
    }

    /// Returns the entry after which live begins, if the page may be followed by live entries at all.
    pub fn live_after(&self) -> Option<Seq> {
        match self.status {
            PageStatus::Complete => Some(self.through),
            PageStatus::Reset { head, .. } => Some(head),
            PageStatus::More | PageStatus::Forbidden | PageStatus::NotFound => None,
        }
    }
}
