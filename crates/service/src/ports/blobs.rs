//! The bytes of files.

use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::time::Duration;

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

/// A request that a client makes itself, straight to the store of blobs. Whoever has its URL may make it: it
/// is a secret, so it is never logged, and its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Presigned {
    /// The method.
    pub method: &'static str,
    /// The URL, with its signature.
    pub url: String,
    /// Headers that are signed and that the client must send as they are, besides `Host` and `Content-Length`,
    /// which every client makes by itself.
    pub headers: Vec<(String, String)>,
}

impl fmt::Debug for Presigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presigned").field("method", &self.method).finish_non_exhaustive()
    }
}

/// What the answer to a presigned download says of the bytes, whatever they were stored as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServedAs<'a> {
    /// `Content-Type`.
    pub content_type: &'a str,
    /// `Content-Disposition`: printable ASCII.
    pub disposition: &'a str,
    /// `Cache-Control`.
    pub cache_control: &'a str,
}

/// Blobs by key. Keys are made by the server (`<file id>`, `<file id>.thumb`), never from a user's words.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Stores a stream, durably and all or nothing; returns its length. Streams: memory stays bounded.
    async fn put(&self, key: &str, bytes: ByteStream, limit: u64) -> Result<u64, BlobError>;

    /// The bytes, or a range of them: what of it there is, so one past the end is empty.
    async fn get(&self, key: &str, range: Option<Range<u64>>) -> Result<ByteStream, BlobError>;

    /// How many bytes there are under a key.
    async fn length(&self, key: &str) -> Result<u64, BlobError>;

    /// Removes it; nothing to remove is fine.
    async fn delete(&self, key: &str) -> Result<(), BlobError>;

    /// Whether the store answers: for `/health`.
    async fn check(&self) -> Result<(), BlobError>;

    /// The origin (`https://bucket.example.org`) that presigned requests go to; none where this store of blobs
    /// gives none. Costs nothing.
    fn presigns_for(&self) -> Option<&str> {
        None
    }

    /// An upload of exactly `length` bytes of type `application/octet-stream` to a key that holds nothing yet,
    /// good for `life`. None where this store gives none. No call to the store.
    async fn presign_put(&self, key: &str, length: u64, life: Duration) -> Result<Option<Presigned>, BlobError> {
        let _ = (key, length, life);
        Ok(None)
    }

    /// A download of a key, of any range, good for `life`. None where this store gives none. No call to the store.
    async fn presign_get(
        &self,
        key: &str,
        served_as: ServedAs<'_>,
        life: Duration,
    ) -> Result<Option<Presigned>, BlobError> {
        let _ = (key, served_as, life);
        Ok(None)
    }
}
