//! The appender of one log as a state machine: decide, append, decide again.
//!
//! Does no I/O, reads no clock and draws no random number: it is told what happened and says what is to
//! be done. At most one command is under way; what is submitted meanwhile goes into the next append.

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
    Ack, Change, Decision, Entry, EntryKey, LogId, Now, Refusal, Row, RowKey, RowWrite, Seq, Timestamp, UserId, View,
    Window, decide,
};

use super::rates::Rates;
use crate::ports::{AppendShape, Appended, KeyRange, StoreResult, Tip};

use forward::Contention;
use item::{Item, Slot, Slotted};
use queue::Queue;

/// The caller's name of an answer that it waits for.
pub type Token = u64;

/// What came back from a command.
#[derive(Debug)]
pub enum Input {
    /// The tip.
    Tip(StoreResult<Tip>),
    /// What was appended after the tip that the machine knew: the new tip and the keys of all entries up to it.
    Missed(StoreResult<(Tip, Vec<EntryKey>)>),
    /// The keys of entries right below those that the window covers.
    Older(StoreResult<KeyRange>),
    /// Rows.
    Rows(StoreResult<Vec<Row>>),
    /// How the append went.
    Appended(Appended),
    /// What stands in the places that a lost append was for.
    Slot(StoreResult<Vec<Entry>>),
    /// What the home node answered; none when there is no other, or it did not.
    Forwarded(Option<Vec<Result<Ack, Refusal>>>),
    /// The wait is over.
    Waited,
}

/// What is to be done: one at a time, answered by an [`Input`].
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Read the tip.
    Tip,
    /// Read the tip and the keys of the entries after `after`; as [`Command::Tip`] when those are too many.
    Missed {
        /// The last entry known.
        after: Seq,
    },
    /// Read the keys of these entries.
    Older {
        /// The first.
        from: Seq,
        /// The last.
        to: Seq,
    },
    /// Read these rows.
    Rows(Vec<RowKey>),
    /// Append.
    Append(Arc<Prepared>),
    /// Read the places that a lost append was for.
    Slot {
        /// The first.
        from: Seq,
        /// The last.
        to: Seq,
    },
    /// Hand these to the log's home node.
    Forward(Vec<Change>),
    /// Wait, then say so.
    Wait(Duration),
}

/// An append, kept until its outcome is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// What it builds on.
    pub after: Tip,
    /// The entries.
    pub entries: Arc<[Entry]>,
    /// The rows that change with them.
    pub row_writes: Vec<RowWrite>,
}

/// What the machine wants done.
#[derive(Debug, Clone, PartialEq)]
// Each is made once and moved once: a box would cost more than the space.
#[allow(clippy::large_enum_variant)]
pub enum Output {
    /// A command.
    Ask(Command),
    /// The answer to a change.
    Answer(Token, Result<Ack, Refusal>),
    /// Entries are durable: told before their answers.
    Committed(crate::ports::Committed),
}

/// How often the store was asked where the log ends (an append asks, too), and up to which of these
/// times it has answered. What came before a look that was answered was decided on no older state.
#[derive(Debug, Clone, Copy, Default)]
struct Looks {
    asked: u64,
    answered: u64,
}

/// The appender of one log.
pub struct Appender {
    log: LogId,
    shape: AppendShape,
    /// The last entry, as far as known; none when it has to be read.
    tip: Option<Tip>,
    looks: Looks,
    view: View,
    window: Window,
    queue: Queue,
    /// What the open append holds, in order.
    placed: Vec<Slotted>,
    prepared: Option<Arc<Prepared>>,
    /// Whether a command is under way.
    busy: bool,
    /// So many changes go one by one: together they were more than the store takes.
    one_by_one: usize,
    /// Failures of the store in a row: how long to wait before the next try.
    failures: u32,
    /// The tip has to be read again before anything is decided: somebody else was first.
    overtaken: bool,
    /// The tip has to be read again before what was decided is answered.
    look_again: bool,
    /// What others' appends cost this one.
    contention: Contention,
    /// The user who caused the read that is under way, if it is a scan.
    scans_for: Option<UserId>,
    /// Until when the window keeps what a scan read, for further retries.
    keeps_scan_until: Option<Duration>,
}

impl Appender {
    /// Knows nothing of its log yet. `shape` is how the store likes its appends.
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

    /// Whether nothing waits and nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.placed.is_empty() && !self.busy
    }

    /// Returns when [`Appender::go`] has to be called at the latest: a change times out then, or what a scan read has been
    /// kept long enough.
    pub fn next_deadline(&self) -> Option<Duration> {
        // What is placed or forwarded came before what is queued, and each is in the order of its coming.
        let under_way = self.placed.iter().map(|placed| &placed.item).chain(self.contention.forwarded_items());
        let first = under_way.filter(|item| !item.is_abandoned()).map(|item| item.deadline).min();
        let first = first.or_else(|| self.queue.deadline());
        first.into_iter().chain(self.keeps_scan_until).min()
    }

    /// Takes a change in; [`Appender::go`] is to be called after the last of several.
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

    /// What a command brought.
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

    /// Goes on as far as it can without an answer.
    pub fn go(&mut self, now: Now, rates: &Rates, out: &mut Vec<Output>) {
        self.expire(now, out);
        if self.keeps_scan_until.is_some_and(|until| until <= now.elapsed) {
            self.keeps_scan_until = None;
            self.trim_window(now);
        }
        while !self.busy {
            if let Some(prepared) = self.prepared.clone() {
                if self.placed.iter().all(|placed| placed.item.is_abandoned()) {
                    // Nobody waits for it any more. Whether it happened is for the log to tell.
                    self.start_afresh();
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

    /// What has to be read before the next changes can be decided.
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

    /// Decides what waits, until an append is full or a row is missing.
    fn decide(&mut self, now: Now, rates: &Rates, out: &mut Vec<Output>) {
        let tip = self.tip.expect("decided only at a known tip");
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
                // An entry of this very append showed that a further row is needed. It is read after
                // this append, since a row read now does not know of the append's entries.
                self.queue.put_back(item);
                break;
            }
            // From now on it may be in the log without anybody's knowing, should an answer be lost: so it must be possible
            // to find.
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
            let (entries, row_writes) = self.view.take();
            self.prepared = Some(Arc::new(Prepared { after: tip, entries: entries.into(), row_writes }));
        } else if self.placed.is_empty() {
            self.tidy(now);
        } else {
            // What another node appended may allow what is refused here, and no append will show it: so
            // the tip is read once more.
            self.requeue();
            self.look_again = true;
        }
    }

    /// Whether a change may go into the append that is being put together.
    fn may_join(&self, change: &Change) -> bool {
        let is_first = self.view.pending() == 0;
        is_first || !self.shape.plain_apart || change.intent.is_plain() == (self.view.rows() == 0)
    }

    /// Asks the rate limit about a change, once, and not about a repeat of one that is there.
    fn count(&self, item: &mut Item, now: Now, rates: &Rates) -> Result<(), Refusal> {
        let is_new = !item.counted && find_duplicate(&self.window, self.view.place().epoch, &item.change) == Found::New;
        item.counted |= is_new;
        if is_new { rates.change(&item.change, now.elapsed) } else { Ok(()) }
    }

    /// Keeps what is kept between appends within its bounds.
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
