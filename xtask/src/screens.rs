//! `cargo xtask screens`: screenshots of the page. Owns the server that they are taken from; `frontend/screens/run.mjs`
//! defines what is seeded and shown.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::browser::{self, CHROMIUM};
use crate::node;
use crate::process;
use crate::server::Server;
use crate::workspace::Workspace;

/// Takes the screenshots and prints where they are.
pub fn run(workspace: &Workspace, out: Option<PathBuf>) -> Result<()> {
    let out = std::path::absolute(out.unwrap_or_else(|| workspace.path("screens")))?;
    std::fs::create_dir_all(&out)?;
    let chromium = browser::chromium()?;
    node::build_page(workspace)?;
    let server = Server::start(&workspace.build_palaver()?)?;
    let mut script = Command::new("node");
    script
        .current_dir(workspace.path(node::FRONTEND))
        .args(["screens/run.mjs", &server.url()])
        .arg(&out)
        .env(CHROMIUM, chromium);
    process::run(&mut script)?;
    println!("xtask: screenshots are in {}", out.display());
    Ok(())
}
