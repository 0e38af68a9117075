//! The shapes of the older contract: REST bodies and socket frames, field by field as its clients know them.

use std::borrow::Cow;

use domain::compat::{chosen_id, shown_id, shown_name};
use domain::{Entry, File, NotificationKind, Related, Room, Seq, Timestamp, User, UserId};
use serde::{Deserialize, Serialize};

use crate::convert::rfc3339;

/// The type of a message that is text.
const TEXT: &str = "text";
/// The type of a message that has a file.
const FILE: &str = "file";
/// The type of a notification whose poster gave none.
const NOTIFICATION: &str = "message";
/// The type of a notification of a mention.
const MENTION: &str = "mention";
/// The text before and after the id in a file's address.
const FILE_PATH: (&str, &str) = ("/api/files/", "/download");

/// An error, for REST.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// What is wrong, and what to do.
    pub detail: String,
}

/// A room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoomBody {
    /// The slug.
    pub id: String,
    /// The name.
    pub name: String,
    /// What the room is about.
    pub description: String,
    /// When it was created.
    pub created_at: String,
}

impl RoomBody {
    /// Converts a room that was created at `created_at`.
    pub fn new(room: &Room, created_at: Timestamp) -> Self {
        RoomBody {
            id: room.slug.as_ref().map_or_else(|| room.id.to_string(), ToString::to_string),
            name: room.name.as_ref().map(ToString::to_string).unwrap_or_default(),
            description: room.description.clone(),
            created_at: rfc3339(created_at),
        }
    }
}

/// A new room.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct NewRoom {
    /// The slug.
    pub id: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// What the room is about.
    pub description: Option<String>,
}

/// A message, in REST and in a frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageBody {
    /// `<room>:<seq>`.
    pub id: String,
    /// The room's slug.
    pub room_id: String,
    /// What the author is called by older clients.
    pub user_id: String,
    /// The author's name.
    pub username: String,
    /// The text; of a message with a file, its name if there is no text.
    pub content: String,
    /// `text` or `file`.
    pub message_type: &'static str,
    /// The address of the file.
    pub file_url: Option<String>,
    /// When it was sent.
    pub timestamp: String,
}

impl MessageBody {
    /// Converts an entry of the room that has this slug; none if it is no message, or a deleted one.
    pub fn new(room: &str, entry: &Entry, related: &Related) -> Option<Self> {
        let message = entry.message().filter(|message| !message.deleted)?;
        let file = message.files.first().map(|file| {
            let name = related.files.get(file).map(|file| file.name.as_str()).unwrap_or_default();
            (file.to_string(), name)
        });
        let file = file.as_ref().map(|(id, name)| (id.as_str(), *name));
        let text = message.text.as_str();
        Some(Self::of_parts(room, entry.seq, named(entry.by, related), text, file, rfc3339(entry.at)))
    }

    /// Returns a message of these parts: the author's id and name, and the first file's id and name.
    pub fn of_parts(
        room: &str,
        seq: Seq,
        (user_id, username): (String, String),
        text: &str,
        file: Option<(&str, &str)>,
        timestamp: String,
    ) -> Self {
        let content = file.filter(|_| text.is_empty()).map_or(text, |(_, name)| name);
        MessageBody {
            id: format!("{room}:{seq}"),
            room_id: room.to_owned(),
            user_id,
            username,
            content: content.to_owned(),
            message_type: if file.is_some() { FILE } else { TEXT },
            file_url: file.map(|(id, _)| file_url(id)),
            timestamp,
        }
    }
}

/// Returns what a user is called by older clients, and their name.
pub fn named(user: UserId, related: &Related) -> (String, String) {
    match related.users.get(&user) {
        Some(user) => (shown_id(user), shown_name(user)),
        None => (user.to_string(), String::new()),
    }
}

/// Like [`named`], for a user of whom only this is known.
pub fn named_ref(user: UserId, handle: &str, display_name: Option<&str>) -> (String, String) {
    let chosen = chosen_id(user, handle);
    let name = display_name.or(chosen.as_deref()).unwrap_or(handle).to_owned();
    (chosen.unwrap_or_else(|| user.to_string()), name)
}

/// A frame to a client, except errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Frame {
    /// Somebody sent a message.
    Message(MessageBody),
    /// Somebody is typing.
    Typing {
        /// What the user is called by older clients.
        user_id: String,
        /// The name.
        username: String,
        /// The room's slug.
        room_id: String,
    },
    /// Somebody stopped typing.
    StopTyping {
        /// What the user is called by older clients.
        user_id: String,
        /// The name.
        username: String,
        /// The room's slug.
        room_id: String,
    },
    /// A user's first connection is in the room.
    UserJoined {
        /// What the user is called by older clients.
        user_id: String,
        /// The name.
        username: String,
        /// The room's slug.
        room_id: String,
        /// When that was noticed.
        timestamp: String,
    },
    /// A user's last connection has left the room.
    UserLeft {
        /// What the user is called by older clients.
        user_id: String,
        /// The name.
        username: String,
        /// The room's slug.
        room_id: String,
        /// When that was noticed.
        timestamp: String,
    },
}

