//! `cargo xtask test`: runs every suite. Owns what is installed and built for them and in which order they run;
//! `cargo`, `vitest` and `playwright` read the runners' figures.

mod autobahn;
mod binaries;
mod cargo;
mod clients;
mod dependencies;
pub mod playwright;
mod profiles;
mod vitest;

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};

use self::binaries::Binaries;
use crate::cloud::Profile;
use crate::node;
use crate::process;
use crate::report::Report;
use crate::screens;
use crate::workspace::Workspace;

/// The path of the server's binary, for the black-box and end-to-end tests.
pub const PALAVER_BIN: &str = "PALAVER_BIN";
/// The path of the server's binary with every adapter, for the tests of the profiles that need one.
pub const PALAVER_FULL_BIN: &str = "PALAVER_FULL_BIN";

/// Runs all tests; the last line printed is `N passed, N failed`.
pub fn run(workspace: &Workspace) -> Result<()> {
    let mut report = Report::default();
    suites(workspace, &mut report);
    report.finish()
}

/// Runs the suites, for `ci` too. A failing one does not keep others from running.
pub fn suites(workspace: &Workspace, report: &mut Report) {
    let page = node::build_page(workspace);
    let built = Binaries::build(workspace);
    report.check("servers for the tests", local_servers::install);

    report.check("licences and sources of dependencies", || dependencies::check(workspace));
    report.suite("cargo test", || cargo::run(workspace, needed(&built, "the server")?));
    report.suite("Autobahn's WebSocket cases", || autobahn::run(workspace));
    for profile in profiles::OTHERS {
        report.suite(&format!("black-box tests, {profile}"), || {
            cargo::run_on(workspace, needed(&built, "the server")?, profile)
        });
    }
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
        vitest::run_against(workspace, &needed(&built, "the server")?.palaver)
    });
    report.suite("the SDK's package, the protocol's page and the examples", || {
        needed(&page, "the page")?;
        clients::run(workspace, &needed(&built, "the server")?.palaver)
    });
    report.suite("playwright", || {
        needed(&page, "the page")?;
        playwright::run(workspace, &needed(&built, "the server")?.palaver)
    });
    report.check("the page's screens, by axe", || {
        needed(&page, "the page")?;
        screens::check(workspace, &needed(&built, "the server")?.palaver)
    });
    for (name, profile) in [("AWS", Profile::Aws), ("self-hosted", Profile::SelfHosted)] {
        report.suite(&format!("playwright on several nodes, {name}"), || {
            needed(&page, "the page")?;
            profile.test(workspace, &needed(&built, "the server")?.full)
        });
    }
}

/// Returns what a suite needs, or an error that says why it is missing.
fn needed<'a, T>(built: &'a Result<T>, what: &str) -> Result<&'a T> {
    built.as_ref().map_err(|error| anyhow!("{what} was not built: {error:#}"))
}

/// Returns the path for a runner's report, separate for each run so that no earlier report can be mistaken for it.
fn report_file(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("report.json")
}

/// Reads a runner's JSON report.
fn read_report(file: &Path) -> Result<serde_json::Value> {
    let text = std::fs::read(file).map_err(|_| anyhow!("the runner wrote no report, so it did not finish"))?;
    Ok(serde_json::from_slice(&text)?)
}
