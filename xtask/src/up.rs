//! `cargo xtask up`: from a fresh clone to a running server. Owns the order of the steps; the server prints its URL.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::node;
use crate::workspace::Workspace;

/// Builds the page and the server and replaces itself with the server, which then owns signals and the terminal.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    node::build_page(workspace)?;
    let palaver = workspace.build_palaver()?;
    let error = Command::new(&palaver).args(arguments).exec();
    Err(error).with_context(|| format!("cannot start {}", palaver.display()))
}
