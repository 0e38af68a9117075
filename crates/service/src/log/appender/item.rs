//! A change that waits for its answer.

use std::time::Duration;

use crate::limits::APPEND_DEADLINE;
use domain::{Ack, Change, Refusal, Seq};

use super::{Looks, Now, Output, Token};
use crate::ports::Tip;

/// A change and the callers that wait for its answer.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) change: Change,
    /// The callers that wait: the first sender, then the twins. Empty after they were answered with `unavailable`.
    pub(super) tokens: Vec<Token>,
    pub(super) deadline: Duration,
    /// The number of look-ups of the log's end that had been started when it arrived.
    pub(super) came_after: u64,
    /// Whether the rate limit has counted it.
    pub(super) counted: bool,
    /// Whether the limit of scans has counted it.
    pub(super) scanned: bool,
    /// Whether another node forwarded it: then it is never forwarded again.
    pub(super) forwarded: bool,
}

/// An item of the open append.
#[derive(Debug)]
pub(super) struct Slotted {
    pub(super) item: Item,
    pub(super) place: Slot,
}

/// How an open append relates to an item.
#[derive(Debug)]
pub(super) enum Slot {
    /// The append contains the item.
    Entry {
        /// The seq of its (first) entry.
        seq: Seq,
        /// Whether the entry was made for this item; otherwise the item repeats another one.
        is_new: bool,
    },
    /// The append does not contain the item, but its answer is valid only if the known state of the log was current,
    /// which the append confirms.
    Beside(Box<Result<Ack, Refusal>>),
}

impl Item {
    pub(super) fn new(change: Change, token: Token, now: Now, looks: Looks) -> Item {
        let deadline = now.elapsed + APPEND_DEADLINE;
        let (tokens, came_after) = (vec![token], looks.asked);
        Item { change, tokens, deadline, came_after, counted: false, scanned: false, forwarded: false }
    }

    /// Returns whether this is the same change by the same sender.
    pub(super) fn is_twin(&self, other: &Change) -> bool {
        self.change.id == other.id && self.change.by.user == other.by.user
    }

    /// Merges a twin: its callers now wait for this item.
    pub(super) fn join(&mut self, twin: Item) {
        // A change that names what its sender has seen can be looked up; one that does not cannot.
        self.change.seen = self.change.seen.or(twin.change.seen);
        self.came_after = self.came_after.max(twin.came_after);
        self.forwarded |= twin.forwarded;
        self.tokens.extend(twin.tokens);
    }

    /// Returns whether no caller waits for it any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Returns whether it was here before the last completed look-up of the log's end.
    pub(super) fn came_before(&self, looks: Looks) -> bool {
        self.came_after < looks.answered
    }

    /// Returns whether its sender knows of a later entry than the tip, and the store was not asked since.
    pub(super) fn needs_later_tip(&self, tip: &Tip, looks: Looks) -> bool {
        !self.came_before(looks) && self.change.seen.is_some_and(|seen| seen > tip.seq())
    }

    /// Answers all waiting callers. Twins get the same answer, marked as a repeat.
    pub(super) fn answer(&mut self, answer: Result<Ack, Refusal>, out: &mut Vec<Output>) {
        let mut tokens = std::mem::take(&mut self.tokens).into_iter();
        let first = tokens.next();
        for token in tokens {
            let dup = |ack: &Ack| Ack { dup: ack.seq.is_some(), ..ack.clone() };
            out.push(Output::Answer(token, answer.as_ref().map(dup).map_err(Clone::clone)));
        }
        if let Some(first) = first {
            out.push(Output::Answer(first, answer));
        }
    }
}
