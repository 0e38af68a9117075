//! The rules for messages: send, edit, delete, react, pin.

use std::time::Duration;

use super::rights::{joined, power, runs, writer};
use super::{Ruled, Verdict};
use crate::change::{Change, Intent};
use crate::entry::{Body, Entry, Message};
use crate::file::FileState;
use crate::ids::{FileId, Seq, UserId};
use crate::limits::{EMOJIS_PER_MESSAGE, FILES_PER_MESSAGE, PINS_PER_ROOM};
use crate::refusal::{Code, Refusal};
use crate::room::{Member, Role, RoomKind};
use crate::text::{Emoji, MessageText};
use crate::time::Timestamp;
use crate::view::View;
use crate::window::Window;

pub(super) fn send(view: &mut View, window: &Window, change: &Change, now: Timestamp) -> Ruled {
    let Intent::Send { text, reply_to, thread, files } = &change.intent else { unreachable!("only a send comes here") };
    let (room, member) = writer(view, &change.by, now)?;
    if text.is_blank() && files.is_empty() {
        return Err(Refusal::bad_request("Write a message or attach a file."));
    }
    if member.role < Role::Moderator {
        pause(window, change.by.user, room.slow_mode_s, now)?;
    }
    if let Some(seq) = reply_to {
        seen(view, member, *seq)?;
    }
    if let Some(root) = thread {
        let (_, message) = seen(view, member, *root)?;
        if message.thread.is_some() {
            return Err(Refusal::bad_request("You cannot start a thread on a message that is already in a thread."));
        }
    }
    check_files(view, change.by.user, files)?;
    let mentions = mentioned(view, text);
    let seq = view.place().seq + 1;
    let message = Message {
        mentions,
        files: files.clone(),
        reply_to: *reply_to,
        thread: *thread,
        ..Message::of(text.clone(), seq)
    };
    view.accept(change.by.user, change.id, now, Body::Message(message));
    Ok(Verdict::Accepted)
}

pub(super) fn edit(view: &mut View, change: &Change, target: Seq, text: &MessageText, now: Timestamp) -> Ruled {
    let (_, member) = writer(view, &change.by, now)?;
    let (entry, message) = seen(view, member, target)?;
    if entry.by != change.by.user {
        return Err(Refusal::forbidden("You can only edit your own messages."));
    }
    if message.deleted {
        return Err(Refusal::new(Code::Conflict, "This message has been deleted."));
    }
    if text.is_blank() && message.files.is_empty() {
        return Err(Refusal::bad_request("A message needs text or a file. To remove the message, delete it."));
    }
    if message.text == *text {
        return Ok(Verdict::Nothing);
    }
    // A name that was already mentioned keeps meaning the same user, even if they have since been renamed.
    let mentions = match text.mentions() == message.text.mentions() {
        true => None,
        false => Some(mentioned(view, text)),
    };
    let unmentioned = match &mentions {
        Some(now) => message.mentions.iter().filter(|user| !now.contains(user)).copied().collect(),
        None => Vec::new(),
    };
    let body = Body::Edit { target, mentions, unmentioned };
    view.accept_edit(change.by.user, change.id, now, body, text.clone());
    Ok(Verdict::Accepted)
}

/// Returns the users mentioned in a text with an `@`, each once.
fn mentioned(view: &View, text: &MessageText) -> Vec<UserId> {
    let mut mentions: Vec<UserId> = Vec::new();
    for mention in text.mentions() {
        let user = mention.keys.iter().find_map(|key| view.names.get(key).copied().flatten());
        mentions.extend(user.filter(|user| !mentions.contains(user)));
    }
    mentions
}

pub(super) fn delete(view: &mut View, change: &Change, target: Seq, now: Timestamp) -> Ruled {
    let moderates = power(view, &change.by).is_some_and(|power| power >= Role::Moderator);
    // The system deletes for an author who is gone, in direct rooms, too.
    let is_system = change.by.user == UserId::SYSTEM;
    let deletes_any = moderates && view.room().is_some_and(|room| is_system || room.kind != RoomKind::Direct);
    let (entry, message) = if deletes_any {
        view.message(target).ok_or_else(no_such_message)?
    } else {
        let (_, member) = joined(view, &change.by)?;
        seen(view, member, target)?
    };
    if entry.by != change.by.user && !deletes_any {
        return Err(Refusal::forbidden("Only the author or a moderator can delete a message."));
    }
    if message.deleted {
        return Ok(Verdict::Nothing);
    }
    let unmentioned = message.mentions.clone();
    view.accept(change.by.user, change.id, now, Body::Delete { target, unmentioned });
    Ok(Verdict::Accepted)
}

