//! The bodies of `/api/notifications`.

use domain::{NotificationKind, Seq};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::event::UserRef;

/// Body of a notification that an admin or a service posts.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct PostNotification {
    /// The recipient's user id.
    pub user_id: String,
    /// The title: one line.
    pub title: String,
    /// The text below the title.
    #[serde(default)]
    pub body: String,
    /// The notification's type, chosen by the poster.
    #[serde(default)]
    pub notif_type: String,
    /// The id or slug of the room that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub room_id: Option<String>,
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct NotificationView {
    /// The notification's key; opaque to clients.
    pub key: String,
    /// Why the notification was created.
    pub kind: NotificationKind,
    /// The `notif_type` of a posted notification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub notif_type: Option<String>,
    /// When the notification was created.
    pub at: String,
    /// The id of the room that it is about.
    pub room: Option<String>,
    /// The seq of the message that it is about.
    pub seq: Option<Seq>,
    /// The user who caused it.
    pub from: Option<UserRef>,
    /// The title: one line.
    pub title: String,
    /// The beginning of the message, or the text of a posted notification.
    pub body: String,
    /// Whether the user has read it.
    pub read: bool,
}

/// A page of notifications.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct NotificationPage {
    /// The notifications, newest first.
    pub items: Vec<NotificationView>,
    /// The value of `before` that requests the next page.
    pub next: Option<String>,
}

/// The number of unread notifications.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct UnreadCount {
    /// The number of unread notifications, counted up to 1,000.
    pub unread: usize,
}

/// The answer to a change of the caller's notifications.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct Noted {
    /// The seq of the change in the user log; null if nothing changed.
    pub seq: Option<Seq>,
    /// When the change was stored.
    pub at: String,
    /// Whether the change had no effect.
    pub noop: bool,
}
