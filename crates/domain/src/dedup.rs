//! Is a change in the log already, or overtaken by a later one of its client? Asked before every rule
//! and limit, so that a retry is answered as the first try was, whatever has changed since.

use crate::change::{Change, Intent};
use crate::ids::{Epoch, Seq};
use crate::limits::REPLAY_ENTRIES;
use crate::refusal::{Code, Refusal};
use crate::time::Timestamp;
use crate::window::Window;

/// What the look-up found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It is in the log, or in the append that is being made.
    Duplicate {
        /// Its place.
        seq: Seq,
        /// When.
        at: Timestamp,
    },
    /// It can be neither found nor ruled out, or a later change of the same client came before it.
    Refused(Refusal),
    /// It is new.
    New,
}

/// Looks a change up in `seen + 1 … head`. A window that reaches less far down than `seen` has to be
/// extended first ([`reaches_below`]), unless that is too far for any look-up.
pub fn find_duplicate(window: &Window, epoch: Epoch, change: &Change) -> Found {
    // `seen` of another life says nothing about this log: neither a double nor a "too old" may be
    // concluded from it. The client repeats with `seen: 0` once it knows the new epoch.
    if change.epoch.is_some_and(|claimed| claimed != epoch) {
        return Found::Refused(Refusal::unavailable("The server was restored from a backup. Connect again.", 0));
    }
    let Some(seen) = change.seen else { return Found::New };
    let head = window.head();
    let known = window.above(seen).find(|known| known.by == change.by.user && known.id == change.id);
    if let Some(known) = known {
        return Found::Duplicate { seq: known.seq, at: known.at };
    }
    // Changes of an own log carry their guard in the row they write; two consumers share no order.
    if matches!(change.intent, Intent::Own(_)) {
        return Found::New;
    }
    if seen > head {
        return stale(head, "This change belongs to a later state than the server has. Check it and send it again.");
    }
    if head - seen > REPLAY_ENTRIES {
        return stale(head, "This change is too old to be sent safely. Check it and send it again.");
    }
    let overtaken = window.above(seen).any(|known| known.by == change.by.user && known.id.is_later_than(change.id));
    if overtaken {
        return stale(head, "A later change of yours came first. Check it and send it again.");
    }
    Found::New
}

/// How far down a window has to reach for the look-up of this change, if that is below what it covers.
pub fn reaches_below(window: &Window, change: &Change) -> Option<Seq> {
    let lowest = change.seen?.saturating_add(1);
    let near = window.head().saturating_sub(lowest - 1) <= REPLAY_ENTRIES;
    (near && lowest < window.from()).then_some(lowest)
}

fn stale(head: Seq, message: &str) -> Found {
    Found::Refused(Refusal::new(Code::Stale, message).at_head(head))
}
