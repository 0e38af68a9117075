//! The browser for the end-to-end tests and the screenshots. Finds it, or installs Debian's package; never downloads
//! another build.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

/// Names a Chromium to use instead of the one on the path, here and in the tests.
pub const CHROMIUM: &str = "CHROMIUM";

/// Returns the browser's path, installing it first if it is missing.
pub fn chromium() -> Result<PathBuf> {
    if let Some(given) = std::env::var_os(CHROMIUM).map(PathBuf::from) {
        if !given.exists() {
            bail!("{CHROMIUM} names {}, which does not exist", given.display());
        }
        return Ok(given);
    }
    if let Some(found) = find() {
        return Ok(found);
    }
    install()?;
    match find() {
        Some(found) => Ok(found),
        None => bail!("chromium was installed but is not on the path; set {CHROMIUM} to its file"),
    }
}

fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name))).find(|file| file.is_file())
}

fn install() -> Result<()> {
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("the end-to-end tests need Chromium: install it, or set {CHROMIUM} to its file");
    }
    println!("xtask: installing Chromium (apt: chromium, fonts-noto-color-emoji)");
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        process::run(&mut apt)
    };
    let packages = ["install", "--yes", "--no-install-recommends", "chromium", "fonts-noto-color-emoji"];
    let installed = apt(&["update", "--quiet"]).and_then(|()| apt(&packages));
    installed.map_err(|error| {
        error.context(format!(
            "Chromium cannot be installed; as root run `apt-get install chromium`, or set {CHROMIUM} to its file"
        ))
    })
}
