//! A room, as stored in its row and its `room` entries.

use domain::name::{RoomName, Slug};
use domain::{Room, RoomId, RoomKind, Seq, UserId};
use serde::{Deserialize, Serialize};

use crate::{is_default, lenient, record};

record!(
    /// A room's row.
    RoomRecord,
    "RoomForm",
    Room
);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Room")]
pub(crate) struct RoomForm {
    id: RoomId,
    kind: RoomKind,
    #[serde(default, with = "lenient::option", skip_serializing_if = "Option::is_none")]
    slug: Option<Slug>,
    #[serde(default, with = "lenient::option", skip_serializing_if = "Option::is_none")]
    name: Option<RoomName>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    hides_past: bool,
    #[serde(default)]
    slow_mode_s: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pair: Option<(UserId, UserId)>,
    #[serde(default)]
    rev: Seq,
}
