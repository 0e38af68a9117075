//! What happens to the bytes of a file once they have arrived: their type is detected, a picture is measured, and a copy
//! without its metadata takes its place.

use std::io;

use domain::{File, FileMetadata, FileState, Picture, Refusal};
use futures_util::{StreamExt, TryStreamExt};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::io::{StreamReader, SyncIoBridge};

use super::metadata::{self, Format, Plan, PlanError};
use super::{Files, cleaned_key, digest, kind, original_key, picture, thumbnail_key};
use crate::limits::PICTURE_BYTES;
use crate::ports::{BlobError, ByteStream};

impl Files {
    /// Stores the bytes of a file whose row exists, and completes the row.
    pub(super) async fn receive(&self, file: &mut File, bytes: ByteStream) -> Result<(), Refusal> {
        let (bytes, passed) = digest::digesting(bytes);
        file.size = match self.blobs.put(&original_key(file.id), bytes, self.upload_bytes).await {
            Err(BlobError::TooLarge(_)) => return Err(self.too_large()),
            put => put?,
        };
        self.identify(file, passed.finish()).await?;
        if file.metadata == Some(FileMetadata::Removed) {
            self.blobs.delete(&original_key(file.id)).await?;
        }
        file.state = FileState::Unsent;
        self.charged(file.user, file.size, self.store.files.complete(file, self.quota).await?).await
    }

    /// Sets what is known once the bytes have arrived: digest, type, picture, metadata. If the metadata are removed, size
    /// and digest are those of the copy, and the original is still there.
    pub(super) async fn identify(&self, file: &mut File, seen: digest::Summary) -> Result<(), Refusal> {
        let wants_original = file.metadata == Some(FileMetadata::Kept);
        file.digest = seen.digest;
        file.content_type = kind::of(&seen.beginning).to_owned();
        file.picture = None;
        let Some(format) = Format::of(&file.content_type) else {
            file.metadata = kind::metadata_of(&file.content_type, &seen.beginning);
            return Ok(());
        };

        let one_of_few = self.decoders.clone().acquire_owned().await.expect("the semaphore is never closed");
        let plan = self.plan(file, format).await?;
        if let Some(plan) = &plan
            && plan.length() <= PICTURE_BYTES
        {
            file.picture = self.measure(file, plan.without_profile(), one_of_few).await?;
        }
        if file.picture.is_none() {
            // It begins like a picture but cannot be decoded, so no client should try to show it.
            file.content_type = kind::UNKNOWN.to_owned();
        }
        file.metadata = Some(match plan {
            // It is stored as it was sent, since nobody can say what of it is metadata.
            None => FileMetadata::Kept,
            Some(plan) if plan.is_identical() => FileMetadata::Absent,
            Some(_) if wants_original => FileMetadata::Kept,
            Some(plan) => {
                self.store_copy(file, plan).await?;
                FileMetadata::Removed
            }
        });
        Ok(())
    }

    /// Plans the copy of a picture without metadata. Returns `None` if it contradicts its format.
    async fn plan(&self, file: &File, format: Format) -> Result<Option<Plan>, Refusal> {
        let bytes = self.blobs.get(&original_key(file.id), None).await?;
        let bytes = SyncIoBridge::new(StreamReader::new(bytes.map_err(io::Error::other)));
        let size = file.size;
        let planned = tokio::task::spawn_blocking(move || metadata::plan(format, bytes, size));
        match planned.await {
            Ok(Ok(plan)) => Ok(Some(plan)),
            Ok(Err(PlanError::Read(error))) => {
                let unavailable = |error: io::Error| BlobError::Unavailable(error.to_string());
                Err(error.downcast::<BlobError>().unwrap_or_else(unavailable).into())
            }
            Ok(Err(malformed @ PlanError::Malformed(_))) => {
                tracing::debug!(file = %file.id, %malformed, "a picture is stored as it was sent");
                Ok(None)
            }
            Err(panicked) => {
                tracing::error!(file = %file.id, %panicked, "a picture could not be read and is stored as it was sent");
                Ok(None)
            }
        }
    }

    /// Stores the copy that a plan describes beside the original.
    async fn store_copy(&self, file: &mut File, plan: Plan) -> Result<(), Refusal> {
        let length = plan.length();
        let original = self.blobs.get(&original_key(file.id), None).await?;
        let (copy, passed) = digest::digesting(plan.copy(original));
        file.size = self.blobs.put(&cleaned_key(file.id), copy, length).await?;
        file.digest = passed.finish().digest;
        Ok(())
    }

    /// Measures a picture, and stores a thumbnail beside it. Returns `None` for one that cannot be decoded.
    async fn measure(
        &self,
        file: &File,
        pixels: Plan,
        one_of_few: OwnedSemaphorePermit,
    ) -> Result<Option<Picture>, Refusal> {
        let length = pixels.length();
        let original = self.blobs.get(&original_key(file.id), None).await?;
        let bytes = digest::collect(pixels.copy(original).boxed(), length).await?;
        let measured = tokio::task::spawn_blocking(move || {
            let measured = picture::measure(&bytes);
            // Held until the work is done: a client that leaves does not make room for another.
            drop(one_of_few);
            measured
        });
        let measured = match measured.await {
            Ok(measured) => measured?,
            // A decoder that panics has met a picture that it cannot read.
            Err(_) => None,
        };
        let Some(measured) = measured else { return Ok(None) };
        let mut picture = Picture { width: measured.width, height: measured.height, thumbnail: false };
        if let Some(thumbnail) = measured.thumbnail {
            let length = thumbnail.len() as u64;
            self.blobs.put(&thumbnail_key(file.id), digest::once(thumbnail), length).await?;
            picture.thumbnail = true;
        }
        Ok(Some(picture))
    }

    /// Removes the original of a picture whose copy is served, after its client uploaded it directly. What is left of it
    /// has no bytes, and stays, so that the URL of the upload cannot be used again. No client can see an original that
    /// cannot be removed now, and it is removed with its file.
    pub(super) async fn empty_original(&self, file: &File) {
        if file.metadata != Some(FileMetadata::Removed) {
            return;
        }
        if let Err(error) = self.blobs.put(&original_key(file.id), digest::once(Vec::new()), 0).await {
            tracing::warn!(file = %file.id, %error, "the original of a picture stays in the blob store until its file is removed");
        }
    }
}
