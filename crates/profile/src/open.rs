//! The embedded profile: SQLite and a folder below the data folder, bus and presence in the process.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blobs::FolderBlobs;
use bus::{Broker, InProcessPresence};
use domain::{LogId, UserId};
use service::auth::{InvalidKeys, SigningKeys};
use service::ports::{BlobError, Blobs};
use service::{Ports, ServiceSettings, Services, SystemClock};
use store_sql::{SqlSettings, SqlStore};
use web::Check;

use crate::Settings;

/// The database, below the data folder.
pub const DATABASE: &str = "palaver.db";
/// The files' bytes, below the data folder.
pub const FILES: &str = "files";
/// The key that tokens are signed with, below the data folder.
pub const SIGNING_KEY: &str = "signing-key.pem";
/// This node's name, below the data folder.
const NODE: &str = "node";

/// Why the data cannot be opened; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data folder, or a file in it.
    #[error("cannot use {path}: {source}. Choose another folder with --data, or make this one writable.")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] store_sql::OpenError),
    /// The folder of files.
    #[error("cannot use the folder of files: {0}")]
    Files(#[from] BlobError),
    /// The signing key.
    #[error(
        "{path} holds no signing key: {source}. Put the right file there; or remove it, and everybody signs in again."
    )]
    Key {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: InvalidKeys,
    },
}

/// Opened data, and the use cases on it.
pub struct Profile {
    /// All use cases.
    pub services: Services,
    /// This node's name.
    pub node: String,
    store: SqlStore,
    blobs: Arc<FolderBlobs>,
}

impl Profile {
    /// Opens or makes everything below the data folder. Nothing runs yet.
    pub async fn open(settings: &Settings) -> Result<Profile, OpenError> {
        Self::open_as(settings, None).await
    }

    /// As [`Profile::open`], by one of several processes that use the same data: `part` tells them apart.
    pub async fn open_as(settings: &Settings, part: Option<&str>) -> Result<Profile, OpenError> {
        let data = &settings.data;
        fs::create_dir_all(data).map_err(at(data))?;
        let keys = signing_keys(&data.join(SIGNING_KEY))?;
        let node = match &settings.node {
            Some(node) => node.clone(),
            None => kept_node_name(&data.join(NODE))?,
        };
        let node = part.map_or(node.clone(), |part| format!("{node}-{part}"));
        let store = SqlStore::open(&data.join(DATABASE).display().to_string(), SqlSettings::default()).await?;
        let blobs = Arc::new(FolderBlobs::open(data.join(FILES)).await?);
        let ports = Ports {
            store: store.store(),
            blobs: blobs.clone(),
            bus: Arc::new(Broker::new().endpoint()),
            presence: Arc::new(InProcessPresence::new()),
            clock: Arc::new(SystemClock),
        };
        let service =
            ServiceSettings { node: node.clone(), limits: settings.limits.clone(), auth: settings.auth.clone(), keys };
        Ok(Profile { services: Services::new(ports, service), node, store, blobs })
    }

    /// What `/health` asks: whether the database and the folder of files answer.
    pub fn checks(&self) -> Vec<(&'static str, Check)> {
        let (store, blobs) = (self.services.ports.store.clone(), self.blobs.clone());
        let database: Check = Box::new(move || {
            let log = store.log.clone();
            // Any log will do: what counts is that a read comes back.
            Box::pin(async move { log.tip(LogId::User(UserId::SYSTEM)).await.map(drop).map_err(|_| "does not answer") })
        });
        let files: Check = Box::new(move || {
            let blobs = blobs.clone();
            Box::pin(async move { blobs.check().await.map_err(|_| "does not answer") })
        });
        vec![("store", database), ("files", files)]
    }

    /// The database, for what only an operator does.
    pub fn database(&self) -> &SqlStore {
        &self.store
    }

    /// Closes the database cleanly.
    pub async fn close(self) {
        self.store.close().await;
    }
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> OpenError + '_ {
    move |source| OpenError::Folder { path: path.to_owned(), source }
}

/// The key that was kept, or a fresh one that is kept from now on.
fn signing_keys(path: &Path) -> Result<SigningKeys, OpenError> {
    let bad = |source| OpenError::Key { path: path.to_owned(), source };
    let pem = kept(path, || SigningKeys::generate().to_pem())?;
    SigningKeys::from_pem(&pem).map_err(bad)
}

/// The name that this node had at its first start: the same after each, so that its leases stay its own.
fn kept_node_name(path: &Path) -> Result<String, OpenError> {
    let fresh = || format!("n-{}", &uuid::Uuid::new_v4().simple().to_string()[..4]);
    Ok(kept(path, fresh)?.trim().to_owned())
}

/// The text of a file that only its owner may read; made of `fresh` at the first time, durably and in
/// one step, so that of two processes that start at once both use the same.
fn kept(path: &Path, fresh: impl FnOnce() -> String) -> Result<String, OpenError> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        other => return other.map_err(at(path)),
    }
    let partial = path.with_extension(format!("{}.partial", uuid::Uuid::new_v4().simple()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial).map_err(at(&partial))?;
    file.write_all(fresh().as_bytes()).and_then(|()| file.sync_all()).map_err(at(&partial))?;
    // A link fails where another process was first; its file is the one to use.
    let linked = fs::hard_link(&partial, path);
    fs::remove_file(&partial).map_err(at(&partial))?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(at(path)(error)),
        _ => fs::read_to_string(path).map_err(at(path)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_kept_stays_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("secret");
        assert_eq!(kept(&path, || "one".into()).expect("writes"), "one");
        assert_eq!(kept(&path, || "two".into()).expect("reads"), "one");
        let mode = fs::metadata(&path).expect("is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("reads").count(), 1, "nothing is left beside it");
    }
}
