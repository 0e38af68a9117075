//! Builds what a profile runs: the page, the nodes, and the functions with the adapters of AWS beside SQLite's, so that they
//! are the same programs that the tests run.

use std::path::PathBuf;

use anyhow::Result;

use super::Options;
use crate::node;
use crate::process;
use crate::workspace::{FUNCTIONS, Workspace};

/// Where the built programs are.
pub struct Programs {
    pub palaver: PathBuf,
    pub ws_tier: PathBuf,
    folder: PathBuf,
}

impl Programs {
    fn of(folder: PathBuf) -> Self {
        Programs { palaver: folder.join("palaver"), ws_tier: folder.join("ws-tier"), folder }
    }

    /// A function's program.
    pub fn function(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Builds with all adapters.
pub fn build(workspace: &Workspace, options: &Options) -> Result<Programs> {
    if let Some(folder) = &options.programs {
        return Ok(Programs::of(folder.clone()));
    }
    node::build_page(workspace)?;
    let profile = &options.cargo_profile;
    let palaver = ["build", "--package", "palaver", "--features", "full", "--profile", profile];
    process::run(&mut workspace.cargo(&palaver))?;
    if options.has_functions() {
        let mut functions = workspace.cargo(&["build", "--features", "aws", "--profile", profile]);
        for name in FUNCTIONS {
            functions.args(["--package", name]);
        }
        process::run(&mut functions)?;
        let tier = ["build", "--package", "ws-tier", "--features", "binary,aws", "--profile", profile];
        process::run(&mut workspace.cargo(&tier))?;
    }
    Ok(Programs::of(workspace.built(profile)))
}