/// Returns the address of a file.
pub fn file_url(file: &str) -> String {
    let (before, after) = FILE_PATH;
    format!("{before}{file}{after}")
}

/// Returns the id in the address of a file, whatever stands before it: functions that run by themselves have shorter paths.
pub fn file_of_url(url: &str) -> Option<&str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let path = path.strip_suffix(FILE_PATH.1).unwrap_or(path);
    path.rsplit('/').next().filter(|id| !id.is_empty())
}

/// A user who is online.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnlineUser {
    /// What the user is called by older clients.
    pub user_id: String,
    /// The name.
    pub username: String,
    /// When the user was last seen.
    pub last_seen: String,
}

impl OnlineUser {
    /// Converts a user who was last seen at `last_seen`.
    pub fn new(user: &User, last_seen: Timestamp) -> Self {
        OnlineUser { user_id: shown_id(user), username: shown_name(user), last_seen: rfc3339(last_seen) }
    }
}

/// A user who is typing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TypingUser {
    /// What the user is called by older clients.
    pub user_id: String,
    /// The name.
    pub username: String,
}

impl From<&User> for TypingUser {
    fn from(user: &User) -> Self {
        TypingUser { user_id: shown_id(user), username: shown_name(user) }
    }
}

/// A new notification.
#[derive(Debug, Clone, Deserialize)]
pub struct NewNotification {
    /// The user who receives it.
    pub user_id: String,
    /// The title.
    pub title: String,
    /// The text below the title.
    #[serde(default)]
    pub body: Option<String>,
    /// The type, in the poster's words.
    #[serde(default)]
    pub notif_type: Option<String>,
    /// The slug of the room that it is about.
    #[serde(default)]
    pub room_id: Option<String>,
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotificationBody {
    /// The id.
    pub id: String,
    /// What the user whose it is is called by older clients.
    pub user_id: String,
    /// The title.
    pub title: String,
    /// The text below the title.
    pub body: String,
    /// The type.
    pub notif_type: String,
    /// The slug of the room that it is about.
    pub room_id: Option<String>,
    /// Whether it was read.
    pub is_read: bool,
    /// When it was created.
    pub created_at: String,
}

impl NotificationBody {
    /// Converts a notification of `user`. `from` is the name of the user who caused it.
    pub fn new(
        id: String,
        user: &User,
        notification: &domain::Notification,
        room_id: Option<String>,
        from: Option<&str>,
    ) -> Self {
        let is_mention = notification.kind == NotificationKind::Mention;
        let title = match is_mention {
            true => Cow::from(format!("{} mentioned you", from.unwrap_or("Somebody"))),
            false => Cow::from(&notification.title),
        };
        let given = notification.notif_type.as_deref();
        NotificationBody {
            id,
            user_id: shown_id(user),
            title: title.into_owned(),
            body: notification.body.clone(),
            notif_type: given.unwrap_or(if is_mention { MENTION } else { NOTIFICATION }).to_owned(),
            room_id,
            is_read: notification.read_at.is_some(),
            created_at: rfc3339(notification.key.at),
        }
    }
}

/// The number of unread notifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnreadBody {
    /// What the user is called by older clients.
    pub user_id: String,
    /// The number.
    pub unread_count: usize,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileBody {
    /// The id.
    pub id: String,
    /// The name.
    pub filename: String,
    /// The type, as the bytes say.
    pub content_type: String,
    /// The number of bytes.
    pub size: u64,
    /// The slug of its room.
    pub room_id: String,
    /// What the uploader is called by older clients.
    pub user_id: String,
    /// The address of its bytes.
    pub download_url: String,
    /// When it was uploaded.
    pub uploaded_at: String,
}

impl FileBody {
    /// Converts a file of the room that has this slug.
    pub fn new(file: &File, room: &str, user: &User) -> Self {
        FileBody {
            id: file.id.to_string(),
            filename: file.name.clone(),
            content_type: file.content_type.clone(),
            size: file.size,
            room_id: room.to_owned(),
            user_id: shown_id(user),
            download_url: file_url(&file.id.to_string()),
            uploaded_at: rfc3339(file.at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_in_its_address_with_or_without_what_is_before_it() {
        for url in ["/api/files/123/download", "/123/download", "http://host:8023/123/download?x=1", "123"] {
            assert_eq!(file_of_url(url), Some("123"), "{url}");
        }
        assert_eq!(file_of_url(&file_url("7")), Some("7"));
        assert_eq!(file_of_url(""), None);
    }
}
