//! Opens what an installation stores, without the use cases: for a copy to another one, and for comparing two.

use std::sync::Arc;

use service::ports::{Blobs, Store, Transfer};

use super::blobs::{BlobBackend as _, WithFiles};
use super::store::{OpenStore, Opening};
use super::{DataLock, IfMissing, OpenError, is_stopped};
use crate::Settings;

/// What an installation stores: rows, logs and the bytes of files.
pub struct Installation {
    /// The store's ports.
    pub store: Store,
    /// The port that reads and writes everything in the store.
    pub transfer: Arc<dyn Transfer>,
    /// The bytes of files.
    pub blobs: Arc<dyn Blobs>,
    opened: OpenStore,
    /// Keeps servers from starting on the data folder.
    _lock: Option<DataLock>,
}

impl Installation {
    /// Opens an installation that may be running.
    pub async fn running(settings: &Settings) -> Result<Installation, OpenError> {
        Self::open(settings, existing(), None).await
    }

    /// Opens an installation that no server uses, and keeps it like that where the data is in a folder. `what` names this
    /// process to servers that want to start.
    pub async fn stopped(settings: &Settings, what: &str) -> Result<Installation, OpenError> {
        let lock = lock(settings, IfMissing::Refuse, what)?;
        let opened = Self::open(settings, existing(), lock).await?;
        opened.check_stopped().await?;
        Ok(opened)
    }

    /// Creates what is missing of an installation, and opens it to fill it: also if an earlier copy into it was not
    /// finished. `what` names this process to servers that want to start, and `say` receives a line for each step.
    pub async fn to_fill(settings: &Settings, what: &str, say: impl FnMut(&str)) -> Result<Installation, OpenError> {
        let lock = lock(settings, IfMissing::Create, what)?;
        crate::prepare(settings, say).await?;
        let opening = Opening { if_missing: IfMissing::Create, may_be_incomplete: true, is_patient: true };
        let opened = Self::open(settings, opening, lock).await?;
        opened.check_stopped().await?;
        Ok(opened)
    }

    async fn open(settings: &Settings, opening: Opening, lock: Option<DataLock>) -> Result<Installation, OpenError> {
        // A second call finds the first one's provider, which is the same.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let (data, backends) = (&settings.data, &settings.backends);
        let opened = OpenStore::open(backends, data, opening).await?;
        let blobs = WithFiles::open(&backends.blobs, data).await?;
        Ok(Installation { store: opened.store(), transfer: opened.transfer(), blobs, opened, _lock: lock })
    }

    /// Returns an error if a node runs on the store.
    pub async fn check_stopped(&self) -> Result<(), OpenError> {
        is_stopped(&self.store).await
    }

    /// Closes the store cleanly.
    pub async fn close(self) {
        self.opened.close().await;
    }
}

/// Returns how an installation with data is opened.
fn existing() -> Opening {
    Opening { if_missing: IfMissing::Refuse, may_be_incomplete: false, is_patient: true }
}

/// Takes the lock that a server on the data folder takes; nothing if the store is elsewhere, or if it must exist and the
/// folder does not.
fn lock(settings: &Settings, if_missing: IfMissing, what: &str) -> Result<Option<DataLock>, OpenError> {
    let there = if_missing == IfMissing::Create || settings.data.is_dir();
    if !settings.backends.is_local() || !there {
        return Ok(None);
    }
    let lock = DataLock::take(&settings.data)?;
    lock.announce(what);
    Ok(Some(lock))
}
