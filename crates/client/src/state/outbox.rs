//! Pending changes: one per room is on the wire, the others wait; each is retried unchanged until it is acked or finally
//! refused.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use domain::{Code, EntryId, Seq};
use wire::ClientFrame;

/// How long an answer may take before the change is sent again.
const PATIENCE: Duration = Duration::from_secs(10);
/// The delay before a retry if the server names none.
const RETRY: Duration = Duration::from_millis(300);

/// A change of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    Send { text: String, reply_to: Option<Seq> },
    Edit { target: Seq, text: String },
    Delete { target: Seq },
    React { target: Seq, emoji: String, on: bool },
    Join,
    Leave,
}

#[derive(Debug)]
struct Item {
    id: EntryId,
    op: Op,
    /// The head known at the first try. It never changes, so that the server recognises a retry.
    seen: Option<Seq>,
}

#[derive(Debug, Default)]
struct Queue {
    items: VecDeque<Item>,
    /// When the first change was sent.
    sent: Option<Duration>,
    /// The time before which the first change must not be sent.
    not_before: Option<Duration>,
}

/// The pending changes of all rooms.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queues: BTreeMap<String, Queue>,
    /// The head that the last ack named, by room.
    acked: BTreeMap<String, Seq>,
}

impl Outbox {
    pub fn put(&mut self, room: &str, id: EntryId, op: Op, seen: Option<Seq>) {
        self.queues.entry(room.to_owned()).or_default().items.push_back(Item { id, op, seen });
    }

    /// Returns how many changes are not answered.
    pub fn len(&self) -> usize {
        self.queues.values().map(|queue| queue.items.len()).sum()
    }

    /// Handles the end of the connection: changes on the wire are sent again on the next one.
    pub fn disconnected(&mut self) {
        for queue in self.queues.values_mut() {
            queue.sent = None;
        }
    }

    /// Handles another epoch of the store: each `seen` of the old epoch is meaningless.
    pub fn enter_epoch(&mut self) {
        self.acked.clear();
        for item in self.queues.values_mut().flat_map(|queue| &mut queue.items) {
            item.seen = item.seen.map(|_| 0);
        }
    }

    /// Returns the changes that are due. `head` returns the highest known head of a room.
    pub fn due(&mut self, now: Duration, head: impl Fn(&str) -> Seq) -> Vec<ClientFrame> {
        let mut frames = Vec::new();
        for (room, queue) in &mut self.queues {
            let waits = queue.sent.is_some_and(|at| now < at + PATIENCE) || queue.not_before.is_some_and(|at| now < at);
            let Some(item) = queue.items.front_mut().filter(|_| !waits) else { continue };
            // A join's `seen` is the head that the directory named, if any.
            if item.seen.is_none() && item.op != Op::Join {
                item.seen = Some(head(room).max(self.acked.get(room).copied().unwrap_or(0)));
            }
            queue.sent = Some(now);
            queue.not_before = None;
            frames.push(item.frame(room));
        }
        frames
    }

    /// Returns when [`Outbox::due`] may next return more.
    pub fn next_due(&self) -> Option<Duration> {
        let due = |queue: &Queue| queue.not_before.or(queue.sent.map(|at| at + PATIENCE));
        self.queues.values().filter(|queue| !queue.items.is_empty()).filter_map(due).min()
    }

    /// Removes a stored change (acked, or its own event arrived). Returns false if it is not pending.
    pub fn settle(&mut self, id: EntryId, room: Option<&str>, seq: Option<Seq>) -> bool {
        if let (Some(room), Some(seq)) = (room, seq) {
            let acked = self.acked.entry(room.to_owned()).or_default();
            *acked = seq.max(*acked);
        }
        self.remove(id)
    }

    /// Handles a refused change. Returns true if the refusal is final and the change was removed.
    pub fn refuse(&mut self, id: EntryId, code: Code, retry: Option<Duration>, now: Duration) -> bool {
        if !code.is_transient() {
            return self.remove(id);
        }
        for queue in self.queues.values_mut() {
            if queue.items.front().is_some_and(|item| item.id == id) {
                queue.sent = None;
                queue.not_before = Some(now + retry.unwrap_or(RETRY));
            }
        }
        false
    }

    fn remove(&mut self, id: EntryId) -> bool {
        for queue in self.queues.values_mut() {
            if let Some(at) = queue.items.iter().position(|item| item.id == id) {
                queue.items.remove(at);
                if at == 0 {
                    queue.sent = None;
                    queue.not_before = None;
                }
                return true;
            }
        }
        false
    }
}

impl Item {
    fn frame(&self, room: &str) -> ClientFrame {
        let (id, room, seen) = (self.id, room.to_owned(), self.seen.unwrap_or(0));
        match self.op.clone() {
            Op::Send { text, reply_to } => {
                ClientFrame::Send { id, room, text, reply_to, thread: None, files: Vec::new(), seen }
            }
            Op::Edit { target, text } => ClientFrame::Edit { id, room, target, text, seen },
            Op::Delete { target } => ClientFrame::Delete { id, room, target, seen },
            Op::React { target, emoji, on } => ClientFrame::React { id, room, target, emoji, on, seen },
            Op::Join => ClientFrame::Join { id, room, seen: self.seen },
            Op::Leave => ClientFrame::Leave { id, room, seen },
        }
    }
}
