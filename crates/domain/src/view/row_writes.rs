//! What an append writes beside its entries: one write per row, no matter how many entries changed it.

use std::collections::{BTreeMap, BTreeSet};

use crate::entry::{Body, EditTexts, Entry};
use crate::ids::{FileId, Seq, UserId};
use crate::row_write::RowWrite;
use crate::text::Emoji;
use crate::view::View;

/// The rows that the accepted entries changed.
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
    pub(super) own: Vec<RowWrite>,
}

impl View {
    /// Returns an upper bound for the number of rows that the accepted entries change beside themselves, on a store
    /// that keeps each list as separate rows: a room with its slug and its place in the directory, a file with its
    /// lists.
    pub fn rows(&self) -> usize {
        let changed = &self.changed;
        let single = changed.members.len() + changed.messages.len() + changed.reactors.len();
        let files = changed.sent_files.len() + changed.dropped_files.len();
        let own = changed.own.len() * 2;
        single + changed.pins.len() + changed.threads.len() + files * 4 + usize::from(changed.room) * 5 + own
    }

    /// Takes the accepted entries, the texts of edits among them, and the rows that change with them, for one append. A
    /// message that a later entry of the same append changed is returned with that change applied.
    pub fn take(&mut self) -> (Vec<Entry>, EditTexts, Vec<RowWrite>) {
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
        (entries, std::mem::take(&mut self.texts), self.row_writes(changed, first))
    }

    fn row_writes(&self, changed: Changed, first: Seq) -> Vec<RowWrite> {
        let mut row_writes = Vec::new();
        if changed.room {
            row_writes.extend(self.room().cloned().map(RowWrite::Room));
        }
        for user in changed.members {
            row_writes.extend(self.member(user).cloned().map(RowWrite::Member));
        }
        for seq in changed.messages.into_iter().filter(|seq| *seq < first) {
            row_writes.extend(self.message(seq).map(|(entry, _)| RowWrite::Message(entry.clone())));
        }
        for ((target, emoji, user), (on, rev)) in changed.reactors {
            row_writes.push(RowWrite::Reactor { target, emoji, user, on, rev });
        }
        row_writes.extend(changed.pins.into_iter().map(|(target, on)| RowWrite::Pin { target, on }));
        row_writes.extend(changed.threads.into_iter().map(|(root, seq)| RowWrite::Thread { root, seq }));
        let dropped = changed.dropped_files;
        let sent = changed.sent_files.into_iter().filter(|(file, _)| !dropped.contains(file));
        row_writes.extend(sent.map(|(file, seq)| RowWrite::FileSent { file, seq }));
        row_writes.extend(dropped.iter().map(|file| RowWrite::FileDropped { file: *file }));
        row_writes.extend(changed.own);
        row_writes
    }

    /// Adds a row of a user log that belongs to the entry just accepted.
    pub(crate) fn with_row_write(&mut self, row_write: RowWrite) {
        self.changed.own.push(row_write);
    }
}
