//! Folds entries into rows: a message, a member, and a whole room.
//!
//! The same steps fold what an appender is about to write, what a client holds and what a checker compares. Never
//! refuses anything: an entry in the log has already been decided.

mod room_state;

pub use room_state::{Gap, RoomState};

use crate::entry::{Message, Reaction};
use crate::ids::{Seq, UserId};
use crate::limits::REACTORS_IN_MESSAGE;
use crate::room::{Member, MemberState, Role};
use crate::text::{Emoji, MessageText};
use crate::time::Timestamp;

/// The content of a `member` entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The new membership state.
    pub state: MemberState,
    /// The new role.
    pub role: Role,
    /// The end of the mute, if there is one.
    pub muted_until: Option<Timestamp>,
}

/// Returns the member row after a `member` entry at `seq`.
///
/// Only joining sets `from_seq`, and only the end of a membership sets `to_seq`: a ban after a kick moves neither. A
/// user who was never a member may see nothing (`to_seq` 0).
pub fn member(old: Option<&Member>, user: UserId, seq: Seq, now: Standing, hides_past: bool) -> Member {
    let was_in = old.is_some_and(Member::is_joined);
    let (from_seq, to_seq) = match (now.state, old) {
        (MemberState::Joined, Some(old)) if was_in => (old.from_seq, None),
        (MemberState::Joined, _) => (if hides_past { seq } else { 1 }, None),
        (_, Some(old)) if was_in => (old.from_seq, Some(seq)),
        (_, Some(old)) => (old.from_seq, old.to_seq),
        (_, None) => (1, Some(0)),
    };
    Member {
        user,
        state: now.state,
        role: now.role,
        muted_until: now.muted_until,
        level: old.map(|old| old.level).unwrap_or_default(),
        quiet_until: old.and_then(|old| old.quiet_until),
        from_seq,
        to_seq,
        rev: seq,
    }
}

/// Replaces the text and mentions, unless the message was deleted or changed later.
pub fn edit(message: &mut Message, seq: Seq, at: Timestamp, text: Option<&MessageText>, mentions: Option<&[UserId]>) {
    if message.deleted || seq <= message.rev {
        return;
    }
    if let Some(text) = text {
        message.text = text.clone();
    }
    if let Some(mentions) = mentions {
        message.mentions = mentions.to_vec();
    }
    message.edited_at = Some(at);
    message.rev = seq;
}

/// Deletes the message; its sender and its place remain.
pub fn delete(message: &mut Message, seq: Seq) {
    if message.deleted || seq <= message.rev {
        return;
    }
    let (reply_to, thread) = (message.reply_to, message.thread);
    *message = Message { reply_to, thread, ..Message::of(MessageText::default(), seq) };
    message.deleted = true;
}

/// Adds or removes a reaction. Returns whether it is not among those that the message itself holds, so that its own row
/// is written or removed. The caller has checked that it changes something.
pub fn react(message: &mut Message, seq: Seq, user: UserId, emoji: &Emoji, on: bool) -> bool {
    if message.deleted || seq <= message.rev {
        return false;
    }
    message.rev = seq;
    let at = message.reactions.iter().position(|reaction| reaction.emoji == *emoji);
    if on {
        let at = at.unwrap_or_else(|| {
            message.reactions.push(Reaction { emoji: emoji.clone(), n: 0, users: Vec::new() });
            message.reactions.len() - 1
        });
        let reaction = &mut message.reactions[at];
        reaction.n += 1;
        let beyond = reaction.users.len() >= REACTORS_IN_MESSAGE;
        if !beyond {
            reaction.users.push(user);
        }
        return beyond;
    }
    let Some(at) = at else { return false };
    let reaction = &mut message.reactions[at];
    reaction.n = reaction.n.saturating_sub(1);
    let held = reaction.users.iter().position(|held| *held == user);
    if let Some(held) = held {
        reaction.users.remove(held);
    }
    if reaction.n == 0 {
        message.reactions.remove(at);
    }
    held.is_none()
}

#[cfg(test)]
mod tests;
