//! `/api/notifications`.

use domain::{NotificationKind, Seq};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::event::UserRef;

/// A notification posted by an admin or a service.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct PostNotification {
    /// For whom.
    pub user_id: String,
    /// One line.
    pub title: String,
    /// More.
    #[serde(default)]
    pub body: String,
    /// In the poster's words.
    #[serde(default)]
    pub notif_type: String,
    /// The room it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub room_id: Option<String>,
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct NotificationView {
    /// Its name; opaque.
    pub key: String,
    /// Why it was made.
    pub kind: NotificationKind,
    /// The `notif_type` of a posted one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub notif_type: Option<String>,
    /// When.
    pub at: String,
    /// The room it is about.
    pub room: Option<String>,
    /// The message it is about.
    pub seq: Option<Seq>,
    /// Who caused it.
    pub from: Option<UserRef>,
    /// One line.
    pub title: String,
    /// The beginning of the message.
    pub body: String,
    /// Whether it was read.
    pub read: bool,
}

/// A page of notifications.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct NotificationPage {
    /// Newest first.
    pub items: Vec<NotificationView>,
    /// `before` of the next page.
    pub next: Option<String>,
}

/// How many are unread.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct UnreadCount {
    /// Counted up to 1,000.
    pub unread: usize,
}

/// A change of one's notifications is stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct Noted {
    /// Its entry in the own log; null when nothing changed.
    pub seq: Option<Seq>,
    /// When it was stored.
    pub at: String,
    /// It changed nothing.
    pub noop: bool,
}
