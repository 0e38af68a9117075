//! `/api/files`.

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
