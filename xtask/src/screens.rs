//! `cargo xtask screens`: screenshots of the page, each checked by axe. Owns the server that they are taken from;
//! `frontend/screens` defines what is seeded and shown.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::browser::{self, CHROMIUM};
use crate::node;
use crate::process;
use crate::server::Server;
use crate::workspace::Workspace;

/// What a test run looks at: each width that has a layout of its own, and each theme.
const TESTED: &str = "desktop-light,phone-dark";

/// Takes the screenshots and prints where they are.
pub fn run(workspace: &Workspace, out: Option<PathBuf>) -> Result<()> {
    let out = std::path::absolute(out.unwrap_or_else(|| workspace.path("screens")))?;
    node::build_page(workspace)?;
    take(workspace, &workspace.build_palaver()?, &out, None)?;
    println!("xtask: screenshots are in {}", out.display());
    Ok(())
}

/// Fails if axe finds something on one of the tested screens, or if one is wider than its window.
pub fn check(workspace: &Workspace, palaver: &Path) -> Result<()> {
    let out = tempfile::tempdir()?;
    take(workspace, palaver, out.path(), Some(TESTED))
}

fn take(workspace: &Workspace, palaver: &Path, out: &Path, tours: Option<&str>) -> Result<()> {
    let chromium = browser::chromium()?;
    std::fs::create_dir_all(out)?;
    let server = Server::start(palaver)?;
    let mut script = Command::new("node");
    script
        .current_dir(workspace.path(node::FRONTEND))
        .args(["screens/run.mjs", &server.url()])
        .arg(out)
        .args(tours)
        .env(CHROMIUM, chromium);
    process::run(&mut script)
}
