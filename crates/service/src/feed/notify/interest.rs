//! Whom an entry concerns, and why. Pure: what it needs was read before.

use std::collections::{BTreeSet, HashMap};

use domain::limits::NOTIFICATION_EXCERPT_CHARS;
use domain::{Body, Entry, MemberState, Message, NotificationKind, Room, RoomKind, Seq, UserId};

/// A reason to tell somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cause<'a> {
    pub user: UserId,
    pub kind: NotificationKind,
    pub entry: &'a Entry,
}

/// The messages to read before [`causes`] can say anything: those that may concern somebody, as they
/// are now, and those that they answer. With none there is nothing to do, unless somebody was invited:
/// then the invitation's own seq is named, which is no message and reads as nothing.
pub(super) fn needed(entries: &[Entry], kind: RoomKind) -> Vec<Seq> {
    let mut needed = BTreeSet::new();
    for entry in entries {
        match &entry.body {
            Body::Message(message) => {
                let answers = [message.reply_to, message.thread];
                let concerns = kind == RoomKind::Direct || !message.mentions.is_empty();
                if concerns || answers.iter().any(Option::is_some) {
                    needed.insert(entry.seq);
                    needed.extend(answers.into_iter().flatten());
                }
            }
            Body::Member { state: MemberState::Invited, .. } => drop(needed.insert(entry.seq)),
            _ => {}
        }
    }
    needed.into_iter().collect()
}

/// Whom these entries concern, in their order; each user at most once an entry, for the first reason of:
/// direct message, mention, reply. `messages` are those that [`needed`] named, as they are now.
pub(super) fn causes<'a>(entries: &'a [Entry], messages: &HashMap<Seq, Entry>, room: &Room) -> Vec<Cause<'a>> {
    let mut causes = Vec::new();
    for entry in entries {
        let mut told = BTreeSet::from([entry.by]);
        let mut tell = |user, kind| {
            if told.insert(user) {
                causes.push(Cause { user, kind, entry });
            }
        };
        match &entry.body {
            Body::Member { user, state: MemberState::Invited, .. } => tell(*user, NotificationKind::Invite),
            Body::Message(_) => {
                let now = messages.get(&entry.seq).and_then(Entry::message);
                let Some(message) = now.filter(|message| !message.deleted) else { continue };
                if let Some(other) = room.other(entry.by) {
                    tell(other, NotificationKind::Direct);
                }
                for user in &message.mentions {
                    tell(*user, NotificationKind::Mention);
                }
                for answered in [message.reply_to, message.thread].into_iter().flatten() {
                    if let Some(answered) = messages.get(&answered) {
                        tell(answered.by, NotificationKind::Reply);
                    }
                }
            }
            _ => {}
        }
    }
    causes
}

/// The beginning of a message.
pub(super) fn excerpt(message: &Message) -> String {
    let text = message.text.as_str().trim();
    match (text.is_empty(), message.files.len()) {
        (false, _) if text.chars().count() <= NOTIFICATION_EXCERPT_CHARS => text.to_owned(),
        (false, _) => text.chars().take(NOTIFICATION_EXCERPT_CHARS - 1).chain(['…']).collect(),
        (true, 0) => String::new(),
        (true, 1) => "Sent a file".to_owned(),
        (true, files) => format!("Sent {files} files"),
    }
}
