//! A whole room, folded from its log entry by entry, for tests, clients and checkers.

use std::collections::{BTreeMap, BTreeSet};

use crate::entry::{Body, Entry, Message};
use crate::fold::{self, Standing};
use crate::ids::{Seq, UserId};
use crate::room::{Member, Room};
use crate::text::{Emoji, MessageText};

/// The error for an entry that does not follow the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("entry {found} does not follow {head}")]
pub struct Gap {
    /// The last seq that was applied.
    pub head: Seq,
    /// The seq of the entry that was given.
    pub found: Seq,
}

/// A room, folded from its entries. Complete if it was fed the entries as they were committed. If it is fed from a
/// later read, where messages carry their later changes, everything but `reactors` is right as well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomState {
    /// The seq of the last entry.
    pub seq: Seq,
    /// The number of messages so far.
    pub n: u64,
    /// The room.
    pub room: Option<Room>,
    /// Every user who ever had a member row.
    pub members: BTreeMap<UserId, Member>,
    /// The messages by seq, including deleted ones.
    pub messages: BTreeMap<Seq, Entry>,
    /// The reactors beyond those that the messages hold.
    pub reactors: BTreeSet<(Seq, Emoji, UserId)>,
    /// The seqs of pinned messages.
    pub pins: BTreeSet<Seq>,
    /// The messages of threads, by root.
    pub threads: BTreeMap<Seq, BTreeSet<Seq>>,
}

impl RoomState {
    /// Applies the next entry. `text` is the text of an edit.
    pub fn apply(&mut self, entry: &Entry, text: Option<&MessageText>) -> Result<(), Gap> {
        if entry.seq != self.seq + 1 {
            return Err(Gap { head: self.seq, found: entry.seq });
        }
        self.seq = entry.seq;
        self.n = entry.n;
        match &entry.body {
            Body::Message(message) => self.add(entry, message),
            Body::Edit { target, mentions, .. } => {
                self.change(*target, |message| fold::edit(message, entry.seq, entry.at, text, mentions.as_deref()));
            }
            Body::Delete { target, .. } => {
                self.change(*target, |message| fold::delete(message, entry.seq));
                self.pins.remove(target);
                self.reactors.retain(|(seq, _, _)| seq != target);
            }
            Body::React { target, emoji, on } => {
                let beyond = self.change(*target, |message| fold::react(message, entry.seq, entry.by, emoji, *on));
                if beyond == Some(true) {
                    let row = (*target, emoji.clone(), entry.by);
                    if *on {
                        self.reactors.insert(row)
                    } else {
                        self.reactors.remove(&row)
                    };
                }
            }
            Body::Pin { target, on } => {
                if *on {
                    self.pins.insert(*target)
                } else {
                    self.pins.remove(target)
                };
            }
            Body::Member { user, state, role, muted_until, .. } => {
                let standing = Standing { state: *state, role: *role, muted_until: *muted_until };
                let hides_past = self.room.as_ref().is_some_and(|room| room.hides_past);
                let row = fold::member(self.members.get(user), *user, entry.seq, standing, hides_past);
                self.members.insert(*user, row);
            }
            Body::Room(room) => self.room = Some(Room { rev: entry.seq, ..room.clone() }),
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, entry: &Entry, message: &Message) {
        if let Some(root) = message.thread {
            self.threads.entry(root).or_default().insert(entry.seq);
        }
        self.messages.insert(entry.seq, entry.clone());
    }

    fn change<T>(&mut self, target: Seq, step: impl FnOnce(&mut Message) -> T) -> Option<T> {
        match self.messages.get_mut(&target).map(|entry| &mut entry.body) {
            Some(Body::Message(message)) => Some(step(message)),
            _ => None,
        }
    }
}
