//! The npm packages and the built page. Installs and builds only if the files have changed.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::workspace::Workspace;

/// The page and the TypeScript SDK.
pub const FRONTEND: &str = "frontend";
/// The tests that drive a real browser.
pub const E2E: &str = "tests/e2e";

/// Installs the packages that a folder's lock file names, unless they are already installed.
pub fn install(workspace: &Workspace, folder: &str) -> Result<()> {
    let folder = workspace.path(folder);
    let lock = fs::read(folder.join("package-lock.json"))
        .with_context(|| format!("{} has no package-lock.json", folder.display()))?;
    let installed = folder.join("node_modules/.installed-lock.json");
    if fs::read(&installed).is_ok_and(|present| present == lock) {
        return Ok(());
    }
    println!("xtask: installing npm packages in {}", folder.display());
    process::run(npm(&folder).arg("ci")).context("cannot install npm packages; is Node.js 20 or newer installed?")?;
    fs::write(&installed, lock)?;
    Ok(())
}

/// Builds the page into `frontend/dist`, from where `palaver` embeds it, unless it is up to date.
pub fn build_page(workspace: &Workspace) -> Result<()> {
    install(workspace, FRONTEND)?;
    let folder = workspace.path(FRONTEND);
    let sources = fingerprint(&folder)?;
    let stamp = folder.join("node_modules/.built-page");
    let page = folder.join("dist/index.html");
    if page.exists() && fs::read_to_string(&stamp).is_ok_and(|built| built == sources) {
        return Ok(());
    }
    process::run(npm(&folder).args(["run", "build"]))?;
    if !page.exists() {
        bail!("`npm run build` did not write {}", page.display());
    }
    fs::write(stamp, sources)?;
    Ok(())
}

/// Returns the command `npm` in a folder.
pub fn npm(folder: &Path) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(folder);
    npm
}

/// Returns a hash of every file below a folder, except installed and built ones.
fn fingerprint(folder: &Path) -> Result<String> {
    let mut files = BTreeMap::new();
    collect(folder, &mut files)?;
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

fn collect(folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if matches!(&*name, "node_modules" | "dist" | "test-results") {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.insert(path.to_string_lossy().into_owned(), fs::read(&path)?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_covers_sources_and_not_built_files() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("src")).unwrap();
        fs::create_dir_all(folder.path().join("dist")).unwrap();
        fs::write(folder.path().join("src/main.ts"), "one").unwrap();
        let before = fingerprint(folder.path()).unwrap();

        fs::write(folder.path().join("dist/main.js"), "built").unwrap();
        assert_eq!(fingerprint(folder.path()).unwrap(), before);

        fs::write(folder.path().join("src/main.ts"), "two").unwrap();
        assert_ne!(fingerprint(folder.path()).unwrap(), before);
    }
}
