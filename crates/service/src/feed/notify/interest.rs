//! Decides whom an entry concerns, and why. Pure: what it needs was read before.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{Body, Entry, MemberState, NotificationKind, Room, RoomKind, Seq, Timestamp, UserId};

/// A reason to notify a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cause<'a> {
    pub user: UserId,
    pub kind: NotificationKind,
    pub entry: &'a Entry,
    /// The entry that the notification is about: a message's first entry, also if an edit is the cause.
    pub at: Timestamp,
    pub seq: Seq,
}

/// A message that was edited or deleted, by one entry or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change<'a> {
    pub target: Seq,
    /// The seq of the first entry that changed it, to continue from after a failure.
    pub first: Seq,
    /// The last entry that changed it.
    pub last: &'a Entry,
    /// The users whom one of them removed from the mentions.
    pub unmentioned: BTreeSet<UserId>,
}

/// What happens to a user's notification of a message that was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// The message has another text.
    Changed,
    /// The notification is removed.
    Over,
}

/// Returns the messages that these entries edit or delete, in order of the message.
pub(super) fn changes(entries: &[Entry]) -> Vec<Change<'_>> {
    let mut changes: BTreeMap<Seq, Change<'_>> = BTreeMap::new();
    for entry in entries {
        let (target, unmentioned) = match &entry.body {
            Body::Edit { target, unmentioned, .. } | Body::Delete { target, unmentioned } => (*target, unmentioned),
            _ => continue,
        };
        let fresh = || Change { target, first: entry.seq, last: entry, unmentioned: BTreeSet::new() };
        let change = changes.entry(target).or_insert_with(fresh);
        change.last = entry;
        change.unmentioned.extend(unmentioned);
    }
    changes.into_values().collect()
}

/// Returns whether any user may have a notification of a message that was changed.
pub(super) fn matters(change: &Change<'_>, messages: &HashMap<Seq, Entry>, kind: RoomKind) -> bool {
    let Some(message) = messages.get(&change.target).and_then(Entry::message) else { return false };
    let answers = message.reply_to.or(message.thread).is_some();
    kind == RoomKind::Direct || answers || !message.mentions.is_empty() || !change.unmentioned.is_empty()
}

/// Returns the messages to read before [`causes`] and [`turns`]: those that may concern a user, as they are now, and
/// those that they answer. If it is empty there is nothing to do, unless a user was invited: then it contains the
/// invitation's own seq, which is no message and reads as nothing. What a changed message answers is known only after
/// it was read: [`answered`] returns that.
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
            Body::Edit { target, .. } | Body::Delete { target, .. } => drop(needed.insert(*target)),
            Body::Member { state: MemberState::Invited, .. } => drop(needed.insert(entry.seq)),
            _ => {}
        }
    }
    needed.into_iter().collect()
}

/// Returns the messages that changed ones answer, unless they were read already.
pub(super) fn answered(changes: &[Change<'_>], messages: &HashMap<Seq, Entry>) -> Vec<Seq> {
    let changed = changes.iter().filter_map(|change| messages.get(&change.target)?.message());
    let answered = changed.flat_map(|message| [message.reply_to, message.thread]).flatten();
    let missing: BTreeSet<Seq> = answered.filter(|seq| !messages.contains_key(seq)).collect();
    missing.into_iter().collect()
}

/// Returns whom these entries concern, in their order; each user at most once per entry, for the first reason of:
/// direct message, mention, reply. An edit concerns those whom its text mentions: who has a notification of the message
/// already gets no other one. `messages` are those that [`needed`] returned, as they are now.
pub(super) fn causes<'a>(entries: &'a [Entry], messages: &HashMap<Seq, Entry>, room: &Room) -> Vec<Cause<'a>> {
    let mut causes = Vec::new();
    for entry in entries {
        let (about, mentioned) = match &entry.body {
            Body::Member { user, state: MemberState::Invited, .. } if *user != entry.by => {
                let kind = NotificationKind::Invite;
                causes.push(Cause { user: *user, kind, entry, at: entry.at, seq: entry.seq });
                continue;
            }
            Body::Message(_) => (entry.seq, None),
            Body::Edit { target, mentions: Some(mentioned), .. } => (*target, Some(mentioned)),
            _ => continue,
        };
        let Some(about) = messages.get(&about) else { continue };
        let mut reasons = reasons(about, messages, room);
        if let Some(mentioned) = mentioned {
            reasons.retain(|(user, kind)| *kind == NotificationKind::Mention && mentioned.contains(user));
        }
        let cause = |(user, kind)| Cause { user, kind, entry, at: about.at, seq: about.seq };
        causes.extend(reasons.into_iter().map(cause));
    }
    causes
}

/// Returns whom a message concerns as it is now: no one, if it was deleted.
fn reasons(entry: &Entry, messages: &HashMap<Seq, Entry>, room: &Room) -> Vec<(UserId, NotificationKind)> {
    let Some(message) = entry.message().filter(|message| !message.deleted) else { return Vec::new() };
    let direct = room.other(entry.by).map(|other| (other, NotificationKind::Direct));
    let mentions = message.mentions.iter().map(|user| (*user, NotificationKind::Mention));
    let replies = repliers(entry, messages).map(|user| (user, NotificationKind::Reply));
    let mut seen = BTreeSet::from([entry.by]);
    direct.into_iter().chain(mentions).chain(replies).filter(|(user, _)| seen.insert(*user)).collect()
}

/// Returns the authors of what a message answers.
fn repliers(entry: &Entry, messages: &HashMap<Seq, Entry>) -> impl Iterator<Item = UserId> {
    let answers = entry.message().map(|message| [message.reply_to, message.thread]).unwrap_or_default();
    answers.into_iter().flatten().filter_map(|seq| Some(messages.get(&seq)?.by))
}

/// Returns what a change of a message means for users who may have a notification of it. Whether they have one is not
/// known here.
pub(super) fn turns(change: &Change<'_>, messages: &HashMap<Seq, Entry>, room: &Room) -> Vec<(UserId, Turn)> {
    let Some(entry) = messages.get(&change.target) else { return Vec::new() };
    let now: BTreeSet<UserId> = reasons(entry, messages, room).into_iter().map(|(user, _)| user).collect();
    let before = change.unmentioned.iter().copied().chain(room.other(entry.by)).chain(repliers(entry, messages));
    let over: BTreeSet<UserId> = before.filter(|user| *user != entry.by && !now.contains(user)).collect();
    let changed = now.into_iter().map(|user| (user, Turn::Changed));
    changed.chain(over.into_iter().map(|user| (user, Turn::Over))).collect()
}
