//! Forwards waiting changes to the log's home node, after some consecutive lost appends to a log that several nodes
//! append to.
//!
//! Not needed for safety, which comes from the condition of the append. Never forwards what was forwarded to it.

use std::time::Duration;

use crate::limits::{FORWARD_CHANGES, FORWARD_LOSSES, FORWARD_STAY};
use domain::{Ack, Change, Refusal, Seq};

use super::item::Item;
use super::{Appender, Now, Output};

/// How often this appender lost, and what it forwarded because of that.
#[derive(Debug, Default)]
pub(super) struct Contention {
    /// Consecutive lost appends.
    losses: u32,
    /// Until then everything is forwarded, since an append here would most likely lose again.
    stays_until: Option<Duration>,
    /// The items that the home node was given and has not answered.
    forwarded_items: Vec<Item>,
    /// The highest seq in its answers.
    reached: Seq,
}

impl Contention {
    pub(super) fn won(&mut self) {
        self.losses = 0;
    }

    pub(super) fn lost(&mut self) {
        self.losses += 1;
    }

    pub(super) fn forwarded_items(&self) -> impl Iterator<Item = &Item> {
        self.forwarded_items.iter()
    }

    pub(super) fn forwarded_items_mut(&mut self) -> impl Iterator<Item = &mut Item> {
        self.forwarded_items.iter_mut()
    }

    /// Resets the state, because the log may have another epoch.
    pub(super) fn forget(&mut self) {
        self.reached = 0;
    }

    fn is_too_much(&self, now: Now) -> bool {
        self.losses >= FORWARD_LOSSES || self.stays_until.is_some_and(|until| now.elapsed < until)
    }
}

impl Appender {
    /// Returns the changes to forward to the home node, if it is time for that.
    pub(super) fn forward(&mut self, now: Now) -> Option<Vec<Change>> {
        if !self.contention.is_too_much(now) {
            return None;
        }
        let tip = self.tip?;
        let mut items = self.queue.take_ours(FORWARD_CHANGES);
        for item in &mut items {
            // If the answer is lost, the log tells whether the change was appended, so it must be possible to find it
            // there.
            item.change.seen.get_or_insert(tip.seq().max(self.contention.reached));
            item.change.epoch.get_or_insert(tip.epoch());
        }
        let changes: Vec<Change> = items.iter().map(|item| item.change.clone()).collect();
        self.contention.forwarded_items = items;
        (!changes.is_empty()).then_some(changes)
    }

    /// Takes in the answers of the home node.
    pub(super) fn forwarded(&mut self, answers: Option<Vec<Result<Ack, Refusal>>>, now: Now, out: &mut Vec<Output>) {
        let items = std::mem::take(&mut self.contention.forwarded_items);
        // Another node appended, so this node's tip is out of date.
        self.overtaken = true;
        let lost_before = std::mem::take(&mut self.contention.losses) >= FORWARD_LOSSES;
        let Some(answers) = answers.filter(|answers| answers.len() == items.len()) else {
            self.contention.stays_until = None;
            for item in items.into_iter().rev().filter(|item| !item.is_abandoned()) {
                self.queue.put_back(item);
            }
            return;
        };
        if lost_before {
            self.contention.stays_until = Some(now.elapsed + FORWARD_STAY);
        }
        let reached = answers.iter().flatten().filter_map(|ack| ack.seq).max();
        self.contention.reached = self.contention.reached.max(reached.unwrap_or(0));
        for (mut item, answer) in items.into_iter().zip(answers) {
            item.answer(answer, out);
        }
    }
}
