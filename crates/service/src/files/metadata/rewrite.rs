//! Makes the copy that a plan describes, from the stream of the original.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;
use futures_util::{StreamExt, stream};

use super::walker::{Part, Plan};
use crate::ports::{BlobError, ByteStream};

impl Plan {
    /// Returns the copy, as the original arrives. Holds one chunk of it.
    pub fn copy(self, original: ByteStream) -> ByteStream {
        let copying = Copying { original, parts: self.parts.into(), chunk: Bytes::new(), position: 0 };
        Box::pin(stream::try_unfold(copying, async |mut copying| {
            Ok(copying.next().await?.map(|bytes| (bytes, copying)))
        }))
    }
}

struct Copying {
    original: ByteStream,
    parts: VecDeque<Part>,
    /// What has arrived of the original and was not used yet.
    chunk: Bytes,
    /// The place of `chunk` in the original.
    position: u64,
}

impl Copying {
    async fn next(&mut self) -> Result<Option<Bytes>, BlobError> {
        loop {
            let range = match self.parts.front_mut() {
                None => return Ok(None),
                Some(Part::Replaced(_, bytes)) => {
                    let bytes = Bytes::from(std::mem::take(bytes));
                    self.parts.pop_front();
                    return Ok(Some(bytes));
                }
                Some(Part::Kept(range) | Part::Profile(range)) => range,
            };
            if range.is_empty() {
                self.parts.pop_front();
                continue;
            }
            if let Some(bytes) = taken(range, &mut self.chunk, &mut self.position) {
                return Ok(Some(bytes));
            }
            match self.original.next().await {
                Some(chunk) => self.chunk = chunk?,
                None => return Err(BlobError::Unavailable("a blob became shorter while it was read".into())),
            }
        }
    }
}

/// Takes from a chunk what belongs to a range, and drops what comes before. Returns `None` when the chunk is used up.
fn taken(range: &mut Range<u64>, chunk: &mut Bytes, position: &mut u64) -> Option<Bytes> {
    cut(chunk, range.start - *position, position);
    if chunk.is_empty() {
        return None;
    }
    let bytes = cut(chunk, range.end - range.start, position);
    range.start += bytes.len() as u64;
    Some(bytes)
}

/// Cuts at most so many bytes off a chunk.
fn cut(chunk: &mut Bytes, most: u64, position: &mut u64) -> Bytes {
    let bytes = chunk.split_to(most.min(chunk.len() as u64) as usize);
    *position += bytes.len() as u64;
    bytes
}
