//! `/api/files`.

use std::collections::BTreeMap;

use domain::{FileState, Seq};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::event::FileRef;

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct FileView {
    /// As in a message.
    #[serde(flatten)]
    pub file: FileRef,
    /// The room it was uploaded for.
    pub room: String,
    /// Who uploaded it.
    pub user: String,
    /// The message that holds it.
    pub seq: Option<Seq>,
    /// Where it stands.
    pub state: FileState,
    /// When it was uploaded.
    pub at: String,
}

/// A page of a room's files.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct FilePage {
    /// Newest first.
    pub items: Vec<FileView>,
    /// `before` of the next page.
    pub next: Option<String>,
}

/// An upload that goes straight to the store of files.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct PresignBody {
    /// The room's id or slug.
    pub room_id: String,
    /// The file's name. Its type is found in its bytes.
    pub name: String,
    /// How many bytes it has, exactly.
    pub size: u64,
}

/// Where to put the bytes.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct PresignView {
    /// Null where this server takes all bytes itself: at `/api/files/upload`.
    pub upload: Option<DirectUploadView>,
}

/// A request that the client makes, and then calls `/api/files/{id}/complete`.
#[derive(Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct DirectUploadView {
    /// The file's id.
    pub id: String,
    /// The method: `PUT`.
    pub method: String,
    /// Where to. Whoever knows it can upload this one file: keep it secret.
    pub url: String,
    /// Headers that must be sent as they are, without any `Authorization`.
    pub headers: BTreeMap<String, String>,
    /// Until when it must have begun.
    pub expires_at: String,
}

impl std::fmt::Debug for DirectUploadView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DirectUploadView").field("id", &self.id).finish_non_exhaustive()
    }
}
