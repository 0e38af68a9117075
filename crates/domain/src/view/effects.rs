//! What an append writes beside its entries: one write a row, whatever number of entries changed it.

use std::collections::{BTreeMap, BTreeSet};

use crate::effect::Effect;
use crate::entry::{Body, Entry};
use crate::ids::{FileId, Seq, UserId};
use crate::text::Emoji;
use crate::view::View;

/// Which rows the accepted entries changed.
#[derive(Debug, Clone, Default)]
pub(super) struct Changed {
    pub(super) room: bool,
    pub(super) members: BTreeSet<UserId>,
    pub(super) messages: BTreeSet<Seq>,
    pub(super) reactors: BTreeMap<(Seq, Emoji, UserId), (bool, Seq)>,
    pub(super) pins: BTreeMap<Seq, bool>,
    pub(super) threads: Vec<(Seq, Seq)>,
    pub(super) sent_files: Vec<(FileId, Seq)>,
    pub(super) dropped_files: Vec<FileId>,
    pub(super) own: Vec<Effect>,
}

impl View {
    /// How many rows the accepted entries change beside themselves, at most, on a store that keeps each
    /// list as rows of its own: a room with its slug and its place in the directory, a file with its lists.
    pub fn rows(&self) -> usize {
        let changed = &self.changed;
        let single = changed.members.len() + changed.messages.len() + changed.reactors.len();
        let files = changed.sent_files.len() + changed.dropped_files.len();
        let own = changed.own.len() * 2;
        single + changed.pins.len() + changed.threads.len() + files * 4 + usize::from(changed.room) * 5 + own
    }

    /// Takes the accepted entries and the rows that change with them, for one append. A message of this
    /// append that a later entry of it changed is taken as it became.
    pub fn take(&mut self) -> (Vec<Entry>, Vec<Effect>) {
        let mut entries = std::mem::take(&mut self.entries);
        let changed = std::mem::take(&mut self.changed);
        let first = entries.first().map_or(Seq::MAX, |entry| entry.seq);
        for entry in &mut entries {
            if changed.messages.contains(&entry.seq)
                && let Some(Some(row)) = self.messages.get(&entry.seq)
            {
                debug_assert!(matches!(entry.body, Body::Message(_)));
                entry.body = row.body.clone();
            }
        }
        (entries, self.effects(changed, first))
    }

    fn effects(&self, changed: Changed, first: Seq) -> Vec<Effect> {
        let mut effects = Vec::new();
        if changed.room {
            effects.extend(self.room().cloned().map(Effect::Room));
        }
        for user in changed.members {
            effects.extend(self.member(user).cloned().map(Effect::Member));
        }
        for seq in changed.messages.into_iter().filter(|seq| *seq < first) {
            effects.extend(self.message(seq).map(|(entry, _)| Effect::Message(entry.clone())));
        }
        for ((target, emoji, user), (on, rev)) in changed.reactors {
            effects.push(Effect::Reactor { target, emoji, user, on, rev });
        }
        effects.extend(changed.pins.into_iter().map(|(target, on)| Effect::Pin { target, on }));
        effects.extend(changed.threads.into_iter().map(|(root, seq)| Effect::Thread { root, seq }));
        let dropped = changed.dropped_files;
        let sent = changed.sent_files.into_iter().filter(|(file, _)| !dropped.contains(file));
        effects.extend(sent.map(|(file, seq)| Effect::FileSent { file, seq }));
        effects.extend(dropped.iter().map(|file| Effect::FileDropped { file: *file }));
        effects.extend(changed.own);
        effects
    }

    /// A row of a user's own log that goes with the entry just accepted.
    pub(crate) fn with_effect(&mut self, effect: Effect) {
        self.changed.own.push(effect);
    }
}
