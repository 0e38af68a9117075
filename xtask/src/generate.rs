//! `cargo xtask gen`: the files that are generated from `crates/wire` and the functions. Owns their paths and the
//! comparison; the generators own their content.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::workspace::{PROFILE, Workspace};

/// The folders with generated files, and the endings of their names; other files in them are not touched.
const FOLDERS: [(&str, &str); 4] = [
    ("frontend/sdk/src/generated", ".ts"),
    ("docs/protocol", ".schema.json"),
    ("docs/protocol", "asyncapi.json"),
    ("docs", OPENAPI),
];
/// The document of the REST API, which the server prints.
const OPENAPI: &str = "openapi.json";

/// Writes the generated files; with `check`, fails if one is missing, left over or different.
pub fn run(workspace: &Workspace, check: bool) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().to_str().context("the folder for temporary files has a name that is not UTF-8")?;
    process::run(&mut workspace.cargo(&[
        "run",
        "--quiet",
        "--package",
        "palaver-wire",
        "--bin",
        "wire-gen",
        "--profile",
        PROFILE,
        "--",
        out,
    ]))?;
    let print = ["run", "--quiet", "--package", "palaver", "--profile", PROFILE, "--", "openapi"];
    let document = process::read(&mut workspace.cargo(&print))?;
    fs::write(folder.path().join("docs").join(OPENAPI), document)?;

    let mut stale = Vec::new();
    for (name, ending) in FOLDERS {
        let made = files(&folder.path().join(name), ending)?;
        if made.is_empty() {
            bail!("the generator wrote nothing into {name}");
        }
        let kept = files(&workspace.path(name), ending)?;
        if check {
            stale.extend(differences(&made, &kept).map(|file| format!("{name}/{file}")));
        } else {
            write(&workspace.path(name), &made, &kept)?;
        }
    }
    if !stale.is_empty() {
        bail!("not up to date, run `cargo xtask gen`: {}", stale.join(", "));
    }
    Ok(())
}

type Files = BTreeMap<String, Vec<u8>>;

/// Returns the files with this ending in a folder, by name; the folder need not exist.
fn files(folder: &Path, ending: &str) -> Result<Files> {
    let mut found = Files::new();
    if !folder.exists() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(files(&path, ending)?.into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else if name.ends_with(ending) {
            found.insert(name, fs::read(&path)?);
        }
    }
    Ok(found)
}

/// Returns the names of files that differ between the two sides.
fn differences<'a>(made: &'a Files, kept: &'a Files) -> impl Iterator<Item = &'a String> {
    let changed = made.iter().filter(|(name, bytes)| kept.get(*name) != Some(*bytes));
    let left_over = kept.iter().filter(|(name, _)| !made.contains_key(*name));
    changed.chain(left_over).map(|(name, _)| name)
}

/// Writes the generated files and removes left-over ones.
fn write(folder: &Path, made: &Files, kept: &Files) -> Result<()> {
    for name in kept.keys().filter(|name| !made.contains_key(*name)) {
        fs::remove_file(folder.join(name))?;
    }
    for (name, bytes) in made {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().expect("a file in a folder has a parent"))?;
        fs::write(file, bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Files {
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn missing_changed_and_left_over_files_differ() {
        let made = of(&[("same", "1"), ("changed", "2"), ("missing", "3")]);
        let kept = of(&[("same", "1"), ("changed", "old"), ("left-over", "4")]);
        assert_eq!(differences(&made, &kept).collect::<Vec<_>>(), ["changed", "missing", "left-over"]);
    }

    #[test]
    fn written_files_are_read_back_and_older_ones_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("generated");
        write(&target, &of(&[("old.ts", "0")]), &Files::new()).unwrap();
        fs::write(target.join("README.md"), "by hand").unwrap();
        let made = of(&[("frames.ts", "1"), ("deeper/rest.ts", "2")]);
        write(&target, &made, &files(&target, ".ts").unwrap()).unwrap();
        assert_eq!(files(&target, ".ts").unwrap(), made);
        assert!(target.join("README.md").exists());
    }
}
