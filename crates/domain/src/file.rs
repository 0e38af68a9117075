//! An uploaded file: what is known about it besides its bytes.

use serde::{Deserialize, Serialize};

use crate::ids::{FileId, RoomId, Seq, UserId};
use crate::time::Timestamp;

/// The state of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema, utoipa::ToSchema))]
pub enum FileState {
    /// The bytes are being uploaded.
    Uploading,
    /// The upload is complete, but no message holds the file. Only its uploader sees it; it is dropped after a day.
    Unsent,
    /// A message holds the file.
    Sent,
    /// The file or its message was deleted; its bytes will be removed.
    Dropped,
}

/// The size of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// The width in pixels.
    pub width: u32,
    /// The height in pixels.
    pub height: u32,
    /// Whether a thumbnail is stored beside the bytes.
    pub thumbnail: bool,
}

/// A file's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The file's id; also the key of its bytes.
    pub id: FileId,
    /// The room it was uploaded for.
    pub room: RoomId,
    /// The user who uploaded it.
    pub user: UserId,
    /// The message that holds it.
    pub seq: Option<Seq>,
    /// The file's state.
    pub state: FileState,
    /// When it was uploaded.
    pub at: Timestamp,
    /// The file's name, as given by the uploader, without any path.
    pub name: String,
    /// The media type, detected from the bytes and not from the name.
    pub content_type: String,
    /// The size in bytes.
    pub size: u64,
    /// SHA-256 of the bytes, in hex; the ETag.
    pub digest: String,
    /// The dimensions, for a picture that could be measured.
    pub picture: Option<Picture>,
}
