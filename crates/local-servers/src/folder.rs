//! The temporary folder of one server. Removed when the value is dropped; folders left by a killed process are removed
//! by the next process that starts a server.

use std::path::Path;
use std::sync::Once;

use anyhow::{Context, Result};
use tempfile::TempDir;

const PREFIX: &str = "palaver-server-";

/// Creates a folder for the server `name`, whose name also contains this process's id.
pub fn new(name: &str) -> Result<TempDir> {
    static SWEPT: Once = Once::new();
    SWEPT.call_once(sweep);
    let prefix = format!("{PREFIX}{}-{name}-", std::process::id());
    tempfile::Builder::new().prefix(&prefix).tempdir().context("cannot create a temporary folder")
}

/// Removes the folders of ended processes: the servers of a whole test binary are never dropped.
fn sweep() {
    for entry in std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split_once('-')?.0.parse::<u32>().ok());
        if process.is_some_and(|process| !Path::new("/proc").join(process.to_string()).exists()) {
            // Another process may be removing it as well.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
