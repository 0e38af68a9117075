//! Where the bytes of files lie: a folder on disk (S3 comes next).
//!
//! Never looks into the bytes and never makes a key of a user's words.

mod folder;
mod none;

pub use folder::FolderBlobs;
pub use none::NoBlobs;
