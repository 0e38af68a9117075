//! How a file goes: first its row is dropped, then its bytes go, then the row. Owns the order, and how long a row must
//! stay because bytes may still come.

use std::sync::Arc;

use crate::limits::{PRESIGNED_LIFE, TOKEN_LEEWAY};
use domain::{File, FileId, Refusal, Timestamp};

use super::{Files, key, thumbnail_key};
use crate::ports::{Blobs, Store};

/// How far a removal came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// Bytes and row are gone; or a message holds the file, and it stays.
    Gone,
    /// The bytes are gone; the row waits for those that may still come.
    RowStays,
    /// The sweep tries it again.
    Failed,
}

impl Files {
    /// Removes bytes and row. What fails, and what may still come, is found again by the sweep.
    pub(super) async fn remove(&self, file: &File) -> Removed {
        let may_come = self.blobs.presigns_for().is_some() && self.clock.now() < last_put(file);
        remove(&self.store, &*self.blobs, file.id, !may_come).await
    }
}

/// Until when bytes may come for a file that its client puts itself: the row is older than the URL, and the clocks of
/// the store of blobs and of this node may differ.
fn last_put(file: &File) -> Timestamp {
    Timestamp(file.at.0 + (PRESIGNED_LIFE + TOKEN_LEEWAY).as_millis() as i64)
}

/// Removes a file that nobody else can put bytes to.
pub async fn at_once(store: &Store, blobs: &dyn Blobs, file: FileId) {
    remove(store, blobs, file, true).await;
}

async fn remove(store: &Store, blobs: &dyn Blobs, file: FileId, forget: bool) -> Removed {
    let removed = async {
        // Sent since it was listed: it stays.
        if !store.files.drop_unsent(file).await? {
            return Ok(Removed::Gone);
        }
        blobs.delete(&thumbnail_key(file)).await?;
        blobs.delete(&key(file)).await?;
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

/// An upload under way. One whose client goes away is dropped in the middle: its bytes go at once, since
/// they do not count among the unsent files, and a day of them would fill the disk.
pub struct Unfinished(Option<(Store, Arc<dyn Blobs>, FileId)>);

impl Unfinished {
    pub fn new(files: &Files, file: &File) -> Self {
        Unfinished(Some((files.store.clone(), files.blobs.clone(), file.id)))
    }

    /// It came to its end.
    pub fn over(mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Without a runtime the process ends, and the sweep finds the file after the next start.
        let Some((store, blobs, file)) = self.0.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { at_once(&store, &*blobs, file).await });
        }
    }
}
