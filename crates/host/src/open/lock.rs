//! Reserves the data folder for one server. A second one would neither hear of the first one's messages nor keep its own
//! leases, because both would use the same node name.
//!
//! The lock is on the folder itself and ends with its process, so no stale file can keep a server from starting, and
//! removing a file does not free the folder.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{OpenError, at};

/// The file that says which process holds the folder, below the data folder. It is only information: the lock decides.
const HOLDER: &str = "server";
/// Longest text that is read from it.
const HOLDER_BYTES: u64 = 256;
/// How often, and after which pause, the text is read again if it names a process that has ended: the holder writes it a
/// moment after it took the lock.
const HOLDER_READS: u32 = 10;
const HOLDER_PAUSE: Duration = Duration::from_millis(50);

/// A data folder that no other server can use; free again when this is dropped, and when the process ends in any way.
#[derive(Debug)]
pub struct DataLock {
    folder: PathBuf,
    _locked: File,
}

impl DataLock {
    /// Reserves the folder, which is created if it is missing. Changes nothing in it.
    ///
    /// # Errors
    /// [`OpenError::InUse`] at once if another process holds it; [`OpenError::Folder`] if it cannot be created or opened.
    pub fn take(folder: &Path) -> Result<DataLock, OpenError> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at(folder))?;
        let locked = File::open(folder).map_err(at(folder))?;
        match locked.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse { folder: folder.to_owned(), holder: holder(folder) });
            }
            // Some network file systems have no locks. A server on them must still start.
            Err(TryLockError::Error(error)) => {
                tracing::warn!(%error, folder = %folder.display(), "cannot lock the data folder: start only one server on it");
            }
        }
        Ok(DataLock { folder: folder.to_owned(), _locked: locked })
    }

    /// Writes which process holds the folder, for the message that a second one gets. `what` describes this process.
    pub fn announce(&self, what: &str) {
        // A full disk or a read-only folder is reported by what needs it; only the name in a message is lost here.
        if let Err(error) = announce(&self.folder, what) {
            tracing::debug!(%error, "cannot write who holds the data folder");
        }
    }
}

fn announce(folder: &Path, what: &str) -> std::io::Result<()> {
    let since = OffsetDateTime::now_utc().replace_nanosecond(0).ok().and_then(|now| now.format(&Rfc3339).ok());
    // In containers that share a folder, only the host tells the processes apart.
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let at = if host.trim().is_empty() { String::new() } else { format!(" on {}", host.trim()) };
    let text = format!("process {} ({what}{at}), since {}\n", std::process::id(), since.unwrap_or_default());
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(folder.join(HOLDER))?;
    file.write_all(text.as_bytes())
}

/// Returns who holds a folder, as its holder wrote it.
fn holder(folder: &Path) -> String {
    for _ in 0..HOLDER_READS {
        if let Some(text) = written(folder).filter(|text| is_running(text)) {
            return text;
        }
        std::thread::sleep(HOLDER_PAUSE);
    }
    "another process".to_owned()
}

/// Returns the text of the holder's file, without anything that could confuse a terminal.
fn written(folder: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(folder.join(HOLDER)).ok()?.take(HOLDER_BYTES).read_to_string(&mut text).ok()?;
    let text: String = text.trim().chars().filter(|c| !c.is_control()).collect();
    (!text.is_empty()).then_some(text)
}

/// Returns whether the process that a text names runs; `true` where the system does not say.
fn is_running(text: &str) -> bool {
    let number = text.split_whitespace().nth(1).unwrap_or_default();
    !fs::exists("/proc/self").unwrap_or(false) || fs::exists(Path::new("/proc").join(number)).unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_server_learns_who_holds_the_folder_until_it_is_free() {
        let parent = tempfile::tempdir().expect("a temporary folder");
        let folder = parent.path().join("data");
        let first = DataLock::take(&folder).expect("free");
        first.announce("first");
        let refused = DataLock::take(&folder).expect_err("held").to_string();
        assert!(refused.contains(&format!("process {} (first", std::process::id())), "{refused}");
        assert!(refused.contains("), since 20"), "{refused}");

        // Neither another path to the folder nor a removed file frees it.
        let link = parent.path().join("link");
        std::os::unix::fs::symlink(&folder, &link).expect("linked");
        fs::remove_file(folder.join(HOLDER)).expect("removed");
        let refused = DataLock::take(&link).expect_err("held").to_string();
        assert!(refused.contains("another process"), "{refused}");

        drop(first);
        DataLock::take(&folder).expect("free again");
    }

    #[test]
    fn a_stale_or_hostile_file_neither_keeps_a_server_out_nor_reaches_the_terminal() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join(HOLDER);
        fs::write(&file, "process 999999999 (gone), since long ago").expect("written");
        let lock = DataLock::take(folder.path()).expect("nobody holds it");
        assert_eq!(holder(folder.path()), "another process");

        let hostile = format!("process {} \u{1b}[31m{}", std::process::id(), "x".repeat(100_000));
        fs::write(&file, hostile).expect("written");
        let text = holder(folder.path());
        assert!(text.len() <= HOLDER_BYTES as usize && !text.contains('\u{1b}'), "{text}");

        lock.announce("palaver");
        assert!(holder(folder.path()).contains("(palaver"));
    }
}
