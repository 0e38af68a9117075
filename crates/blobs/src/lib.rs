//! Where the bytes of files lie: a folder on disk, or a bucket of S3 and what speaks like it (feature `s3`).
//!
//! Never looks into the bytes and never makes a key of a user's words.

mod folder;
mod key;
mod none;
#[cfg(feature = "s3")]
mod s3;

pub use folder::FolderBlobs;
pub use none::NoBlobs;
#[cfg(feature = "s3")]
pub use s3::{Bucket, Extra, S3Blobs, S3Settings, create_bucket};
