//! Uploads a stream to the bucket: in one request if it is short, else in parts, a few at a time. Leaves nothing
//! behind: a multipart upload that does not complete is aborted, also if its caller is cancelled.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream as Body;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use service::ports::{BlobError, ByteStream};

use super::STORED_AS;
use super::error::failed;

/// Bytes of a part: the minimum of S3, and the same for each part, as some servers require. An upload holds at most
/// [`PARTS_AT_ONCE`] of them and the one that is being read.
const PART_BYTES: usize = 5 << 20;
/// Parts of one upload that are sent concurrently.
const PARTS_AT_ONCE: usize = 2;
/// The maximum number of parts in S3.
const PARTS: usize = 10_000;

/// Stores a stream; returns its length.
pub async fn put(client: &Client, bucket: &str, key: &str, bytes: ByteStream, limit: u64) -> Result<u64, BlobError> {
    let limit = limit.min((PART_BYTES * PARTS) as u64);
    let mut source = Source { bytes, buffer: BytesMut::new(), length: 0, limit, over: false };
    let (first, last) = source.part().await?;
    if last {
        let request = client.put_object().bucket(bucket).key(key).content_type(STORED_AS).body(Body::from(first));
        request.send().await.map_err(failed)?;
        return Ok(source.length);
    }
    let mut upload = Upload::begin(client, bucket, key).await?;
    match upload.send(&mut source, first).await {
        Ok(()) => {
            upload.id = None;
            Ok(source.length)
        }
        Err(error) => {
            // Awaited, so that nothing is left when the caller gets the error.
            upload.abort().await;
            Err(error)
        }
    }
}

/// The stream, cut into parts.
struct Source {
    bytes: ByteStream,
    buffer: BytesMut,
    length: u64,
    limit: u64,
    over: bool,
}

impl Source {
    /// Returns the next part, and whether it is the last. Cancel-safe: bytes that were read are kept.
    async fn part(&mut self) -> Result<(Bytes, bool), BlobError> {
        // One more byte than a part shows that another part follows.
        while self.buffer.len() <= PART_BYTES && !self.over {
            match self.bytes.next().await {
                Some(chunk) => {
                    let chunk = chunk?;
                    self.length += chunk.len() as u64;
                    if self.length > self.limit {
                        return Err(BlobError::TooLarge(self.limit));
                    }
                    self.buffer.extend_from_slice(&chunk);
                }
                None => self.over = true,
            }
        }
        let part = self.buffer.split_to(self.buffer.len().min(PART_BYTES)).freeze();
        Ok((part, self.buffer.is_empty()))
    }
}

/// A multipart upload. Dropping it before it completes aborts it: its parts would be invisible, and still cost money.
struct Upload {
    client: Client,
    bucket: String,
    key: String,
    /// None once it has ended.
    id: Option<String>,
}

impl Upload {
    async fn begin(client: &Client, bucket: &str, key: &str) -> Result<Self, BlobError> {
        let begun = client.create_multipart_upload().bucket(bucket).key(key).content_type(STORED_AS).send().await;
        let id = begun.map_err(failed)?.upload_id;
        let id = id.ok_or_else(|| BlobError::Unavailable("the server returned no id for an upload".into()))?;
        Ok(Upload { client: client.clone(), bucket: bucket.to_owned(), key: key.to_owned(), id: Some(id) })
    }

    fn id(&self) -> &str {
        self.id.as_deref().expect("an upload that sends has not ended")
    }

    async fn send(&self, source: &mut Source, first: Bytes) -> Result<(), BlobError> {
        let mut sending = FuturesUnordered::new();
        let mut sent = Vec::new();
        let mut next = Some((first, false));
        for number in 1.. {
            let Some((part, last)) = next.take() else { break };
            sending.push(self.part(number, part));
            while !last && next.is_none() {
                let may_read = sending.len() < PARTS_AT_ONCE;
                tokio::select! {
                    part = source.part(), if may_read => next = Some(part?),
                    Some(part) = sending.next() => sent.push(part?),
                }
            }
        }
        while let Some(part) = sending.next().await {
            sent.push(part?);
        }
        sent.sort_by_key(|part| part.part_number);
        let parts = CompletedMultipartUpload::builder().set_parts(Some(sent)).build();
        let request = self.client.complete_multipart_upload().bucket(&self.bucket).key(&self.key).upload_id(self.id());
        request.multipart_upload(parts).send().await.map(drop).map_err(failed)
    }

    async fn part(&self, number: i32, bytes: Bytes) -> Result<CompletedPart, BlobError> {
        let request = self.client.upload_part().bucket(&self.bucket).key(&self.key).upload_id(self.id());
        let sent = request.part_number(number).body(Body::from(bytes)).send().await.map_err(failed)?;
        Ok(CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag).build())
    }

    async fn abort(&mut self) {
        let Some(id) = &self.id else { return };
        let request = self.client.abort_multipart_upload().bucket(&self.bucket).key(&self.key).upload_id(id);
        if let Err(error) = request.send().await.map_err(failed) {
            // The bucket's rule for incomplete uploads removes it within a day.
            tracing::warn!(%error, key = self.key, "failed to abort a multipart upload, the bucket's rule will remove it");
        }
        self.id = None;
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(id) = self.id.take() else { return };
        // Without a runtime the process is ending; the bucket's rule removes the rest.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let mut left = Upload {
            client: self.client.clone(),
            bucket: std::mem::take(&mut self.bucket),
            key: std::mem::take(&mut self.key),
            id: Some(id),
        };
        runtime.spawn(async move { left.abort().await });
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn source(chunks: &[usize]) -> Source {
        let chunks: Vec<_> = chunks.iter().map(|length| Ok(Bytes::from(vec![7; *length]))).collect();
        Source {
            bytes: Box::pin(stream::iter(chunks)),
            buffer: BytesMut::new(),
            length: 0,
            limit: u64::MAX,
            over: false,
        }
    }

    async fn parts(chunks: &[usize]) -> Vec<usize> {
        let mut source = source(chunks);
        let mut parts = Vec::new();
        loop {
            let (part, last) = source.part().await.expect("no chunk fails");
            parts.push(part.len());
            if last {
                return parts;
            }
        }
    }

    #[tokio::test]
    async fn all_parts_but_the_last_have_the_same_size() {
        assert_eq!(parts(&[]).await, [0]);
        assert_eq!(parts(&[1, 2]).await, [3]);
        assert_eq!(parts(&[PART_BYTES]).await, [PART_BYTES]);
        assert_eq!(parts(&[PART_BYTES, 1]).await, [PART_BYTES, 1]);
        assert_eq!(parts(&[3 * PART_BYTES]).await, [PART_BYTES; 3]);
        assert_eq!(parts(&[PART_BYTES - 1, 5, PART_BYTES]).await, [PART_BYTES, PART_BYTES, 4]);
    }
}
