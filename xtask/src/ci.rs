//! `cargo xtask ci`: everything that must hold before a change lands. Owns the list of checks; the tests are those of
//! `test`.

use anyhow::Result;

use crate::process;
use crate::report::Report;
use crate::workspace::{PROFILE, Workspace};
use crate::{generate, test, tidy};

/// Runs every check and every test, even after a failure, so that one run shows everything that is wrong.
pub fn run(workspace: &Workspace) -> Result<()> {
    let cargo = |arguments: &[&str]| process::run(&mut workspace.cargo(arguments));
    let mut report = Report::default();
    report.check("fmt", || cargo(&["fmt", "--all", "--check"]));
    report.check("tidy", || tidy::run(workspace));
    report.check("gen", || generate::run(workspace, true));
    report.check("clippy", || {
        // First the server's default build, then everything with every adapter.
        cargo(&["clippy", "--package", "palaver", "--profile", PROFILE, "--", "--deny", "warnings"])?;
        let all = ["clippy", "--workspace", "--all-targets", "--all-features", "--profile", PROFILE];
        process::run(workspace.cargo(&all).args(["--", "--deny", "warnings"]))
    });
    report.check("doc", || {
        let mut doc = workspace.cargo(&["doc", "--workspace", "--all-features", "--no-deps", "--profile", PROFILE]);
        process::run(doc.env("RUSTDOCFLAGS", "--deny warnings"))
    });
    test::suites(workspace, &mut report);
    report.finish()
}
