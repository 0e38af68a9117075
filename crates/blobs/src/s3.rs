//! Blobs in a bucket of S3, or of a server that speaks like it. Owns the client: its time-outs, its repeats, and
//! what not every server understands.
//!
//! Never asks for checksums that S3 does not require: the newer SDK's trailers are refused by some servers, and the
//! signature covers the bytes of every upload anyway.

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

/// What bytes are stored as: what they are, the row of their file says.
const STORED_AS: &str = "application/octet-stream";

/// A bucket.
pub struct S3Blobs {
    client: Client,
    bucket: String,
    /// Bucket and endpoint, for errors.
    place: String,
    /// None where clients are to go through the server.
    signer: Option<Signer>,
}

impl S3Blobs {
    /// Connects with these settings. Fails where no credentials can be found, not where the bucket does not answer:
    /// that is for [`Blobs::check`].
    pub async fn open(settings: S3Settings) -> Result<Self, BlobError> {
        let client = settings.client(None).await;
        let place = settings.place(&client).await;
        let signer = match settings.presign {
            true => Some(Signer::new(&settings, &client).await.map_err(|error| at(&place, error))?),
            false => None,
        };
        Ok(S3Blobs { client, bucket: settings.bucket, place, signer })
    }

    /// An error with the place where it was met.
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
            // HTTP has no way to ask for no byte at all; whether there is such a blob is still told.
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
                            Err(BlobError::Unavailable(format!("{place}: a download broke off: {error}")))
                        }
                        None => Ok(None),
                    }
                })))
            }
            // The range begins behind the last byte.
            Err(error) if status(&error) == Some(416) => Ok(nothing()),
            Err(error) => Err(self.here(failed(error))),
        }
    }

    async fn length(&self, key: &str) -> Result<u64, BlobError> {
        let asked = self.client.head_object().bucket(&self.bucket).key(checked(key)?).send().await;
        let answer = asked.map_err(|error| self.here(failed(error)))?;
        let length = answer.content_length.and_then(|length| u64::try_from(length).ok());
        length.ok_or_else(|| BlobError::Unavailable("the store does not say how long an object is".into()))
    }

    async fn delete(&self, key: &str) -> Result<(), BlobError> {
        match self.client.delete_object().bucket(&self.bucket).key(checked(key)?).send().await.map_err(failed) {
            // S3 answers that it is gone; some servers, that it was not there.
            Ok(_) | Err(BlobError::NotFound) => Ok(()),
            Err(error) => Err(self.here(error)),
        }
    }

    async fn check(&self) -> Result<(), BlobError> {
        match self.client.head_bucket().bucket(&self.bucket).send().await {
            Ok(_) => Ok(()),
            Err(error) if status(&error) == Some(404) => {
                let why = "it is not there: `palaver migrate` makes it, or correct PALAVER_FILES";
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
