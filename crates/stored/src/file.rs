//! A file, as its row holds it.

use domain::{File, FileId, FileMetadata, FileState, Picture, RoomId, Seq, Timestamp, UserId};
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    metadata: Option<FileMetadata>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    counted: bool,
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
    /// What became of the file's metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<FileMetadata>,
    /// Whether the size counts towards the quotas.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counted: bool,
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

#[cfg(test)]
mod tests {
    use super::*;

    const OF_AN_EARLIER_RELEASE: &str =
        r#"{"name":"a.heic","content_type":"image/heif","size":7,"digest":"ab","picture":null}"#;

    #[test]
    fn a_row_of_an_earlier_release_says_nothing_of_metadata_and_is_not_counted() {
        let rest: FileRest = crate::from_json(OF_AN_EARLIER_RELEASE).expect("reads");
        assert_eq!((rest.size, rest.metadata, rest.counted), (7, None, false));
        let written = crate::to_json(&rest);
        assert!(!written.contains("metadata") && !written.contains("counted"), "{written}");
    }

    #[test]
    fn metadata_and_count_are_read_as_they_were_written() {
        let rest: FileRest = crate::from_json(OF_AN_EARLIER_RELEASE).expect("reads");
        for metadata in [FileMetadata::Absent, FileMetadata::Removed, FileMetadata::Kept] {
            let rest = FileRest { metadata: Some(metadata), counted: true, ..rest.clone() };
            assert_eq!(crate::from_json::<FileRest>(&crate::to_json(&rest)).expect("reads"), rest);
        }
        assert!(
            crate::to_json(&FileRest { metadata: Some(FileMetadata::Kept), ..rest }).contains(r#""metadata":"kept""#)
        );
    }
}
