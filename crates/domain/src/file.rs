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

/// What became of the data in a file that say where, when and with which device it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema, utoipa::ToSchema))]
pub enum FileMetadata {
    /// The file had none.
    Absent,
    /// They were removed: the stored bytes are not those that were sent.
    Removed,
    /// The file may contain them: its uploader asked for that, or the server cannot remove them from such a file.
    Kept,
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
    /// What became of the file's metadata. `None` if files of this type have none, and for a file of an earlier release.
    /// `Kept` while the file is being uploaded if its uploader wants it stored as it is.
    pub metadata: Option<FileMetadata>,
    /// Whether its size counts towards the quotas: true for all but the files of an earlier release.
    pub counted: bool,
}

impl File {
    /// Returns the bytes that count towards the quotas, as long as the file has a row.
    pub fn counted_bytes(&self) -> u64 {
        if self.counted { self.size } else { 0 }
    }
}
