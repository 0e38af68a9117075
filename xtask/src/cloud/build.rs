//! Builds what a profile runs: the page, and the programs with every adapter, which are also those that the tests run.

use std::path::PathBuf;

use anyhow::Result;

use super::Options;
use crate::node;
use crate::workspace::Workspace;

/// The paths of the built programs.
pub struct Programs {
    pub palaver: PathBuf,
    pub ws_tier: PathBuf,
    folder: PathBuf,
}

impl Programs {
    fn of(folder: PathBuf) -> Self {
        Programs { palaver: folder.join("palaver"), ws_tier: folder.join("ws-tier"), folder }
    }

    /// Returns the path of a function's program.
    pub fn function(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Builds the programs, unless they are given.
pub fn build(workspace: &Workspace, options: &Options) -> Result<Programs> {
    if let Some(folder) = &options.programs {
        return Ok(Programs::of(folder.clone()));
    }
    node::build_page(workspace)?;
    Ok(Programs::of(workspace.build_with_every_adapter(&options.cargo_profile)?))
}
