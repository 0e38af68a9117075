//! Transfers that do not pass through the server: a client uploads to the blob store, and downloads from it, with
//! requests that were signed here.
//!
//! Never trusts a client about what it uploaded: `complete` reads all of it.

use crate::limits::PRESIGNED_LIFE;
use domain::{Actor, Code, File, FileId, FileState, Refusal, Timestamp};
use futures_util::StreamExt;

use super::{Files, NewFile, digest, key, no_such_file, original_key};
use crate::ports::{BlobError, Presigned, ServedAs, StoreError};

/// An upload that a client sends directly to the blob store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectUpload {
    /// The id of the file, once it is completed.
    pub file: FileId,
    /// The request to upload the bytes with.
    pub request: Presigned,
    /// When the request expires: the upload must have begun by then.
    pub until: Timestamp,
}

impl Files {
    /// Returns the origin of direct uploads and downloads, or `None` if all bytes go through the server.
    pub fn direct_origin(&self) -> Option<&str> {
        self.blobs.presigns_for()
    }

    /// Begins an upload of exactly `size` bytes that the client sends itself, and ends with [`Files::complete`].
    /// Returns `None` if the blob store takes none. An upload that is not completed is removed after a day.
    pub async fn presign(&self, actor: &Actor, new: NewFile<'_>) -> Result<Option<DirectUpload>, Refusal> {
        let size = new.size;
        let room = self.room_to_upload_to(actor, new.room).await?;
        if self.blobs.presigns_for().is_none() {
            // Checked before any byte is sent.
            return if size > self.upload_bytes { Err(self.too_large()) } else { Ok(None) };
        }
        if size == 0 {
            return Err(Refusal::bad_request("`size` must be the file's size in bytes, at least 1."));
        }
        if size > self.direct_upload_bytes {
            return Err(self.too_large_for_all());
        }
        if let Err(wait) = self.presigns.take(actor.user, self.clock.elapsed()) {
            let refusal = Refusal::new(Code::RateLimited, "You are starting too many uploads. Please wait a moment.");
            return Err(refusal.retry_in(wait.as_millis() as u64 + 1));
        }
        let file = self.uploading(actor, room, new);
        // The row is written before the URL is made, since the URL's life counts from the row's time.
        self.charged(file.user, size, self.store.files.put(&file, self.quota).await?).await?;
        let request = self.blobs.presign_put(&original_key(file.id), size, PRESIGNED_LIFE).await?;
        let until = Timestamp(file.at.0 + PRESIGNED_LIFE.as_millis() as i64);
        Ok(request.map(|request| DirectUpload { file: file.id, request, until }))
    }

    /// Completes an upload that the caller sent: reads what arrived, and accepts it as [`Files::upload`] would have,
    /// which may make it smaller than promised. What differs from the promise is refused and removed. A repeat gets the same answer.
    pub async fn complete(&self, actor: &Actor, file: FileId) -> Result<File, Refusal> {
        let row = self.store.files.get(file).await?.filter(|row| row.user == actor.user);
        let mut row = row.ok_or_else(no_such_file)?;
        match row.state {
            FileState::Uploading => {}
            FileState::Unsent | FileState::Sent => return Ok(row),
            FileState::Dropped => return Err(no_such_file()),
        }
        if let Err(refusal) = self.inspect(&mut row).await {
            // A repeat of this call was faster, and removed what this one was reading.
            if let Some(done) = self.completed(file).await? {
                return Ok(done);
            }
            // Other failures may pass; these do not.
            if matches!(refusal.code, Code::TooLarge | Code::BadRequest) {
                self.remove(&row).await;
            }
            return Err(refusal);
        }
        row.state = FileState::Unsent;
        match self.store.files.complete(&row, self.quota).await {
            Ok(charged) => {
                if let Err(refusal) = self.charged(row.user, row.size, charged).await {
                    self.remove(&row).await;
                    return Err(refusal);
                }
                self.empty_original(&row).await;
                Ok(row)
            }
            // A repeat of this call was faster, and a message contains the file by now; or the file was removed.
            Err(StoreError::NotFound) => self.completed(file).await?.ok_or_else(no_such_file),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns a file's row, if its upload is complete.
    async fn completed(&self, file: FileId) -> Result<Option<File>, Refusal> {
        let row = self.store.files.get(file).await?;
        Ok(row.filter(|row| matches!(row.state, FileState::Unsent | FileState::Sent)))
    }

    /// Reads what arrived for a row that says what was promised.
    async fn inspect(&self, row: &mut File) -> Result<(), Refusal> {
        let key = original_key(row.id);
        let arrived = match self.blobs.length(&key).await {
            Err(BlobError::NotFound) => {
                let message =
                    "The file has not been uploaded yet. PUT it to the URL from /api/files/presign, then complete it.";
                return Err(Refusal::new(Code::Conflict, message));
            }
            length => length?,
        };
        if arrived > self.direct_upload_bytes {
            return Err(self.too_large_for_all());
        }
        let (mut bytes, passed) = digest::digesting(self.blobs.get(&key, None).await?);
        let mut read = 0;
        while let Some(chunk) = bytes.next().await {
            read += chunk?.len() as u64;
        }
        if arrived != row.size || read != row.size {
            let message = format!("{arrived} bytes arrived instead of {}. Please start the upload again.", row.size);
            return Err(Refusal::bad_request(message));
        }
        self.identify(row, passed.finish()).await
    }

    /// Returns a temporary link to the bytes of a file that [`Files::get`] returned. Returns `None` for a small file,
    /// or if the blob store cannot presign: then the bytes go through the server.
    pub async fn link(&self, file: &File, served_as: ServedAs<'_>) -> Result<Option<Presigned>, Refusal> {
        if file.size <= self.direct_download_above {
            return Ok(None);
        }
        Ok(self.blobs.presign_get(&key(file), served_as, PRESIGNED_LIFE).await?)
    }

    fn too_large_for_all(&self) -> Refusal {
        let message = format!("A file can have at most {} bytes.", self.direct_upload_bytes);
        Refusal::new(Code::TooLarge, message)
    }
}
