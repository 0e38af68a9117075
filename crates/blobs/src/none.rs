//! No store of blobs: for a process that never touches the bytes of a file. Never pretends to hold any.

use std::ops::Range;

use async_trait::async_trait;
use service::ports::{BlobError, Blobs, ByteStream};

/// Refuses every call but the one that asks whether it is well.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoBlobs;

fn none() -> BlobError {
    BlobError::Unavailable("this process is built without a store of files".into())
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
