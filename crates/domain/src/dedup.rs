//! Decides whether a change is already in the log, or a later change of its client came first. Runs before every rule
//! and limit, so that a retry gets the answer of the first try, whatever has changed since.

use crate::change::{Change, Intent};
use crate::ids::{Epoch, Seq};
use crate::limits::REPLAY_ENTRIES;
use crate::refusal::{Code, Refusal};
use crate::time::Timestamp;
use crate::window::Window;

/// The result of the dedup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The change is in the log, or in the append that is being made.
    Duplicate {
        /// The entry's seq.
        seq: Seq,
        /// When the entry was made.
        at: Timestamp,
    },
    /// The change can be neither found nor ruled out, or a later change of the same client came first.
    Refused(Refusal),
    /// The change is new.
    New,
}

/// Looks for a change in `seen + 1 … head`. A window that does not reach down to `seen` has to be extended first
/// ([`reaches_below`]), unless `seen` is too far down for dedup.
pub fn find_duplicate(window: &Window, epoch: Epoch, change: &Change) -> Found {
    // `seen` of another epoch says nothing about this log: it can prove neither a duplicate nor "too old". The client
    // retries with `seen: 0` once it knows the new epoch.
    if change.epoch.is_some_and(|claimed| claimed != epoch) {
        return Found::Refused(Refusal::restored(0));
    }
    let Some(seen) = change.seen else { return Found::New };
    let head = window.head();
    let known = window.above(seen).find(|known| known.by == change.by.user && known.id == change.id);
    if let Some(known) = known {
        return Found::Duplicate { seq: known.seq, at: known.at };
    }
    // Changes of a user log carry their guard in the row they write; two consumers share no order.
    if matches!(change.intent, Intent::Own(_)) {
        return Found::New;
    }
    if seen > head {
        return stale(head, "This change is based on a newer state than the server has. Check it and send it again.");
    }
    if head - seen > REPLAY_ENTRIES {
        return stale(head, "This change is too old to be sent safely. Check it and send it again.");
    }
    let overtaken = window.above(seen).any(|known| known.by == change.by.user && known.id.is_later_than(change.id));
    if overtaken {
        return stale(head, "A later change of yours was stored first. Check this one and send it again.");
    }
    Found::New
}

/// Returns how far down a window must reach for the dedup of this change, if that is below what it covers.
pub fn reaches_below(window: &Window, change: &Change) -> Option<Seq> {
    let lowest = change.seen?.saturating_add(1);
    let near = window.head().saturating_sub(lowest - 1) <= REPLAY_ENTRIES;
    (near && lowest < window.from()).then_some(lowest)
}

fn stale(head: Seq, message: &str) -> Found {
    Found::Refused(Refusal::new(Code::Stale, message).at_head(head))
}
