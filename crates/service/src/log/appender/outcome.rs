//! Handles the answers of the store.

use std::time::Duration;

use domain::{Ack, Code, Entry, EntryKey, Gap, Intent, Refusal, View, Window};

use super::item::{Slot, Slotted};
use super::{Appender, Command, Now, Output};
use crate::ports::{AppendError, Appended, Committed, StoreError, StoreResult, Tip};
use crate::refusals::{RETRY_MS, STORE_AWAY, disk_full, other_epoch};

/// The first pause after a failure of the store, in milliseconds. Doubles with each further one.
const FIRST_WAIT_MS: u64 = 25;
/// The longest pause between two tries, in milliseconds.
const LONGEST_WAIT_MS: u64 = 800;

impl Appender {
    /// Takes in the tip. The keys below it are read only as far as a look-up needs them.
    pub(super) fn found_tip(&mut self, read: StoreResult<Tip>, out: &mut Vec<Output>) {
        self.read(read, out, |machine, tip| {
            machine.window = Window::at(tip.seq(), tip.at());
            machine.keeps_scan_until = None;
            machine.stand_at(tip)
        });
    }

    /// Takes in what other nodes appended.
    pub(super) fn missed(&mut self, read: StoreResult<(Tip, Vec<EntryKey>)>, out: &mut Vec<Output>) {
        let known = self.tip;
        self.read(read, out, |machine, (tip, keys)| {
            let goes_on = |known: Tip| {
                known.epoch() == tip.epoch() && tip.seq().checked_sub(known.seq()) == Some(keys.len() as u64)
            };
            if !known.is_some_and(goes_on) {
                // A backup was restored, so what the callers have seen means nothing any more.
                machine.start_over();
                return Ok(());
            }
            keys.iter().try_for_each(|key| machine.window.push(key))?;
            machine.stand_at(tip)
        });
    }

    /// Sets the tip to the end of the window. Cached rows stay only if nothing happened in between.
    fn stand_at(&mut self, tip: Tip) -> Result<(), Gap> {
        if self.window.head() != tip.seq() {
            return Err(Gap { expected: tip.seq(), found: self.window.head() });
        }
        let unchanged = self.tip == Some(tip) && !self.overtaken;
        if !unchanged {
            let place = domain::LogPosition { epoch: tip.epoch(), seq: tip.seq(), n: tip.n(), at: tip.at() };
            self.view = View::new(self.log, place);
        }
        self.tip = Some(tip);
        self.looks.answered = self.looks.asked;
        self.overtaken = false;
        self.look_again = false;
        Ok(())
    }

    /// Takes in what was read, or waits and has it read again. A window with a hole would miss repeats, so nothing is
    /// decided on one: everything that is known of the log is read again.
    pub(super) fn read<T>(
        &mut self,
        read: StoreResult<T>,
        out: &mut Vec<Output>,
        take: impl FnOnce(&mut Self, T) -> Result<(), Gap>,
    ) {
        match read {
            Ok(found) => match take(self, found) {
                Ok(()) => self.failures = 0,
                Err(_) => {
                    self.start_over();
                    self.wait(0, out);
                }
            },
            Err(StoreError::OtherEpoch) => self.other_epoch(out),
            Err(error) => {
                self.wait(error_delay(&error), out);
            }
        }
    }

    /// Handles the outcome of an append.
    pub(super) fn appended(&mut self, outcome: Appended, now: Now, out: &mut Vec<Output>) {
        let prepared = self.prepared.clone().expect("only a prepared append has an outcome");
        match outcome {
            Ok(tip) => {
                self.failures = 0;
                self.contention.won();
                self.one_by_one = self.one_by_one.saturating_sub(1);
                self.commit(&prepared.entries, out);
                self.tip = Some(tip).filter(|tip| tip.seq() == self.window.head());
                self.looks.answered = self.looks.asked;
                self.tidy(now);
            }
            Err(AppendError::Conflict { .. }) => {
                self.contention.lost();
                self.decide_again();
            }
            Err(AppendError::Unknown) => {
                let from = prepared.after.seq() + 1;
                self.ask(Command::Slot { from, to: prepared.after.seq() + prepared.entries.len() as u64 }, out);
            }
            Err(AppendError::Unavailable { retry_ms, .. }) => {
                let last = self.placed.iter().map(|placed| placed.item.deadline).max();
                let too_late = last.is_none_or(|last| now.elapsed + Duration::from_millis(retry_ms) >= last);
                if too_late {
                    self.abandon(&Refusal::unavailable(STORE_AWAY, retry_ms.max(1)), out);
                    self.start_over();
                } else {
                    self.wait(retry_ms, out);
                }
            }
            // Waiting does not make room: the users learn at once why nothing is stored.
            Err(AppendError::Full { .. }) => {
                self.abandon(&disk_full(), out);
                self.start_over();
            }
            Err(AppendError::Taken(what)) => self.taken(what, out),
            Err(AppendError::OtherEpoch) => self.other_epoch(out),
            Err(AppendError::TooLarge) => self.too_large(out),
        }
    }

