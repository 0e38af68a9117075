//! Removes texts that a reader's time in the room does not cover. A message is stored as it is now, so one whose
//! position is visible may still show a text from before a hidden past or from after the reader's removal.

use domain::text::MessageText;
use domain::{Body, EditTexts, Entry, LogId, Message, Seq, Timestamp};

use crate::ports::{Store, StoreResult};

/// Removes the texts of edits of messages below `from_seq`, where a reader's past begins.
pub(super) fn hide_past(entries: &[Entry], texts: &mut EditTexts, from_seq: Seq) {
    for entry in entries {
        if let Body::Edit { target, .. } = entry.body
            && target < from_seq
        {
            texts.remove(&entry.seq);
        }
    }
}

/// Returns whether a message's text is newer than `until`. The same moment counts as newer: the entry that ended a
/// membership is not younger than any edit before it.
pub(super) fn is_younger(message: &Message, until: Option<Timestamp>) -> bool {
    until.zip(message.edited_at).is_some_and(|(until, edited_at)| edited_at >= until)
}

/// Returns when a user's time in the room ended: the time of the entry at `to_seq`.
pub(super) async fn ended_at(store: &Store, log: LogId, to_seq: Seq) -> StoreResult<Option<Timestamp>> {
    Ok(store.log.read(log, to_seq, to_seq).await?.first().map(|entry| entry.at))
}

/// Removes from messages what changed after a reader's time in the room ended, at `to_seq`: the text and the mentions if
/// they were edited since, and all reactions if anything changed, because a message does not say when each was added.
/// Reads only if a message was edited.
pub(super) async fn hide_later(store: &Store, log: LogId, to_seq: Seq, entries: &mut [Entry]) -> StoreResult<()> {
    let edited = |message: &Message| message.edited_at.is_some() && message.rev > to_seq;
    let until = match entries.iter().filter_map(Entry::message).any(edited) {
        true => ended_at(store, log, to_seq).await?,
        false => None,
    };

    for entry in entries {
        if let Body::Message(message) = &mut entry.body
            && message.rev > to_seq
        {
            message.reactions.clear();
            if is_younger(message, until) {
                message.text = MessageText::default();
                message.mentions.clear();
            }
        }
    }
    Ok(())
}
