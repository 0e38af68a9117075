//! The programs that the tests start. Builds them and keeps copies: the tests' own build unifies the features of the
//! whole workspace and would put another program under the same name.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::workspace::{FUNCTIONS, PROFILE, Workspace};

/// The paths of the programs.
pub struct Binaries {
    /// The server in its default build, with the functions beside it.
    pub palaver: PathBuf,
    /// The folder of server, tier and functions with every adapter.
    pub full: PathBuf,
}

impl Binaries {
    /// Builds all of them.
    pub fn build(workspace: &Workspace) -> Result<Self> {
        let folder = workspace.built(PROFILE).join("tested");
        // Those with every adapter are built first, so that the default builds remain under the usual names.
        let (built, full) = (workspace.build_with_every_adapter(PROFILE)?, folder.join("full"));
        for program in FUNCTIONS.into_iter().chain(["palaver", "feed", "gateway", "ws-tier"]) {
            copy(&built.join(program), &full)?;
        }
        let palaver = copy(&workspace.build_palaver()?, &folder.join("default"))?;
        workspace.build_functions()?;
        for function in FUNCTIONS {
            copy(&workspace.built(PROFILE).join(function), &folder.join("default"))?;
        }
        Ok(Self { palaver, full })
    }
}

/// Copies a program into a folder, under its own name.
fn copy(program: &Path, folder: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let to = folder.join(program.file_name().context("a program has a file name")?);
    // A running program cannot be written to, but it can be replaced.
    let fresh = to.with_extension("new");
    std::fs::copy(program, &fresh).with_context(|| format!("{} cannot be copied", program.display()))?;
    std::fs::rename(&fresh, &to)?;
    Ok(to)
}
