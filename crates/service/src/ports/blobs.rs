//! The bytes of files.

use std::ops::Range;
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::Stream;

/// Why bytes could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is no such blob.
    #[error("no such blob")]
    NotFound,
    /// More bytes came than allowed; nothing is kept.
    #[error("more than {0} bytes")]
    TooLarge(u64),
    /// The sender broke off; nothing is kept.
    #[error("the upload broke off: {0}")]
    Interrupted(String),
    /// The store of blobs failed (a full disk, say); nothing is kept.
    #[error("the blob store failed: {0}")]
    Unavailable(String),
}

/// Bytes as they come.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, BlobError>> + Send>>;

/// Blobs by key. Keys are made by the server (`<file id>`, `<file id>.thumb`), never from a user's words.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Stores a stream, durably and all or nothing; returns its length. Streams: memory stays bounded.
    async fn put(&self, key: &str, bytes: ByteStream, limit: u64) -> Result<u64, BlobError>;

    /// The bytes, or a range of them.
    async fn get(&self, key: &str, range: Option<Range<u64>>) -> Result<ByteStream, BlobError>;

    /// Removes it; nothing to remove is fine.
    async fn delete(&self, key: &str) -> Result<(), BlobError>;

    /// Whether the store answers: for `/health`.
    async fn check(&self) -> Result<(), BlobError>;
}
