//! Messages: sending, changing, reading in pages, and replaying to clients that reconnect.

mod hidden_past;
mod page;
mod replay;
mod shared_reads;

use std::collections::HashMap;
use std::sync::Arc;

use domain::{Ack, Body, Change, Entry, Intent, LogId, Refusal, Seq, Timestamp};

pub use hidden_past::hide_past;
pub use page::{MessagePage, PageQuery};
pub use replay::Replay;

use crate::access::{Access, RoomRef};
use crate::log::Logs;
use crate::marks::Marks;
use crate::ports::{Store, StoreResult};
use crate::refusals::{RETRY_MS, STORE_AWAY};
use crate::user_cache::UserCache;

use shared_reads::SharedReads;

/// The use cases of messages.
pub struct Messages {
    store: Store,
    logs: Arc<Logs>,
    user_cache: Arc<UserCache>,
    access: Arc<Access>,
    marks: Arc<Marks>,
    reads: SharedReads,
}

impl Messages {
    /// Creates the use cases from their parts.
    pub fn new(
        store: Store,
        logs: Arc<Logs>,
        user_cache: Arc<UserCache>,
        access: Arc<Access>,
        marks: Arc<Marks>,
    ) -> Arc<Self> {
        Arc::new(Messages { store, logs, user_cache, access, marks, reads: SharedReads::default() })
    }

    /// Sends, edits, deletes, reacts or pins, by socket and by REST alike. The appender decides. An ack of a message,
    /// also of a repeated one, raises the sender's own mark. A change that reached the appender does both, even if the
    /// caller stops waiting.
    pub async fn submit(&self, room: &RoomRef, change: Change) -> Result<Ack, Refusal> {
        let room = self.access.id(room).await?;
        let log = LogId::Room(room);
        if !matches!(change.intent, Intent::Send { .. }) {
            return self.logs.submit(log, change).await;
        }

        // A separate task finishes what the caller may not wait for.
        let (user, marks) = (change.by.user, self.marks.clone());
        let mut pending = self.logs.enqueue(log, change, false)?;
        let finished = tokio::spawn(async move {
            let ack = pending.answer().await?;
            match (&ack.entry, ack.seq) {
                (Some(entry), _) => marks.raise(user, room, entry.seq, entry.n).await,
                // A repeat of a message that was stored before, perhaps by a node that crashed before it raised the
                // mark.
                (None, Some(seq)) => marks.raise_to(user, room, seq).await,
                (None, None) => {}
            }
            Ok(ack)
        });
        finished.await.unwrap_or_else(|_| Err(Refusal::unavailable(STORE_AWAY, RETRY_MS)))
    }
}

/// Sets the text of each edit to the current text of its message, or to `None` if that was deleted.
pub async fn fill_edits(store: &Store, log: LogId, entries: &mut [Entry]) -> StoreResult<()> {
    fill_edits_until(store, log, entries, None).await
}

/// Like [`fill_edits`], for a reader who saw nothing after `until`: a newer text becomes `None`.
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
            let shown = message.filter(|message| !message.deleted && !hidden_past::is_younger(message, until));
            *text = shown.map(|message| message.text.clone());
            if text.is_none() {
                *mentions = None;
            }
        }
    }
    Ok(())
}
