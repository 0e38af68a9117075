//! Stores the bytes of files: in a folder on disk, or in a bucket of S3 or a compatible server (feature `s3`).
//!
//! Never reads the contents and never builds a key from a user's input.

mod folder;
mod key;
mod none;
#[cfg(feature = "s3")]
mod s3;

pub use folder::FolderBlobs;
pub use none::NoBlobs;
#[cfg(feature = "s3")]
pub use s3::{Bucket, Extra, S3Blobs, S3Settings, create_bucket};
