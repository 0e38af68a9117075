//! One room as a client sees it: its messages, folded by `rev`.

use std::collections::BTreeMap;

use domain::Seq;
use wire::{Event, EventKind, UserRef};

/// A message, with all changes that this client knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its seq.
    pub seq: Seq,
    /// The sender's id for it.
    pub id: String,
    /// The sender.
    pub by: UserRef,
    /// The text; empty if the message was deleted.
    pub text: String,
    /// The message that it replies to.
    pub reply_to: Option<Seq>,
    /// The root message of its thread.
    pub thread: Option<Seq>,
    /// The seq of its last change.
    pub rev: Seq,
    /// Whether it was deleted, which is final.
    pub deleted: bool,
    /// The number of users per emoji.
    pub reactions: BTreeMap<String, u32>,
}

impl Message {
    /// Returns the message of an event, if it has one.
    pub fn new(event: &Event) -> Option<Message> {
        let EventKind::Message { text, reply_to, thread, rev, deleted, reactions, .. } = &event.kind else {
            return None;
        };
        Some(Message {
            seq: event.seq,
            id: event.id.clone(),
            by: event.by.clone(),
            text: text.clone(),
            reply_to: *reply_to,
            thread: *thread,
            rev: *rev,
            deleted: *deleted,
            reactions: reactions.iter().map(|reaction| (reaction.emoji.clone(), reaction.n)).collect(),
        })
    }

    /// Applies a change, if it is newer than the known state. A deletion is final.
    fn change(&mut self, event: &Event) {
        if event.seq <= self.rev || self.deleted {
            return;
        }
        match &event.kind {
            EventKind::Edit { text, .. } => self.text.clone_from(text),
            EventKind::Delete { .. } => {
                self.text.clear();
                self.reactions.clear();
                self.deleted = true;
            }
            EventKind::React { emoji, on: true, .. } => *self.reactions.entry(emoji.clone()).or_default() += 1,
            EventKind::React { emoji, on: false, .. } => {
                let left = self.reactions.get(emoji).map_or(0, |n| n.saturating_sub(1));
                match left {
                    0 => self.reactions.remove(emoji),
                    n => self.reactions.insert(emoji.clone(), n),
                };
            }
            _ => return,
        }
        self.rev = event.seq;
    }
}

/// A client's state of a room.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Room {
    /// The last applied entry; `None` before the first `sync`.
    pub cursor: Option<Seq>,
    /// Number of messages so far, including deleted ones.
    pub n: u64,
    /// The loaded messages.
    pub messages: BTreeMap<Seq, Message>,
    /// The head of the last reset: live entries began after it.
    pub(super) live_from: Seq,
    /// The highest known head: a change's `seen`.
    pub(super) seen: Seq,
    /// Whether a page is requested.
    pub(super) waits: bool,
    /// Changes of messages that are not loaded.
    kept: BTreeMap<Seq, Vec<Event>>,
}

impl Room {
    /// Starts over after `head`.
    pub(super) fn reset(&mut self, head: Seq, n: u64) {
        let seen = self.seen.max(head);
        *self = Room { cursor: Some(head), n, live_from: head, seen, ..Room::default() };
    }

    /// Applies the entry after the cursor. Returns the message, if it is a new one.
    pub(super) fn apply(&mut self, event: &Event) -> Option<Message> {
        self.cursor = Some(event.seq);
        self.seen = self.seen.max(event.seq);
        self.n = self.n.max(event.n);
        match &event.kind {
            EventKind::Message { .. } => {
                let message = Message::new(event)?;
                self.insert(message.clone());
                return Some(message);
            }
            EventKind::Edit { target, .. } | EventKind::Delete { target } | EventKind::React { target, .. } => {
                match self.messages.get_mut(target) {
                    Some(message) => message.change(event),
                    None => self.kept.entry(*target).or_default().push(event.clone()),
                }
            }
            _ => {}
        }
        None
    }

    /// Adds a page of history, read when the head was `as_of`. A page from before the last reset is dropped.
    pub(super) fn load(&mut self, events: &[Event], as_of: Seq) -> bool {
        let usable = self.cursor.is_some() && as_of >= self.live_from;
        if usable {
            events.iter().filter_map(Message::new).for_each(|message| self.insert(message));
        }
        usable
    }

    fn insert(&mut self, mut message: Message) {
        for event in self.kept.remove(&message.seq).into_iter().flatten() {
            message.change(&event);
        }
        let newer = self.messages.get(&message.seq).is_none_or(|known| message.rev > known.rev);
        if newer {
            self.messages.insert(message.seq, message);
        }
    }
}
