//! The appender of one log as a state machine: decide, append, decide again.
//!
//! Does no I/O, reads no clock and draws no random number: it receives inputs and returns commands. At most one command
//! is under way; changes submitted meanwhile go into the next append.

mod forward;
mod item;
mod keys;
mod outcome;
mod queue;

use std::sync::Arc;
use std::time::Duration;

use crate::limits::{APPEND_ENTRIES, APPENDER_ROWS};
use domain::dedup::{Found, find_duplicate};
use domain::{
    Ack, Change, Decision, EditTexts, Entry, EntryKey, LogId, Now, Refusal, Row, RowKey, RowWrite, Seq, Timestamp,
    UserId, View, Window, decide,
};

use super::rates::Rates;
use crate::ports::{AppendShape, Appended, KeyRange, StoreResult, Tip};

use forward::Contention;
use item::{Item, Slot, Slotted};
use queue::Queue;

/// The caller's name for an answer that it waits for.
pub type Token = u64;

/// The result of a command.
#[derive(Debug)]
pub enum Input {
    /// The tip.
    Tip(StoreResult<Tip>),
    /// The entries appended after the tip that the machine knew: the new tip and the keys of all entries up to it.
    Missed(StoreResult<(Tip, Vec<EntryKey>)>),
    /// The keys of the entries right below those in the window.
    Older(StoreResult<KeyRange>),
    /// Rows.
    Rows(StoreResult<Vec<Row>>),
    /// The outcome of an append.
    Appended(Appended),
    /// The entries in the places that a lost append was for.
    Slot(StoreResult<Vec<Entry>>),
    /// The answers of the home node, or `None` if there is no other node or it did not answer.
    Forwarded(Option<Vec<Result<Ack, Refusal>>>),
    /// The wait has ended.
    Waited,
}

/// What the caller has to do: one command at a time, each answered by an [`Input`].
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Read the tip.
    Tip,
    /// Read the tip and the keys of the entries after `after`, or like [`Command::Tip`] if those are too many.
    Missed {
        /// The seq of the last known entry.
        after: Seq,
    },
    /// Read the keys of these entries.
    Older {
        /// The first seq.
        from: Seq,
        /// The last seq.
        to: Seq,
    },
    /// Read these rows.
    Rows(Vec<RowKey>),
    /// Append.
    Append(Arc<Prepared>),
    /// Read the places that a lost append was for.
    Slot {
        /// The first seq.
        from: Seq,
        /// The last seq.
        to: Seq,
    },
    /// Forward these changes to the log's home node.
    Forward(Vec<Change>),
    /// Wait, then input [`Input::Waited`].
    Wait(Duration),
}

/// An append, kept until its outcome is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// The tip that it builds on.
    pub after: Tip,
    /// The entries.
    pub entries: Arc<[Entry]>,
    /// The texts of the edits among them, which the store keeps in their messages only.
    pub texts: EditTexts,
    /// The rows that change with the entries.
    pub row_writes: Vec<RowWrite>,
}

/// What the machine returns to its caller.
#[derive(Debug, Clone, PartialEq)]
// Each is made once and moved once: a box would cost more than the space.
#[allow(clippy::large_enum_variant)]
pub enum Output {
    /// A command.
    Ask(Command),
    /// The answer to a change.
    Answer(Token, Result<Ack, Refusal>),
    /// Durable entries. Returned before the answers to their changes.
    Committed(crate::ports::Committed),
}

/// How many look-ups of the log's end were started (an append is one, too), and up to which of them they were answered.
/// A change that arrived before an answered look-up was not decided on an older state.
#[derive(Debug, Clone, Copy, Default)]
struct Looks {
    asked: u64,
    answered: u64,
}

/// The appender of one log.
pub struct Appender {
    log: LogId,
    shape: AppendShape,
    /// The last entry, as far as known, or `None` if it has to be read.
    tip: Option<Tip>,
    looks: Looks,
    view: View,
    window: Window,
    queue: Queue,
    /// The items of the open append, in order.
    placed: Vec<Slotted>,
    prepared: Option<Arc<Prepared>>,
    /// Whether a command is under way.
    busy: bool,
    /// How many changes still have to be appended one by one, because together they were larger than the store accepts.
    one_by_one: usize,
    /// Consecutive failures of the store, which determine the pause before the next retry.
    failures: u32,
    /// Whether the tip has to be read again before anything is decided, because another node appended first.
    overtaken: bool,
    /// Whether the tip has to be read again before decided changes are answered.
    look_again: bool,
    /// What appends of other nodes cost this appender.
    contention: Contention,
    /// The user who caused the read that is under way, if it is a scan.
    scans_for: Option<UserId>,
    /// Until when the window keeps the keys of a scan, for further retries.
    keeps_scan_until: Option<Duration>,
}

