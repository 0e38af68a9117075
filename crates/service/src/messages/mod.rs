//! Messages: sent, changed, read in pages, and replayed to those who come back.

mod cut;
mod page;
mod replay;

use std::collections::HashMap;
use std::sync::Arc;

use domain::{Ack, Body, Change, Entry, Intent, LogId, Refusal, Seq, Timestamp};

pub use cut::hide_past;
pub use page::{MessagePage, PageQuery};
pub use replay::{Replay, ReplayStatus};

use crate::access::{Access, RoomRef};
use crate::log::Logs;
use crate::marks::Marks;
use crate::ports::{Store, StoreResult};
use crate::related::Directory;

/// The use cases of messages.
pub struct Messages {
    store: Store,
    logs: Arc<Logs>,
    directory: Arc<Directory>,
    access: Arc<Access>,
    marks: Arc<Marks>,
}

impl Messages {
    /// From its parts.
    pub fn new(
        store: Store,
        logs: Arc<Logs>,
        directory: Arc<Directory>,
        access: Arc<Access>,
        marks: Arc<Marks>,
    ) -> Arc<Self> {
        Arc::new(Messages { store, logs, directory, access, marks })
    }

    /// Send, edit, delete, react, pin: by socket and by REST alike. The appender decides; an ack of a
    /// new message also raises the sender's own mark.
    pub async fn submit(&self, room: &RoomRef, change: Change) -> Result<Ack, Refusal> {
        let room = self.access.id(room).await?;
        let user = change.by.user;
        let is_message = matches!(change.intent, Intent::Send { .. });
        let ack = self.logs.submit(LogId::Room(room), change).await?;
        if let (true, Some(entry)) = (is_message && !ack.dup, &ack.entry) {
            self.marks.raise(user, room, entry.seq, entry.n).await;
        }
        Ok(ack)
    }
}

/// Gives each edit the text that its message has now. None for one that was deleted since.
pub async fn fill_edits(store: &Store, log: LogId, entries: &mut [Entry]) -> StoreResult<()> {
    fill_edits_until(store, log, entries, None).await
}

/// As [`fill_edits`], for a reader who saw nothing after `until`: None for a text that is younger.
async fn fill_edits_until(
    store: &Store,
    log: LogId,
    entries: &mut [Entry],
    until: Option<Timestamp>,
) -> StoreResult<()> {
    let targets = |entry: &Entry| match entry.body {
        Body::Edit { target, .. } => Some(target),
        _ => None,
    };
    let mut seqs: Vec<Seq> = entries.iter().filter_map(targets).collect();
    if seqs.is_empty() {
        return Ok(());
    }
    seqs.sort_unstable();
    seqs.dedup();
    let messages = store.log.messages(log, &seqs).await?;
    let by_seq: HashMap<Seq, &Entry> = messages.iter().map(|entry| (entry.seq, entry)).collect();
    for entry in entries {
        if let Body::Edit { target, text, mentions, .. } = &mut entry.body {
            let message = by_seq.get(target).and_then(|entry| entry.message());
            let shown = message.filter(|message| !message.deleted && !cut::is_younger(message, until));
            *text = shown.map(|message| message.text.clone());
            if text.is_none() {
                *mentions = None;
            }
        }
    }
    Ok(())
}
