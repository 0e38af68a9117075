//! Converts the domain's types to what clients see. The only place where ids get their names.

use domain::{
    Body, Entry, File, Member, MemberState, Message, Notification, Related, Room, RoomId, Timestamp, User, UserId,
    UserRoom,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::OWN_LOG;
use crate::event::{
    Event, EventKind, FileRef, NotificationChange, OwnEvent, OwnEventKind, ReactionView, RoomChange, RoomGone, UserRef,
};
use crate::rest::notifications::NotificationView;
use crate::rest::rooms::{MemberView, RoomView};
use crate::server_frame::{RoomEntry, UserSelf};

/// Formats a time as RFC 3339 in UTC with milliseconds, like `2026-11-21T08:00:00.123Z`.
pub fn rfc3339(at: Timestamp) -> String {
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1_000_000);
    let moment = moment.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, clock) = (moment.date(), moment.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second(),
        clock.millisecond()
    )
}

/// Parses a time as [`rfc3339`] writes it; accepts any RFC 3339 offset.
pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok().map(Timestamp)
}

/// Returns a user as others see them. An unknown user has an empty name.
pub fn user_ref(id: UserId, related: &Related) -> UserRef {
    match related.users.get(&id) {
        Some(user) => UserRef::from(user),
        None => UserRef { id: id.to_string(), name: String::new(), display_name: None, guest: false, deleted: false },
    }
}

impl From<&User> for UserRef {
    fn from(user: &User) -> Self {
        UserRef {
            id: user.id.to_string(),
            name: user.name.to_string(),
            // For clients that do not know `deleted`.
            display_name: match user.deleted {
                true => Some(DELETED.to_owned()),
                false => user.display_name.as_ref().map(ToString::to_string),
            },
            guest: user.guest,
            deleted: user.deleted,
        }
    }
}

/// The display name of a deleted user.
const DELETED: &str = "Deleted user";

/// Returns the signed-in user's own account.
pub fn user_self(user: &User) -> UserSelf {
    UserSelf {
        id: user.id.to_string(),
        name: user.name.to_string(),
        display_name: user.display_name.as_ref().map(ToString::to_string),
        guest: user.guest,
        admin: user.role == domain::UserRole::Admin,
    }
}

/// Returns a file as a message shows it.
pub fn file_ref(file: &File) -> FileRef {
    FileRef {
        id: file.id.to_string(),
        name: file.name.clone(),
        content_type: file.content_type.clone(),
        size: file.size,
        width: file.picture.map(|p| p.width),
        height: file.picture.map(|p| p.height),
        thumbnail: file.picture.is_some_and(|p| p.thumbnail),
        metadata: file.metadata,
    }
}

impl Event {
    /// Converts an entry of a room's log. Entries of the user log's kinds never occur in a room's log.
    pub fn new(room: RoomId, entry: &Entry, related: &Related) -> Event {
        Event {
            room: room.to_string(),
            seq: entry.seq,
            n: entry.n,
            by: user_ref(entry.by, related),
            at: rfc3339(entry.at),
            id: entry.id.to_string(),
            kind: event_kind(entry, related),
        }
    }
}

fn event_kind(entry: &Entry, related: &Related) -> EventKind {
    match &entry.body {
        Body::Message(message) => message_kind(message, related),
        Body::Edit { target, mentions, .. } => {
            // A reader who may not see the text does not learn whom it mentions.
            let text = related.texts.get(&entry.seq);
            let mentions = mentions.as_ref().filter(|_| text.is_some());
            EventKind::Edit {
                target: *target,
                mentions: mentions.map(|mentions| mentions.iter().map(ToString::to_string).collect()),
                text: text.map(|text| text.as_str().to_owned()).unwrap_or_default(),
            }
        }
        Body::Delete { target, .. } => EventKind::Delete { target: *target },
        Body::React { target, emoji, on } => {
            EventKind::React { target: *target, emoji: emoji.as_str().to_owned(), on: *on }
        }
        Body::Pin { target, on } => EventKind::Pin { target: *target, on: *on },
        Body::Member { user, state, role, muted_until, why } => EventKind::Member {
            user: user_ref(*user, related),
            state: *state,
            role: *role,
            muted_until: muted_until.map(rfc3339),
            why: why.clone(),
        },
        Body::Room(room) => EventKind::Room {
            name: room.name.as_ref().map(ToString::to_string),
            slug: room.slug.as_ref().map(ToString::to_string),
            description: room.description.clone(),
            room_kind: room.kind,
            archived: room.archived,
            hides_past: room.hides_past,
            slow_mode_s: room.slow_mode_s,
        },
        other => EventKind::Unknown(as_object(other)),
    }
}

fn message_kind(message: &Message, related: &Related) -> EventKind {
    EventKind::Message {
        text: message.text.as_str().to_owned(),
        mentions: message.mentions.iter().map(ToString::to_string).collect(),
        reply_to: message.reply_to,
        thread: message.thread,
        files: message.files.iter().filter_map(|id| related.files.get(id)).map(file_ref).collect(),
        rev: message.rev,
        edited_at: message.edited_at.map(rfc3339),
        deleted: message.deleted,
        reactions: message
            .reactions
            .iter()
            .map(|reaction| ReactionView {
                emoji: reaction.emoji.as_str().to_owned(),
                n: reaction.n,
                users: reaction.users.iter().map(ToString::to_string).collect(),
            })
            .collect(),
    }
}

/// The kind of an entry that this release cannot decode.
const UNREADABLE: &str = "unreadable";
/// The text that clients show instead.
const UNREADABLE_FALLBACK: &str = "This entry cannot be read by the running version of the server.";

