//! Stores the bytes of files.

use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::Stream;

/// An error of a blob store.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// No blob has this key.
    #[error("no such blob")]
    NotFound,
    /// The stream is longer than allowed. Nothing was stored.
    #[error("more than {0} bytes")]
    TooLarge(u64),
    /// The sender stopped in the middle. Nothing was stored.
    #[error("the upload was interrupted: {0}")]
    Interrupted(String),
    /// The blob store has no space left. Nothing was stored.
    #[error("the blob store has no space left: {0}")]
    Full(String),
    /// The blob store failed. Nothing was stored.
    #[error("the blob store failed: {0}")]
    Unavailable(String),
}

/// The bytes of a blob, as they arrive.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, BlobError>> + Send>>;

/// A request that a client sends straight to the blob store. Anyone who has its URL can send it, so the URL is a
/// secret: it is never logged, and `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Presigned {
    /// The HTTP method.
    pub method: &'static str,
    /// The URL, including its signature.
    pub url: String,
    /// The signed headers that the client must send unchanged, besides `Host` and `Content-Length`, which every client
    /// adds itself.
    pub headers: Vec<(String, String)>,
}

impl fmt::Debug for Presigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presigned").field("method", &self.method).finish_non_exhaustive()
    }
}

/// The headers of the answer to a presigned download, whatever type the bytes were stored with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServedAs<'a> {
    /// The value of `Content-Type`.
    pub content_type: &'a str,
    /// The value of `Content-Disposition`: printable ASCII.
    pub disposition: &'a str,
    /// The value of `Cache-Control`.
    pub cache_control: &'a str,
}

/// Stores blobs by key. The server makes the keys (`<file id>`, `<file id>.thumb`); they never contain text from a
/// user.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Stores a stream, durably and all or nothing, and returns its length. Streams, so memory stays bounded.
    async fn put(&self, key: &str, bytes: ByteStream, limit: u64) -> Result<u64, BlobError>;

    /// Returns the bytes of a blob, or the part of a range that exists: a range past the end is empty.
    async fn get(&self, key: &str, range: Option<Range<u64>>) -> Result<ByteStream, BlobError>;

    /// Returns the length of a blob in bytes.
    async fn length(&self, key: &str) -> Result<u64, BlobError>;

    /// Deletes a blob. Succeeds if there is none.
    async fn delete(&self, key: &str) -> Result<(), BlobError>;

    /// Checks whether the blob store answers. For `/health`.
    async fn check(&self) -> Result<(), BlobError>;

    /// Returns the origin (`https://bucket.example.org`) that presigned requests go to, or `None` if this blob store
    /// cannot presign. Costs nothing.
    fn presigns_for(&self) -> Option<&str> {
        None
    }

    /// Presigns an upload of exactly `length` bytes of type `application/octet-stream` to a key that holds nothing yet,
    /// valid for `life`. Returns `None` if this blob store cannot presign. Does not call the store.
    async fn presign_put(&self, key: &str, length: u64, life: Duration) -> Result<Option<Presigned>, BlobError> {
        let _ = (key, length, life);
        Ok(None)
    }

    /// Presigns a download of a key, of any range, valid for `life`. Returns `None` if this blob store cannot presign.
    /// Does not call the store.
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
