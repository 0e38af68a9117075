//! A file, as its row holds it.

use domain::{File, FileId, FileState, Picture, RoomId, Seq, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::record;

record!(
    /// A file's row, if one body holds all of it.
    FileRecord,
    "FileForm",
    File
);

#[derive(Serialize, Deserialize)]
#[serde(remote = "File")]
struct FileForm {
    id: FileId,
    room: RoomId,
    user: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seq: Option<Seq>,
    state: FileState,
    at: Timestamp,
    name: String,
    content_type: String,
    size: u64,
    digest: String,
    #[serde(default, with = "picture", skip_serializing_if = "Option::is_none")]
    picture: Option<Picture>,
}

/// The fields of a file that have no column, if the row has columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileRest {
    /// The file's name, as given by the uploader.
    pub name: String,
    /// The media type, detected from the bytes.
    pub content_type: String,
    /// The size in bytes.
    pub size: u64,
    /// The SHA-256 of the bytes, in hexadecimal digits.
    pub digest: String,
    /// The dimensions, for a picture that could be measured.
    #[serde(default, with = "picture", skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
}

/// The dimensions of a picture, if it is one.
mod picture {
    use domain::Picture;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(remote = "Picture")]
    struct PictureForm {
        width: u32,
        height: u32,
        thumbnail: bool,
    }

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Record(#[serde(with = "PictureForm")] Picture);

    pub fn serialize<S: Serializer>(picture: &Option<Picture>, serializer: S) -> Result<S::Ok, S::Error> {
        picture.map(Record).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Picture>, D::Error> {
        Ok(Option::<Record>::deserialize(deserializer)?.map(|record| record.0))
    }
}
