//! An uploaded file: what is known of it besides its bytes.

use serde::{Deserialize, Serialize};

use crate::ids::{FileId, RoomId, Seq, UserId};
use crate::time::Timestamp;

/// Where a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema, utoipa::ToSchema))]
pub enum FileState {
    /// Its bytes are arriving.
    Uploading,
    /// Its bytes are there; no message holds it. Seen by its uploader; dropped after a day.
    Unsent,
    /// A message holds it.
    Sent,
    /// Its message was deleted, or it was; its bytes go.
    Dropped,
}

/// The size of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Whether a thumbnail lies beside the bytes.
    pub thumbnail: bool,
}

/// A file's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its id; also the key of its bytes.
    pub id: FileId,
    /// The room it was uploaded for.
    pub room: RoomId,
    /// Who uploaded it.
    pub user: UserId,
    /// The message that holds it.
    pub seq: Option<Seq>,
    /// Where it stands.
    pub state: FileState,
    /// When it was uploaded.
    pub at: Timestamp,
    /// As the uploader named it, without any path.
    pub name: String,
    /// What the bytes are, not what the name says.
    pub content_type: String,
    /// In bytes.
    pub size: u64,
    /// SHA-256 of the bytes, in hex; the ETag.
    pub digest: String,
    /// For a picture that could be measured.
    pub picture: Option<Picture>,
}
