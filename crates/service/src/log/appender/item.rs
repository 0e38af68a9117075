//! A change that waits for its answer.

use std::time::Duration;

use crate::limits::APPEND_DEADLINE;
use domain::{Ack, Change, Refusal, Seq};

use super::{Looks, Now, Output, Token};
use crate::ports::Tip;

/// A change and those who wait for its answer.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) change: Change,
    /// Who waits: the first sender, then the twins. Empty when they were told `unavailable`.
    pub(super) tokens: Vec<Token>,
    pub(super) deadline: Duration,
    /// How often the store had been asked where the log ends when it came.
    pub(super) came_after: u64,
    /// Whether the rate limit has seen it.
    pub(super) counted: bool,
    /// Whether the limit of scans has seen it.
    pub(super) scanned: bool,
    /// Whether another node forwarded it: it is never forwarded again.
    pub(super) forwarded: bool,
}

/// An item of the open append.
#[derive(Debug)]
pub(super) struct Slotted {
    pub(super) item: Item,
    pub(super) place: Slot,
}

/// What an open append means to an item.
#[derive(Debug)]
pub(super) enum Slot {
    /// It is in it.
    Entry {
        /// Its (first) entry.
        seq: Seq,
        /// Whether that entry was made for it; else it is a repeat of another item's.
        is_new: bool,
    },
    /// It is not in it, but this answer holds only if what was known of the log was true: the append
    /// shows it.
    Beside(Box<Result<Ack, Refusal>>),
}

impl Item {
    pub(super) fn new(change: Change, token: Token, now: Now, looks: Looks) -> Item {
        let deadline = now.elapsed + APPEND_DEADLINE;
        let (tokens, came_after) = (vec![token], looks.asked);
        Item { change, tokens, deadline, came_after, counted: false, scanned: false, forwarded: false }
    }

    /// Whether this is the same change of the same sender.
    pub(super) fn is_twin(&self, other: &Change) -> bool {
        self.change.id == other.id && self.change.by.user == other.by.user
    }

    /// Takes in a twin: whoever waits for it waits for this one.
    pub(super) fn join(&mut self, twin: Item) {
        // One that names what it has seen can be looked up; one that does not cannot.
        self.change.seen = self.change.seen.or(twin.change.seen);
        self.came_after = self.came_after.max(twin.came_after);
        self.forwarded |= twin.forwarded;
        self.tokens.extend(twin.tokens);
    }

    /// Whether nobody waits for it any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Whether it was here before the last answered look at the end of the log.
    pub(super) fn came_before(&self, looks: Looks) -> bool {
        self.came_after < looks.answered
    }

    /// Whether its sender knows of a later entry than the tip, and the store was not asked since.
    pub(super) fn needs_later_tip(&self, tip: &Tip, looks: Looks) -> bool {
        !self.came_before(looks) && self.change.seen.is_some_and(|seen| seen > tip.seq())
    }

    /// Tells all who wait: twins get the same answer, as a repeat.
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
