//! Messages: sending, changing, reading in pages, and replaying to clients that reconnect.

mod hidden_past;
mod page;
mod replay;
mod shared_reads;

use std::collections::HashMap;
use std::sync::Arc;

use domain::text::MessageText;
use domain::{Ack, Body, Change, EditTexts, Entry, Intent, LogId, Refusal, Seq, Timestamp};

pub use page::{MessagePage, PageQuery};
pub use replay::Replay;

use crate::access::{Access, RoomRef};
use crate::completes::Completes;
use crate::log::Logs;
use crate::marks::Marks;
use crate::ports::{Store, StoreResult};
use crate::room_kinds::RoomKinds;
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
    kinds: Arc<RoomKinds>,
}

impl Messages {
    /// Creates the use cases from their parts.
    pub fn new(
        store: Store,
        logs: Arc<Logs>,
        user_cache: Arc<UserCache>,
        access: Arc<Access>,
        marks: Arc<Marks>,
        kinds: Arc<RoomKinds>,
    ) -> Arc<Self> {
        Arc::new(Messages { store, logs, user_cache, access, marks, reads: SharedReads::default(), kinds })
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

        let (user, marks) = (change.by.user, self.marks.clone());
        let mut pending = self.logs.enqueue(log, change, false)?;
        Completes::new(async move {
            let ack = pending.answer().await?;
            match (&ack.entry, ack.seq) {
                (Some(entry), _) => marks.raise(user, room, entry.seq, entry.n).await,
                // A repeat of a message that was stored before, perhaps by a node that crashed before it raised the
                // mark.
                (None, Some(seq)) => marks.raise_to(user, room, seq).await,
                (None, None) => {}
            }
            Ok(ack)
        })
        .await
    }
}

/// Returns the texts of the edits among these entries: what each edited message says now. An edit of a message that was
/// deleted has none.
pub async fn edit_texts(store: &Store, log: LogId, entries: &[Entry]) -> StoreResult<EditTexts> {
    edit_texts_until(store, log, entries, None).await
}

/// Like [`edit_texts`], for a reader who saw nothing after `until`: a newer text is left out.
async fn edit_texts_until(
    store: &Store,
    log: LogId,
    entries: &[Entry],
    until: Option<Timestamp>,
) -> StoreResult<EditTexts> {
    let edit = |entry: &Entry| match entry.body {
        Body::Edit { target, .. } => Some((entry.seq, target)),
        _ => None,
    };
    let edits: Vec<(Seq, Seq)> = entries.iter().filter_map(edit).collect();
    if edits.is_empty() {
        return Ok(EditTexts::new());
    }

    let mut targets: Vec<Seq> = edits.iter().map(|(_, target)| *target).collect();
    targets.sort_unstable();
    targets.dedup();
    let messages = store.log.messages(log, &targets).await?;
    let shown = messages.iter().filter_map(|entry| Some((entry.seq, entry.message()?)));
    let shown = shown.filter(|(_, message)| !message.deleted && !hidden_past::is_younger(message, until));
    let by_seq: HashMap<Seq, &MessageText> = shown.map(|(seq, message)| (seq, &message.text)).collect();
    let text = |(seq, target)| by_seq.get(&target).map(|text| (seq, (*text).clone()));
    Ok(edits.into_iter().filter_map(text).collect())
}
