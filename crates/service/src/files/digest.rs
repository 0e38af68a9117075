//! Observes a stream of bytes as it passes: its digest and its beginning.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use crate::ports::{BlobError, ByteStream};

/// Bytes that are kept of the beginning, to detect the type.
const BEGINNING: usize = 8 * 1024;

/// What has passed so far.
#[derive(Clone, Default)]
pub struct Passed(Arc<Mutex<(Sha256, Vec<u8>)>>);

/// The digest and the beginning of a stream.
pub struct Summary {
    /// SHA-256, in hex.
    pub digest: String,
    /// The first bytes.
    pub beginning: Vec<u8>,
}

impl Passed {
    fn note(&self, chunk: &[u8]) {
        let mut passed = self.0.lock();
        passed.0.update(chunk);
        let room = BEGINNING.saturating_sub(passed.1.len()).min(chunk.len());
        passed.1.extend_from_slice(&chunk[..room]);
    }

    /// Returns the digest and the beginning of what passed.
    pub fn finish(self) -> Summary {
        let passed = std::mem::take(&mut *self.0.lock());
        Summary { digest: hex::encode(passed.0.finalize()), beginning: passed.1 }
    }
}

/// Returns the same stream, and a handle to what will have passed through it.
pub fn digesting(bytes: ByteStream) -> (ByteStream, Passed) {
    let passed = Passed::default();
    let noted = passed.clone();
    let bytes = bytes.inspect(move |chunk| {
        if let Ok(chunk) = chunk {
            noted.note(chunk);
        }
    });
    (Box::pin(bytes), passed)
}

/// Collects all bytes of a stream of known length.
pub async fn collect(mut bytes: ByteStream, length: u64) -> Result<Vec<u8>, BlobError> {
    let mut all = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    while let Some(chunk) = bytes.next().await {
        all.extend_from_slice(&chunk?);
    }
    Ok(all)
}

/// Returns a stream of one chunk.
pub fn once(bytes: Vec<u8>) -> ByteStream {
    Box::pin(stream::once(async { Ok(Bytes::from(bytes)) }))
}
