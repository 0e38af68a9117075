//! Where the installed programs are. Looks only; what is missing is told with what to do about it.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::versions;

/// Names the folder of caches, as the XDG base directory specification does.
const CACHE_HOME: &str = "XDG_CACHE_HOME";

/// The folder of all that is installed here, and of nothing else.
pub fn folder() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set(CACHE_HOME).or_else(|| set("HOME").map(|home| home.join(".cache")));
    cache.unwrap_or_else(std::env::temp_dir).join("palaver").join("tools")
}

/// The virtual environment of ministack.
pub fn ministack_folder() -> PathBuf {
    folder().join(format!("ministack-{}", versions::MINISTACK))
}

/// The jars of DynamoDB Local.
pub fn dynamodb_local_folder() -> PathBuf {
    folder().join(format!("dynamodb-local-{}", versions::DYNAMODB_LOCAL))
}

/// The folder of the program versitygw.
pub fn versitygw_folder() -> PathBuf {
    folder().join(format!("versitygw-{}", versions::VERSITYGW))
}

/// The virtual environment of the stock AWS SDK for Python.
pub fn python_sdk_folder() -> PathBuf {
    folder().join(format!("python-sdk-{}", versions::BOTO3))
}

/// The packages of the stock AWS SDK for JavaScript.
pub fn javascript_sdk_folder() -> PathBuf {
    folder().join(format!("javascript-sdk-{}", versions::JAVASCRIPT_SDK))
}

/// Written into an installed tool's folder at the very end: without it the installation was broken off.
pub const COMPLETE: &str = ".palaver-complete";

/// Whether a tool's folder was installed to its end.
pub fn is_complete(folder: &Path) -> bool {
    folder.join(COMPLETE).is_file()
}

/// A program below a tool's folder.
pub fn installed(folder: &Path, program: &str) -> Result<PathBuf> {
    let path = folder.join(program);
    if !is_complete(folder) || !path.exists() {
        bail!("{} is not installed: run `cargo xtask servers`, as `cargo xtask test` does", path.display());
    }
    Ok(path)
}

/// A program of the machine.
pub fn program(name: &str) -> Result<PathBuf> {
    match find(name) {
        Some(path) => Ok(path),
        None => bail!("{name} is not installed: run `cargo xtask servers`, as `cargo xtask test` does"),
    }
}

/// A program of the machine, also where Debian puts those that are not for everybody's path.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = postgres_folders();
    folders.extend(std::env::split_paths(&path));
    folders.extend(["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from));
    folders.into_iter().map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Debian keeps each version of PostgreSQL in a folder of its own; the newest first.
fn postgres_folders() -> Vec<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<u32> = versions.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.iter().map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin"))).collect()
}
