//! Blobs in a bucket of S3, or of a compatible server. Owns the client: its timeouts, its retries, and workarounds for
//! what not every server supports.
//!
//! Never requests checksums that S3 does not require: some servers refuse the newer SDK's trailers, and the signature
//! covers the bytes of every upload anyway.

mod bucket;
mod error;
mod presign;
mod settings;
mod upload;

use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use futures_util::stream;
use service::ports::{BlobError, Blobs, ByteStream, Presigned, ServedAs};

use crate::key::checked;
use error::{at, failed, status};
use presign::Signer;

pub use bucket::{Bucket, Extra, create_bucket};
pub use settings::S3Settings;

/// The content type of every object; the file's row has the actual type.
const STORED_AS: &str = "application/octet-stream";

/// Blobs in a bucket.
pub struct S3Blobs {
    client: Client,
    bucket: String,
    /// The bucket and its endpoint, for errors.
    place: String,
    /// None if clients must upload and download through the server.
    signer: Option<Signer>,
}

impl S3Blobs {
    /// Connects with these settings. Fails if no credentials are found, but not if the bucket does not answer:
    /// [`Blobs::check`] tests that.
    pub async fn open(settings: S3Settings) -> Result<Self, BlobError> {
        let client = settings.client(None).await;
        let place = settings.place(&client).await;
        let signer = match settings.presign {
            true => Some(Signer::new(&settings, &client).await.map_err(|error| at(&place, error))?),
            false => None,
        };
        Ok(S3Blobs { client, bucket: settings.bucket, place, signer })
    }

    /// Adds the bucket's place to an error.
    fn here(&self, error: BlobError) -> BlobError {
        at(&self.place, error)
    }
}

#[async_trait]
impl Blobs for S3Blobs {
    async fn put(&self, key: &str, bytes: ByteStream, limit: u64) -> Result<u64, BlobError> {
        upload::put(&self.client, &self.bucket, checked(key)?, bytes, limit).await.map_err(|error| self.here(error))
    }

    async fn get(&self, key: &str, range: Option<Range<u64>>) -> Result<ByteStream, BlobError> {
        let request = self.client.get_object().bucket(&self.bucket).key(checked(key)?);
        let request = match range {
            // HTTP cannot request zero bytes; this only checks that the blob exists.
            Some(range) if range.is_empty() => return self.length(key).await.map(|_| nothing()),
            Some(range) => request.range(format!("bytes={}-{}", range.start, range.end - 1)),
            None => request,
        };
        match request.send().await {
            Ok(answer) => {
                let place = self.place.clone();
                Ok(Box::pin(stream::try_unfold((answer.body, place), async |(mut body, place)| {
                    match body.next().await {
                        Some(Ok(chunk)) => Ok(Some((chunk, (body, place)))),
                        Some(Err(error)) => {
                            Err(BlobError::Unavailable(format!("{place}: a download was interrupted: {error}")))
                        }
                        None => Ok(None),
                    }
                })))
            }
            // The range starts after the last byte.
            Err(error) if status(&error) == Some(416) => Ok(nothing()),
            Err(error) => Err(self.here(failed(error))),
        }
    }

    async fn length(&self, key: &str) -> Result<u64, BlobError> {
        let asked = self.client.head_object().bucket(&self.bucket).key(checked(key)?).send().await;
        let answer = asked.map_err(|error| self.here(failed(error)))?;
        let length = answer.content_length.and_then(|length| u64::try_from(length).ok());
        length.ok_or_else(|| BlobError::Unavailable("the server did not return an object's length".into()))
    }

    async fn delete(&self, key: &str) -> Result<(), BlobError> {
        match self.client.delete_object().bucket(&self.bucket).key(checked(key)?).send().await.map_err(failed) {
            // S3 answers that it was deleted; some servers, that it did not exist.
            Ok(_) | Err(BlobError::NotFound) => Ok(()),
            Err(error) => Err(self.here(error)),
        }
    }

    async fn check(&self) -> Result<(), BlobError> {
        match self.client.head_bucket().bucket(&self.bucket).send().await {
            Ok(_) => Ok(()),
            Err(error) if status(&error) == Some(404) => {
                let why = "it does not exist: run `palaver migrate` to create it, or correct PALAVER_FILES";
                Err(self.here(BlobError::Unavailable(why.to_owned())))
            }
            Err(error) => Err(self.here(failed(error))),
        }
    }

    fn presigns_for(&self) -> Option<&str> {
        self.signer.as_ref().map(Signer::origin)
    }

    async fn presign_put(&self, key: &str, length: u64, life: Duration) -> Result<Option<Presigned>, BlobError> {
        let Some(signer) = &self.signer else { return Ok(None) };
        signer.put(checked(key)?, length, life).await.map(Some).map_err(|error| self.here(error))
    }

    async fn presign_get(
        &self,
        key: &str,
        served_as: ServedAs<'_>,
        life: Duration,
    ) -> Result<Option<Presigned>, BlobError> {
        let Some(signer) = &self.signer else { return Ok(None) };
        signer.get(checked(key)?, served_as, life).await.map(Some).map_err(|error| self.here(error))
    }
}

fn nothing() -> ByteStream {
    Box::pin(stream::empty())
}