    /// Handles the entries in the places of an append whose outcome was lost.
    pub(super) fn slot(&mut self, read: StoreResult<Vec<Entry>>, out: &mut Vec<Output>) {
        let prepared = self.prepared.clone().expect("only a prepared append has a slot");
        let ours = &prepared.entries;
        let found = match read {
            Ok(found) => found,
            Err(StoreError::OtherEpoch) => return self.other_epoch(out),
            Err(error) => {
                // The append is retried. If it was committed after all, the retry finds a conflict.
                return self.wait(error_delay(&error), out);
            }
        };
        if found.is_empty() {
            return;
        }
        let same = |(found, ours): (&Entry, &Entry)| found.by == ours.by && found.id == ours.id;
        if found.len() == ours.len() && found.iter().zip(ours.iter()).all(same) {
            self.commit(&found, out);
            // Other nodes may have appended since.
            self.forget();
        } else {
            // Another appender was first, perhaps with some of these same changes.
            self.contention.lost();
            self.decide_again();
        }
    }

    /// Announces durable entries: first to the listeners, then to the senders.
    fn commit(&mut self, entries: &[Entry], out: &mut Vec<Output>) {
        let Some(prepared) = self.prepared.take() else { return };
        let first = prepared.after.seq() + 1;
        out.push(Output::Committed(Committed {
            log: self.log,
            epoch: prepared.after.epoch(),
            entries: entries.into(),
            texts: prepared.texts.clone(),
        }));
        for Slotted { mut item, place } in self.placed.drain(..) {
            let answer = match place {
                Slot::Beside(answer) => *answer,
                Slot::Entry { seq, is_new } => {
                    let entry = &entries[(seq - first) as usize];
                    let text = prepared.texts.get(&seq).cloned();
                    let (seq, entry, at) = (Some(entry.seq), Some(entry.clone()), entry.at);
                    Ok(Ack { seq, at, dup: !is_new, noop: false, entry, text })
                }
            };
            item.answer(answer, out);
        }
    }

    /// Prepares for another node's append: its entries are read, and each change is decided again.
    fn decide_again(&mut self) {
        let Some(prepared) = self.prepared.take() else { return };
        self.window.cut(prepared.after.seq());
        self.requeue();
        self.overtaken = true;
    }

    /// Refuses the change that claims a unique name of another room. The other changes go on.
    fn taken(&mut self, what: &str, out: &mut Vec<Output>) {
        let refusal = Refusal::new(Code::Conflict, format!("This {what} is already taken. Choose another one."));
        for placed in &mut self.placed {
            if matches!(placed.item.change.intent, Intent::Create { .. } | Intent::Update { .. }) {
                placed.item.answer(Err(refusal.clone()), out);
            }
        }
        self.decide_again();
    }

    /// Splits an append that was too large: its changes are tried one by one, and one that is too large by itself is
    /// refused.
    fn too_large(&mut self, out: &mut Vec<Output>) {
        let is_made = |placed: &&mut Slotted| matches!(placed.place, Slot::Entry { is_new: true, .. });
        let made = self.placed.iter_mut().filter(is_made).count();
        if made > 1 {
            self.one_by_one = made;
        } else {
            self.one_by_one = self.one_by_one.saturating_sub(1);
            let refusal =
                Refusal::new(Code::TooLarge, "This is too large to be stored. Make it shorter, or send a new message.");
            self.placed.iter_mut().filter(is_made).for_each(|placed| placed.item.answer(Err(refusal.clone()), out));
        }
        self.decide_again();
    }

    fn other_epoch(&mut self, out: &mut Vec<Output>) {
        let refusal = other_epoch();
        self.abandon(&refusal, out);
        while let Some(mut item) = self.queue.pop() {
            item.answer(Err(refusal.clone()), out);
        }
        self.start_over();
    }

    /// Answers the changes of the open append with an unknown outcome.
    fn abandon(&mut self, refusal: &Refusal, out: &mut Vec<Output>) {
        for placed in &mut self.placed {
            placed.item.answer(Err(refusal.clone()), out);
        }
    }

    /// Abandons the open append. Its changes that still wait are decided again, at a newly read tip.
    pub(super) fn start_over(&mut self) {
        self.prepared = None;
        self.requeue();
        self.forget();
    }

    pub(super) fn requeue(&mut self) {
        for placed in self.placed.drain(..).rev().filter(|placed| !placed.item.is_abandoned()) {
            self.queue.put_back(placed.item);
        }
    }

    pub(super) fn forget(&mut self) {
        self.tip = None;
        self.overtaken = false;
        self.contention.forget();
        self.window.trim(0);
    }

    /// Waits, longer with each consecutive failure.
    fn wait(&mut self, least_ms: u64, out: &mut Vec<Output>) {
        let doubled = FIRST_WAIT_MS << self.failures.min(5);
        self.failures += 1;
        let ms = doubled.max(least_ms.min(LONGEST_WAIT_MS)).min(LONGEST_WAIT_MS);
        self.ask(Command::Wait(Duration::from_millis(ms)), out);
    }

    /// Answers changes that have waited long enough. Their outcome is unknown.
    pub(super) fn expire(&mut self, now: Now, out: &mut Vec<Output>) {
        let refusal = Refusal::unavailable(STORE_AWAY, RETRY_MS);
        self.queue.expire(now.elapsed, &refusal, out);
        let under_way =
            self.placed.iter_mut().map(|placed| &mut placed.item).chain(self.contention.forwarded_items_mut());
        for item in under_way.filter(|item| item.deadline <= now.elapsed) {
            item.answer(Err(refusal.clone()), out);
        }
    }
}

fn error_delay(error: &StoreError) -> u64 {
    match error {
        StoreError::Unavailable { retry_ms, .. } => *retry_ms,
        _ => 0,
    }
}
