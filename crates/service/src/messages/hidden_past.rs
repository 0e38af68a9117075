//! Texts that a reader's time in the room does not cover. A message is stored as it is now, so what is
//! within reach by its place may still say something from before a hidden past or from after one's removal.

use domain::text::MessageText;
use domain::{Body, Entry, LogId, Message, Seq, Timestamp};

use crate::ports::{Store, StoreResult};

/// Takes the new text, and whom it mentions, out of edits of messages that are below `from_seq`, where a reader's past begins.
pub fn hide_past(entries: &mut [Entry], from_seq: Seq) {
    for entry in entries {
        if let Body::Edit { target, text, mentions, .. } = &mut entry.body
            && *target < from_seq
        {
            *text = None;
            *mentions = None;
        }
    }
}

/// Whether a message's text came after `until`. What is of the same moment counts as later: the entry that
/// ended a membership is not younger than any edit before it.
pub(super) fn is_younger(message: &Message, until: Option<Timestamp>) -> bool {
    until.zip(message.edited_at).is_some_and(|(until, edited_at)| edited_at >= until)
}

/// When somebody's time in the room ended: of the entry at `to_seq`.
pub(super) async fn ended_at(store: &Store, log: LogId, to_seq: Seq) -> StoreResult<Option<Timestamp>> {
    Ok(store.log.read(log, to_seq, to_seq).await?.first().map(|entry| entry.at))
}

/// Takes the text out of messages that were edited after a reader's time in the room ended, at `to_seq`. Reads
/// only where there is such a message.
pub(super) async fn hide_later(store: &Store, log: LogId, to_seq: Seq, entries: &mut [Entry]) -> StoreResult<()> {
    let changed = |message: &Message| message.edited_at.is_some() && message.rev > to_seq;
    if !entries.iter().filter_map(Entry::message).any(changed) {
        return Ok(());
    }
    let until = ended_at(store, log, to_seq).await?;
    for entry in entries {
        if let Body::Message(message) = &mut entry.body
            && message.rev > to_seq
            && is_younger(message, until)
        {
            message.text = MessageText::default();
        }
    }
    Ok(())
}
