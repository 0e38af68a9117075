//! `cargo xtask prove`: measures what the product promises to people, and compares each figure with its bar. Owns what
//! is built and installed for it; `tests/e2e/prove` holds the measurements.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::bench;
use crate::browser::{self, CHROMIUM};
use crate::node;
use crate::process;
use crate::test::PALAVER_BIN;
use crate::workspace::Workspace;

/// Lighthouse, which only this command needs.
const LIGHTHOUSE: &str = "tests/e2e/prove";

/// Measures the page in a browser, with the server as it is released: all measurements, or those with this name.
pub fn page(workspace: &Workspace, only: Option<&str>) -> Result<()> {
    let chromium = browser::chromium()?;
    node::build_page(workspace)?;
    process::run(&mut workspace.cargo(&["build", "--release", "--package", "palaver"]))?;
    node::install(workspace, node::E2E)?;
    node::install(workspace, LIGHTHOUSE)?;
    let palaver = workspace.built("release").join("palaver");
    let finished = measure(workspace, &palaver, &chromium, only)?;
    let figures = bench::json_lines(&finished.output);
    if figures.is_empty() {
        bail!("no measurement printed a figure; their names are keys, frames, heap and lighthouse");
    }
    println!("\n{}", bench::table(&figures));
    if !finished.success {
        bail!("a figure misses its bar, or a measurement did not finish");
    }
    Ok(())
}

fn measure(workspace: &Workspace, palaver: &Path, chromium: &Path, only: Option<&str>) -> Result<process::Finished> {
    let mut playwright = node::npm(&workspace.path(node::E2E));
    playwright
        .args(["exec", "--", "playwright", "test", "--config=prove.config.ts", "--reporter=list"])
        .env(PALAVER_BIN, palaver)
        .env(CHROMIUM, chromium);
    if let Some(name) = only {
        playwright.args(["--grep", &format!("{name}$")]);
    }
    process::tee(&mut playwright).context("the measurements did not start")
}
