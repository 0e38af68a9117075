//! Queues the changes that wait for the next append, in order of arrival. Bounded.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use crate::limits::{APPEND_ENTRIES, APPENDER_QUEUE};
use domain::{Change, EntryId, Refusal, Seq, UserId};

use super::Output;
use super::item::Item;
use crate::refusals::overloaded;

/// The waiting changes.
#[derive(Debug, Default)]
pub(super) struct Queue {
    items: VecDeque<Item>,
    /// The ids of the waiting changes, so that a twin is found without a search.
    ids: HashSet<(UserId, EntryId)>,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Returns when the first change has waited long enough. What is put back came before all others.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.items.front().map(|item| item.deadline)
    }

    /// Adds a change, or merges it with a waiting twin. Refuses it as `overloaded` if the queue is full.
    pub(super) fn push(&mut self, item: Item) -> Result<(), Refusal> {
        if self.ids.contains(&key(&item.change)) {
            let twin = self.items.iter_mut().find(|twin| twin.is_twin(&item.change));
            let twin = twin.expect("`ids` names exactly the waiting changes");
            twin.join(item);
            return Ok(());
        }
        if self.items.len() >= APPENDER_QUEUE {
            return Err(overloaded());
        }
        self.ids.insert(key(&item.change));
        self.items.push_back(item);
        Ok(())
    }

    pub(super) fn pop(&mut self) -> Option<Item> {
        let item = self.items.pop_front()?;
        self.ids.remove(&key(&item.change));
        Some(item)
    }

    /// Takes the first changes that this node may forward to another, at most `most`.
    pub(super) fn take_ours(&mut self, most: usize) -> Vec<Item> {
        let mut taken = Vec::new();
        for item in std::mem::take(&mut self.items) {
            if item.forwarded || taken.len() == most {
                self.items.push_back(item);
            } else {
                self.ids.remove(&key(&item.change));
                taken.push(item);
            }
        }
        taken
    }

    /// Puts an item back in front of all others.
    pub(super) fn put_back(&mut self, mut item: Item) {
        let twin = self.ids.replace(key(&item.change)).and_then(|_| {
            // The twin was queued while this one was under way.
            let at = self.items.iter().position(|twin| twin.is_twin(&item.change));
            at.and_then(|at| self.items.remove(at))
        });
        if let Some(twin) = twin {
            item.join(twin);
        }
        self.items.push_front(item);
    }

    /// Returns the lowest `seen` of all waiting changes: how far down their look-ups reach.
    pub(super) fn lowest_seen(&self) -> Option<Seq> {
        self.items.iter().filter_map(|item| item.change.seen).min()
    }

    /// Returns the changes that the next append may contain.
    pub(super) fn batch(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().take(APPEND_ENTRIES)
    }

    /// Calls `check` for each of the next changes, and answers those that it refuses.
    pub(super) fn refuse(&mut self, out: &mut Vec<Output>, mut check: impl FnMut(&mut Item) -> Result<(), Refusal>) {
        let mut any = false;
        for item in self.items.iter_mut().take(APPEND_ENTRIES) {
            if let Err(refusal) = check(item) {
                item.answer(Err(refusal), out);
                any = true;
            }
        }
        if any {
            self.drop_abandoned();
        }
    }

    /// Answers the changes that have waited long enough.
    pub(super) fn expire(&mut self, now: Duration, refusal: &Refusal, out: &mut Vec<Output>) {
        while self.deadline().is_some_and(|deadline| deadline <= now) {
            if let Some(mut item) = self.pop() {
                item.answer(Err(refusal.clone()), out);
            }
        }
    }

    fn drop_abandoned(&mut self) {
        let ids = &mut self.ids;
        self.items.retain(|item| {
            if item.is_abandoned() {
                ids.remove(&key(&item.change));
            }
            !item.is_abandoned()
        });
    }
}

fn key(change: &Change) -> (UserId, EntryId) {
    (change.by.user, change.id)
}
