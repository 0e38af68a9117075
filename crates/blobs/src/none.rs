//! Replaces the blob store in a process that never accesses the bytes of a file. Never pretends to store any.

use std::ops::Range;

use async_trait::async_trait;
use service::ports::{BlobError, Blobs, ByteStream};

/// Refuses every call except the health check.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoBlobs;

fn none() -> BlobError {
    BlobError::Unavailable("this process was built without a blob store".into())
}

#[async_trait]
impl Blobs for NoBlobs {
    async fn put(&self, _: &str, _: ByteStream, _: u64) -> Result<u64, BlobError> {
        Err(none())
    }

    async fn get(&self, _: &str, _: Option<Range<u64>>) -> Result<ByteStream, BlobError> {
        Err(none())
    }

    async fn length(&self, _: &str) -> Result<u64, BlobError> {
        Err(none())
    }

    async fn delete(&self, _: &str) -> Result<(), BlobError> {
        Err(none())
    }

    async fn check(&self) -> Result<(), BlobError> {
        Ok(())
    }
}