impl Appender {
    /// Creates an appender that knows nothing of its log yet. `shape` is how the store prefers its appends.
    pub fn new(log: LogId, shape: AppendShape) -> Appender {
        let nowhere = domain::LogPosition { epoch: domain::Epoch(0), seq: 0, n: 0, at: Timestamp(0) };
        Appender {
            log,
            shape,
            tip: None,
            looks: Looks::default(),
            view: View::new(log, nowhere),
            window: Window::default(),
            queue: Queue::default(),
            placed: Vec::new(),
            prepared: None,
            busy: false,
            one_by_one: 0,
            failures: 0,
            overtaken: false,
            look_again: false,
            contention: Contention::default(),
            scans_for: None,
            keeps_scan_until: None,
        }
    }

    /// Returns whether nothing waits and nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.placed.is_empty() && !self.busy
    }

    /// Returns when [`Appender::go`] has to be called at the latest: when a change times out, or when the keys of a
    /// scan have been kept long enough.
    pub fn next_deadline(&self) -> Option<Duration> {
        // Placed and forwarded items came before queued ones, and each group is in order of arrival.
        let under_way = self.placed.iter().map(|placed| &placed.item).chain(self.contention.forwarded_items());
        let first = under_way.filter(|item| !item.is_abandoned()).map(|item| item.deadline).min();
        let first = first.or_else(|| self.queue.deadline());
        first.into_iter().chain(self.keeps_scan_until).min()
    }

    /// Adds a change. Call [`Appender::go`] after the last of several.
    pub fn submit(&mut self, change: Change, token: Token, now: Now, out: &mut Vec<Output>) {
        self.take_in(Item::new(change, token, now, self.looks), token, out);
    }

    /// Like [`Appender::submit`], for a change forwarded by another node.
    pub fn submit_forwarded(&mut self, change: Change, token: Token, now: Now, out: &mut Vec<Output>) {
        let item = Item { forwarded: true, ..Item::new(change, token, now, self.looks) };
        self.take_in(item, token, out);
    }

    fn take_in(&mut self, item: Item, token: Token, out: &mut Vec<Output>) {
        let under_way =
            self.placed.iter_mut().map(|placed| &mut placed.item).chain(self.contention.forwarded_items_mut());
        let twin = under_way.filter(|twin| !twin.is_abandoned()).find(|twin| twin.is_twin(&item.change));
        if let Some(twin) = twin {
            twin.tokens.push(token);
            return;
        }
        if let Err(refusal) = self.queue.push(item) {
            out.push(Output::Answer(token, Err(refusal)));
        }
    }

    /// Takes in the result of a command.
    pub fn input(&mut self, input: Input, now: Now, rates: &Rates, out: &mut Vec<Output>) {
        self.busy = false;
        self.expire(now, out);
        match input {
            Input::Tip(read) => self.found_tip(read, out),
            Input::Missed(read) => self.missed(read, out),
            Input::Older(read) => self.older(read, now, rates, out),
            Input::Rows(read) => self.read(read, out, |machine, rows| {
                rows.into_iter().for_each(|row| machine.view.load(row));
                Ok(())
            }),
            Input::Appended(outcome) => self.appended(outcome, now, out),
            Input::Slot(read) => self.slot(read, out),
            Input::Forwarded(answers) => self.forwarded(answers, now, out),
            Input::Waited => {}
        }
        self.go(now, rates, out);
    }

    /// Proceeds as far as possible without another result.
    pub fn go(&mut self, now: Now, rates: &Rates, out: &mut Vec<Output>) {
        self.expire(now, out);
        if self.keeps_scan_until.is_some_and(|until| until <= now.elapsed) {
            self.keeps_scan_until = None;
            self.trim_window(now);
        }
        while !self.busy {
            if let Some(prepared) = self.prepared.clone() {
                if self.placed.iter().all(|placed| placed.item.is_abandoned()) {
                    // No caller waits for it any more. Only the log can tell whether it was appended.
                    self.start_over();
                    continue;
                }
                return self.ask(Command::Append(prepared), out);
            }
            if self.queue.is_empty() {
                return;
            }
            if let Some(changes) = self.forward(now) {
                return self.ask(Command::Forward(changes), out);
            }
            match self.next_read(now, rates, out) {
                Some(command) => return self.ask(command, out),
                None => self.decide(now, rates, out),
            }
        }
    }

    fn ask(&mut self, command: Command, out: &mut Vec<Output>) {
        self.busy = true;
        let looks = matches!(command, Command::Tip | Command::Missed { .. } | Command::Append(_));
        self.looks.asked += u64::from(looks);
        out.push(Output::Ask(command));
    }

    /// Returns what has to be read before the next changes can be decided.
    fn next_read(&mut self, now: Now, rates: &Rates, out: &mut Vec<Output>) -> Option<Command> {
        let Some(tip) = self.tip else { return Some(Command::Tip) };
        // A client may know of entries that another node appended meanwhile.
        let ahead = |item: &Item| item.needs_later_tip(&tip, self.looks);
        if self.overtaken || self.look_again || self.queue.batch().any(ahead) {
            return Some(Command::Missed { after: tip.seq() });
        }
        if let Some((from, to)) = self.missing_keys(now, rates, out) {
            return Some(Command::Older { from, to });
        }
        let mut keys: Vec<RowKey> = Vec::new();
        let mut known = std::collections::HashSet::new();
        for item in self.queue.batch() {
            keys.extend(self.view.missing(&item.change).into_iter().filter(|key| known.insert(key.clone())));
        }
        (!keys.is_empty()).then_some(Command::Rows(keys))
    }

    /// Decides waiting changes, until an append is full or a row is missing.
    fn decide(&mut self, now: Now, rates: &Rates, out: &mut Vec<Output>) {
        let tip = self.tip.expect("changes are decided only at a known tip");
        let alone = matches!(self.log, LogId::User(_)) || self.one_by_one > 0;
        while self.view.pending() < APPEND_ENTRIES
            && self.view.rows() < self.shape.rows
            && !(alone && self.view.pending() > 0)
        {
            let Some(mut item) = self.queue.pop() else { break };
            if !self.may_join(&item.change) {
                self.queue.put_back(item);
                break;
            }
            if !self.view.missing(&item.change).is_empty() || item.needs_later_tip(&tip, self.looks) {
                // An entry of this very append showed that a further row is needed. It is read after this append, since
                // a row read now does not include the append's entries.
                self.queue.put_back(item);
                break;
            }
            // From now on it may be in the log without this node's knowledge, if an answer is lost. So it must be
            // possible to find it there.
            item.change.seen.get_or_insert(tip.seq());
            item.change.epoch.get_or_insert(tip.epoch());
            if let Err(refusal) = self.count(&mut item, now, rates) {
                item.answer(Err(refusal), out);
                continue;
            }
            let place = match decide(&mut self.view, &mut self.window, &item.change, now.wall) {
                Decision::Append(seq) => Slot::Entry { seq, is_new: true },
                Decision::Known(ack) => match ack.seq.filter(|seq| *seq > tip.seq()) {
                    Some(seq) => Slot::Entry { seq, is_new: false },
                    None => {
                        item.answer(Ok(ack), out);
                        continue;
                    }
                },
                Decision::Noop(ack) => Slot::Beside(Box::new(Ok(ack))),
                Decision::Refuse(refusal) => Slot::Beside(Box::new(Err(refusal))),
            };
            match place {
                Slot::Beside(answer) if item.came_before(self.looks) && self.view.pending() == 0 => {
                    item.answer(*answer, out);
                }
                place => self.placed.push(Slotted { item, place }),
            }
        }
        if self.view.pending() > 0 {
            let (entries, texts, row_writes) = self.view.take();
            self.prepared = Some(Arc::new(Prepared { after: tip, entries: entries.into(), texts, row_writes }));
        } else if self.placed.is_empty() {
            self.tidy(now);
        } else {
            // An entry of another node may allow what is refused here, and no append will reveal it. So the tip is read
            // once more.
            self.requeue();
            self.look_again = true;
        }
    }

    /// Returns whether a change may join the append that is being assembled.
    fn may_join(&self, change: &Change) -> bool {
        let is_first = self.view.pending() == 0;
        is_first || !self.shape.plain_apart || change.intent.is_plain() == (self.view.rows() == 0)
    }

    /// Counts a change against the rate limit, once, and not if it repeats one that is there.
    fn count(&self, item: &mut Item, now: Now, rates: &Rates) -> Result<(), Refusal> {
        let is_new = !item.counted && find_duplicate(&self.window, self.view.place().epoch, &item.change) == Found::New;
        item.counted |= is_new;
        if is_new { rates.change(&item.change, now.elapsed) } else { Ok(()) }
    }

    /// Trims what is kept between appends to its bounds.
    fn tidy(&mut self, now: Now) {
        self.view.forget_foreign();
        self.trim_window(now);
        if self.view.size() > APPENDER_ROWS {
            self.view.forget_rows();
        }
    }
}

#[cfg(test)]
mod tests;
