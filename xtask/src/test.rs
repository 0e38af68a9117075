//! `cargo xtask test`: every suite there is. Owns what is installed and built for them and in which order they run;
//! the runners' own figures are read in `cargo`, `vitest` and `playwright`.

mod cargo;
mod playwright;
mod vitest;

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};

use crate::node;
use crate::process;
use crate::report::Report;
use crate::workspace::Workspace;

/// Names the server's binary to the black-box and end-to-end tests.
pub const PALAVER_BIN: &str = "PALAVER_BIN";

/// Runs all tests; the last line printed is `N passed, N failed`.
pub fn run(workspace: &Workspace) -> Result<()> {
    let mut report = Report::default();
    suites(workspace, &mut report);
    report.finish()
}

/// The suites, for `ci` too. One that fails keeps no other from running.
pub fn suites(workspace: &Workspace, report: &mut Report) {
    let page = node::build_page(workspace);
    let palaver = workspace.build_palaver();
    let functions = workspace.build_functions();

    report.suite("cargo test", || {
        needed(&functions, "the functions")?;
        cargo::run(workspace, needed(&palaver, "palaver")?)
    });
    report.check("types", || {
        needed(&page, "the page")?;
        process::run(node::npm(&workspace.path(node::FRONTEND)).args(["run", "check"]))
    });
    report.suite("vitest", || {
        needed(&page, "the page")?;
        vitest::run(workspace)
    });
    report.suite("the SDK against the server", || {
        needed(&page, "the page")?;
        vitest::run_against(workspace, needed(&palaver, "palaver")?)
    });
    report.suite("playwright", || {
        needed(&page, "the page")?;
        playwright::run(workspace, needed(&palaver, "palaver")?)
    });
}

/// What a suite needs, or why it is not there.
fn needed<'a, T>(built: &'a Result<T>, what: &str) -> Result<&'a T> {
    built.as_ref().map_err(|error| anyhow!("{what} was not built: {error:#}"))
}

/// A place for the report that a runner writes, on its own so that no earlier run's can be taken for it.
fn report_file(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("report.json")
}

/// Reads a runner's JSON report.
fn read_report(file: &Path) -> Result<serde_json::Value> {
    let text = std::fs::read(file).map_err(|_| anyhow!("the runner wrote no report: it did not come to its end"))?;
    Ok(serde_json::from_slice(&text)?)
}
