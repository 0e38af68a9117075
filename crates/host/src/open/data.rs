//! The files in the data folder beside database and files: the signing key, and this node's name.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use service::auth::SigningKeys;

use super::{OpenError, at};
use crate::Settings;

/// The file with the key that signs tokens, below the data folder.
pub const SIGNING_KEY: &str = "signing-key.pem";
/// The file with this node's name, below the data folder.
const NODE: &str = "node";

/// Returns the stored signing key, or creates and stores a new one.
pub(super) fn signing_keys(data: &Path) -> Result<SigningKeys, OpenError> {
    let path = data.join(SIGNING_KEY);
    let pem = kept(&path, || SigningKeys::generate().to_pem())?;
    SigningKeys::from_pem(&pem).map_err(|source| OpenError::Key { path, source })
}

/// Checks the stored signing key as a start does, if there is one and the settings name no other. Creates nothing.
pub fn check_stored_key(settings: &Settings) -> Result<(), OpenError> {
    let path = settings.data.join(SIGNING_KEY);
    if settings.signing_key.is_some() || !path.exists() {
        return Ok(());
    }
    let pem = fs::read_to_string(&path).map_err(at(&path))?;
    SigningKeys::from_pem(&pem).map(drop).map_err(|source| OpenError::Key { path, source })
}

/// Returns the name that this node got at its first start. It is the same after each restart, so that the node keeps its
/// leases.
pub(super) fn node_name(data: &Path) -> Result<String, OpenError> {
    Ok(kept(&data.join(NODE), fresh_node_name)?.trim().to_owned())
}

/// Returns a name that no other node has.
pub(super) fn fresh_node_name() -> String {
    format!("n-{}", &uuid::Uuid::new_v4().simple().to_string()[..8])
}

/// Returns the text of a file that only its owner may read. Creates it from `fresh` the first time, durably and
/// atomically, so that two processes that start at once use the same text.
fn kept(path: &Path, fresh: impl FnOnce() -> String) -> Result<String, OpenError> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at(folder))?;
    }
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        other => return other.map_err(at(path)),
    }
    let partial = path.with_extension(format!("{}.partial", uuid::Uuid::new_v4().simple()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial).map_err(at(&partial))?;
    file.write_all(fresh().as_bytes()).and_then(|()| file.sync_all()).map_err(at(&partial))?;
    // Linking fails if another process was first; its file is the one to use.
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
    fn a_stored_text_stays_and_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("data/secret");
        assert_eq!(kept(&path, || "one".into()).expect("writes"), "one");
        assert_eq!(kept(&path, || "two".into()).expect("reads"), "one");
        let mode = |path: &Path| fs::metadata(path).expect("is there").permissions().mode() & 0o777;
        let data = path.parent().expect("a folder");
        assert_eq!((mode(&path), mode(data)), (0o600, 0o700));
        assert_eq!(fs::read_dir(data).expect("reads").count(), 1, "no temporary file is left");
    }
}