pub(super) fn react(view: &mut View, change: &Change, target: Seq, emoji: &Emoji, on: bool, now: Timestamp) -> Ruled {
    let (_, member) = writer(view, &change.by, now)?;
    let (_, message) = seen(view, member, target)?;
    if message.deleted {
        return Err(no_such_message());
    }
    if view.has_reacted(target, emoji, change.by.user) == on {
        return Ok(Verdict::Nothing);
    }
    let is_new = !message.reactions.iter().any(|reaction| reaction.emoji == *emoji);
    if on && is_new && message.reactions.len() >= EMOJIS_PER_MESSAGE {
        return Err(Refusal::new(
            Code::TooLarge,
            format!("A message can have at most {EMOJIS_PER_MESSAGE} different reactions."),
        ));
    }
    view.accept(change.by.user, change.id, now, Body::React { target, emoji: emoji.clone(), on });
    Ok(Verdict::Accepted)
}

pub(super) fn pin(view: &mut View, change: &Change, target: Seq, on: bool, now: Timestamp) -> Ruled {
    let direct = view.room().is_some_and(|room| room.kind == RoomKind::Direct);
    if direct {
        joined(view, &change.by)?;
    } else {
        let (room, _) = runs(view, &change.by, Role::Moderator)?;
        super::rights::not_archived(room)?;
    }
    let (_, message) = view.message(target).ok_or_else(no_such_message)?;
    if on && message.deleted {
        return Err(no_such_message());
    }
    let pins = view.pins.as_ref().map(|pins| (pins.contains(&target), pins.len()));
    let (pinned, count) = pins.unwrap_or_default();
    if pinned == on {
        return Ok(Verdict::Nothing);
    }
    if on && count >= PINS_PER_ROOM {
        return Err(Refusal::new(
            Code::TooLarge,
            format!("A room can have at most {PINS_PER_ROOM} pinned messages. Unpin one first."),
        ));
    }
    view.accept(change.by.user, change.id, now, Body::Pin { target, on });
    Ok(Verdict::Accepted)
}

/// Enforces slow mode: refuses a message within so many seconds of the user's last one.
fn pause(window: &Window, user: UserId, slow_mode_s: u32, now: Timestamp) -> Result<(), Refusal> {
    if slow_mode_s == 0 {
        return Ok(());
    }
    let pause = Duration::from_secs(slow_mode_s.into());
    let since = Timestamp(now.0.saturating_sub(i64::from(slow_mode_s) * 1_000));
    let Some(last) = window.last_message(user, since) else { return Ok(()) };
    let left = (last + pause).since(now).as_millis() as u64;
    let seconds = left.div_ceil(1_000);
    Err(Refusal::new(Code::SlowMode, format!("This room is in slow mode. You can send again in {seconds} s."))
        .retry_in(left))
}

/// Returns a message that the member may see.
fn seen<'a>(view: &'a View, member: &Member, seq: Seq) -> Result<(&'a Entry, &'a Message), Refusal> {
    view.message(seq).filter(|_| seq >= member.from_seq).ok_or_else(no_such_message)
}

fn no_such_message() -> Refusal {
    Refusal::not_found("There is no such message.")
}

fn check_files(view: &View, sender: UserId, files: &[FileId]) -> Result<(), Refusal> {
    if files.len() > FILES_PER_MESSAGE {
        return Err(Refusal::new(Code::TooLarge, format!("A message can have at most {FILES_PER_MESSAGE} files.")));
    }
    for (place, id) in files.iter().enumerate() {
        let file = view.files.get(id).and_then(Option::as_ref);
        let file = file.filter(|file| file.user == sender && Some(file.room) == view.log.room());
        let file = file.ok_or_else(|| Refusal::not_found("You have not uploaded this file to this room."))?;
        match file.state {
            FileState::Unsent if !files[..place].contains(id) => {}
            FileState::Uploading => {
                return Err(Refusal::new(
                    Code::Conflict,
                    "A file is still being uploaded. Try again when it is complete.",
                ));
            }
            FileState::Dropped => return Err(Refusal::not_found("You have not uploaded this file to this room.")),
            FileState::Unsent | FileState::Sent => {
                return Err(Refusal::new(
                    Code::Conflict,
                    "A file is already part of another message. Upload it again.",
                ));
            }
        }
    }
    Ok(())
}
