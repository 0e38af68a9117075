//! Removes files: first the row is marked as dropped, then the bytes are deleted, then the row. Owns the order, and how
//! long a row must stay because bytes may still arrive.

use std::sync::Arc;

use crate::limits::{PRESIGNED_LIFE, TOKEN_LEEWAY};
use domain::{File, FileId, Refusal, Timestamp};

use super::{Files, cleaned_key, original_key, thumbnail_key};
use crate::ports::{Blobs, Store};

/// The result of a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// Bytes and row were removed; or a message contains the file, and it stays.
    Gone,
    /// The bytes were removed; the row waits for those that may still arrive.
    RowStays,
    /// The removal failed. The sweep retries it.
    Failed,
}

impl Files {
    /// Removes bytes and row. The sweep retries what fails, and finds what may still arrive.
    pub(super) async fn remove(&self, file: &File) -> Removed {
        let may_come = self.blobs.presigns_for().is_some() && self.clock.now() < last_put(file);
        remove(&self.store, &*self.blobs, file.id, !may_come).await
    }
}

/// Returns until when bytes may arrive for a file that its client uploads itself: the row is older than the URL, and
/// the clocks of the blob store and of this node may differ.
fn last_put(file: &File) -> Timestamp {
    Timestamp(file.at.0 + (PRESIGNED_LIFE + TOKEN_LEEWAY).as_millis() as i64)
}

/// Removes a file to which no client can upload any more.
pub async fn at_once(store: &Store, blobs: &dyn Blobs, file: FileId) {
    remove(store, blobs, file, true).await;
}

async fn remove(store: &Store, blobs: &dyn Blobs, file: FileId, forget: bool) -> Removed {
    let removed = async {
        // A message has claimed it since it was listed, so it stays.
        if !store.files.drop_unsent(file).await? {
            return Ok(Removed::Gone);
        }
        for key in [thumbnail_key(file), cleaned_key(file), original_key(file)] {
            blobs.delete(&key).await?;
        }
        if !forget {
            return Ok(Removed::RowStays);
        }
        store.files.forget(file).await?;
        Ok::<_, Refusal>(Removed::Gone)
    };
    removed.await.unwrap_or_else(|refusal| {
        tracing::warn!(%file, %refusal, "file removal failed, will retry");
        Removed::Failed
    })
}

/// An upload under way. If its client disconnects, this is dropped in the middle, and the bytes are removed at once:
/// they do not count among the unsent files, and a day of them would fill the disk.
pub struct Unfinished(Option<(Store, Arc<dyn Blobs>, FileId)>);

impl Unfinished {
    pub fn new(files: &Files, file: &File) -> Self {
        Unfinished(Some((files.store.clone(), files.blobs.clone(), file.id)))
    }

    /// Marks the upload as complete.
    pub fn over(mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Without a runtime the process is ending, and the sweep finds the file after the next start.
        let Some((store, blobs, file)) = self.0.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { at_once(&store, &*blobs, file).await });
        }
    }
}
