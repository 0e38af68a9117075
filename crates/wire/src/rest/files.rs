//! The bodies of `/api/files`.

use std::collections::BTreeMap;

use domain::{FileState, Seq};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::event::FileRef;

/// An uploaded file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct FileView {
    /// The fields that a message also shows.
    #[serde(flatten)]
    pub file: FileRef,
    /// The id of the room that it was uploaded for.
    pub room: String,
    /// The id of the user who uploaded it.
    pub user: String,
    /// The seq of the message that the file is attached to.
    pub seq: Option<Seq>,
    /// The file's state.
    pub state: FileState,
    /// When it was uploaded.
    pub at: String,
}

/// A page of a room's files.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct FilePage {
    /// The files, newest first.
    pub items: Vec<FileView>,
    /// The value of `before` that requests the next page.
    pub next: Option<String>,
}

/// Body of a request for a direct upload to the blob store.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct PresignBody {
    /// The room's id or slug.
    pub room_id: String,
    /// The file's name. The server detects the type from the bytes.
    pub name: String,
    /// The exact size in bytes.
    pub size: u64,
    /// Whether the file is stored exactly as it is sent. Otherwise the data about place, time and device are removed from
    /// a JPEG, PNG, GIF or WebP, which may make it smaller.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub original: bool,
}

/// The answer to a request for a direct upload.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct PresignView {
    /// The request to make; null if this server takes all uploads itself, at `/api/files/upload`.
    pub upload: Option<DirectUploadView>,
}

/// The upload request that the client makes before it calls `/api/files/{id}/complete`.
#[derive(Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct DirectUploadView {
    /// The new file's id.
    pub id: String,
    /// The HTTP method: `PUT`.
    pub method: String,
    /// The URL to upload to. Anyone who has it can upload this one file: keep it secret.
    pub url: String,
    /// Headers that must be sent unchanged, without any `Authorization`.
    pub headers: BTreeMap<String, String>,
    /// The time by which the upload must have started.
    pub expires_at: String,
}

impl std::fmt::Debug for DirectUploadView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DirectUploadView").field("id", &self.id).finish_non_exhaustive()
    }
}
