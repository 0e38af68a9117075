//! The programs that the tests start. Builds them and keeps copies: the tests' own build unifies the features of the whole
//! workspace and would put another program under the same name.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process;
use crate::workspace::{FUNCTIONS, PROFILE, Workspace};

/// Where the programs are.
pub struct Binaries {
    /// The server as it is built by default; the functions lie beside it.
    pub palaver: PathBuf,
    /// The server with every adapter; the gateway function lies beside it.
    pub full: PathBuf,
}

impl Binaries {
    /// Builds all of them.
    pub fn build(workspace: &Workspace) -> Result<Self> {
        let folder = workspace.built(PROFILE).join("tested");
        // The server with every adapter comes first, so that what is left under the usual name is the usual one.
        let full = copy(&workspace.build_palaver_with(&["--features", "full"])?, &folder.join("full"))?;
        let palaver = copy(&workspace.build_palaver()?, &folder.join("default"))?;
        workspace.build_functions()?;
        for function in FUNCTIONS {
            copy(&workspace.built(PROFILE).join(function), &folder.join("default"))?;
        }
        let gateway = ["build", "--profile", PROFILE, "--package", "gateway", "--features", "aws"];
        process::run(&mut workspace.cargo(&gateway))?;
        copy(&workspace.built(PROFILE).join("gateway"), &folder.join("full"))?;
        Ok(Self { palaver, full })
    }
}

/// Copies a program into a folder, under its own name.
fn copy(program: &Path, folder: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let to = folder.join(program.file_name().context("a program has a name")?);
    // A program that still runs cannot be written to, but it can be replaced.
    let fresh = to.with_extension("new");
    std::fs::copy(program, &fresh).with_context(|| format!("{} cannot be copied", program.display()))?;
    std::fs::rename(&fresh, &to)?;
    Ok(to)
}