/// Returns the JSON object of a body that has no event type: an unknown kind as it was stored, an unreadable one with
/// the fallback that clients may show.
fn as_object(body: &Body) -> serde_json::Map<String, serde_json::Value> {
    match body {
        Body::Unknown(serde_json::Value::Object(map)) => map.clone(),
        Body::Unreadable { kind, .. } => {
            let fields = [("kind", UNREADABLE), ("of", kind.as_str()), ("fallback", UNREADABLE_FALLBACK)];
            fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
        }
        other => [("kind".to_owned(), other.kind().into())].into_iter().collect(),
    }
}

impl OwnEvent {
    /// Converts an entry of a user log. `room` is the room list's row of a room that was added or changed; without it
    /// (the user is no longer in the room) the event is `gone`.
    pub fn new(entry: &Entry, related: &Related, room: Option<RoomEntry>) -> OwnEvent {
        let kind = match &entry.body {
            Body::UserRoom(row) => OwnEventKind::Room(match room {
                Some(line) if row.is_listed() => RoomChange::Set { entry: Box::new(line) },
                _ => RoomChange::Gone {
                    entry: RoomGone {
                        id: row.room.to_string(),
                        at_seq: row.rev,
                        why: why_gone(row),
                        reason: row.why.clone(),
                    },
                },
            }),
            Body::NotificationAdded(notification) => OwnEventKind::Notification(NotificationChange::Added {
                entry: Box::new(NotificationView::new(notification, related)),
            }),
            Body::NotificationChanged(notification) => OwnEventKind::Notification(NotificationChange::Changed {
                entry: Box::new(NotificationView::new(notification, related)),
            }),
            Body::NotificationRead { key } => {
                OwnEventKind::Notification(NotificationChange::Read { key: key.map(|key| key.to_string()) })
            }
            Body::NotificationGone { key } => {
                OwnEventKind::Notification(NotificationChange::Gone { key: key.to_string() })
            }
            Body::Setting { name, value } => OwnEventKind::Setting { name: name.clone(), value: value.clone() },
            Body::SessionEnded { session } => {
                OwnEventKind::Session { op: "ended".into(), session: session.map(|session| session.to_string()) }
            }
            other => OwnEventKind::Unknown(as_object(other)),
        };
        OwnEvent { room: OWN_LOG.into(), seq: entry.seq, at: rfc3339(entry.at), id: entry.id.to_string(), kind }
    }
}

/// Returns why a room is no longer in the list. One that the user ignores is gone as if they had left it.
fn why_gone(row: &UserRoom) -> MemberState {
    match row.state {
        MemberState::Joined | MemberState::Invited => MemberState::Left,
        state => state,
    }
}

impl NotificationView {
    /// Converts a notification, adding its author's name.
    pub fn new(notification: &Notification, related: &Related) -> NotificationView {
        NotificationView {
            key: notification.key.to_string(),
            kind: notification.kind,
            notif_type: notification.notif_type.clone(),
            at: rfc3339(notification.key.at),
            room: notification.room.map(|room| room.to_string()),
            seq: notification.seq,
            from: notification.from.map(|user| user_ref(user, related)),
            title: notification.title.clone(),
            body: notification.body.clone(),
            read: notification.read_at.is_some(),
        }
    }
}

/// Returns a row of `me`'s room list. `head` is `(seq, n, at)` of the room's last entry.
pub fn room_entry(
    me: UserId,
    row: &UserRoom,
    room: &Room,
    head: (domain::Seq, u64, Timestamp),
    related: &Related,
) -> RoomEntry {
    // The head may be a minute old (`UserRoomRow::head`), so what the user has read may be above it.
    let (seq, n, at) = (head.0.max(row.read_seq), head.1.max(row.read_n), head.2);
    RoomEntry {
        id: room.id.to_string(),
        slug: room.slug.as_ref().map(ToString::to_string),
        name: room.name.as_ref().map(ToString::to_string),
        kind: room.kind,
        description: room.description.clone(),
        with: room.other(me).map(|other| user_ref(other, related)),
        state: row.state,
        role: row.role,
        at_seq: row.rev,
        level: row.level,
        quiet_until: row.quiet_until.map(rfc3339),
        hidden: row.hidden,
        request: row.state == MemberState::Joined && row.request.is_some(),
        archived: room.archived,
        head: seq,
        n,
        last_at: (seq > 0).then(|| rfc3339(at)),
        read: row.read_seq,
        read_n: row.read_n,
        mentions: row.mentions.clone(),
    }
}

/// Converts a member, adding their name.
pub fn member_view(member: &Member, related: &Related) -> MemberView {
    MemberView {
        user: user_ref(member.user, related),
        state: member.state,
        role: member.role,
        muted_until: member.muted_until.map(rfc3339),
        at_seq: member.rev,
    }
}

/// Returns a room as `me` sees it; `member` is their row, `head` is `(seq, n)`.
pub fn room_view(
    me: UserId,
    room: &Room,
    member: Option<&Member>,
    members: u64,
    head: (domain::Seq, u64),
    pins: Vec<domain::Seq>,
    related: &Related,
) -> RoomView {
    RoomView {
        id: room.id.to_string(),
        slug: room.slug.as_ref().map(ToString::to_string),
        name: room.name.as_ref().map(ToString::to_string),
        description: room.description.clone(),
        kind: room.kind,
        archived: room.archived,
        hides_past: room.hides_past,
        slow_mode_s: room.slow_mode_s,
        with: room.other(me).map(|other| user_ref(other, related)),
        state: member.map(|member| member.state),
        role: member.map(|member| member.role),
        muted_until: member.and_then(|member| member.muted_until).map(rfc3339),
        members,
        head: head.0,
        n: head.1,
        pins,
    }
}

#[cfg(test)]
mod tests;
