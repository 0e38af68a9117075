//! Runs the end-to-end tests in real browsers and reads Playwright's JSON report.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::PALAVER_BIN;
use crate::browser::{self, CHROMIUM};
use crate::node;
use crate::process;
use crate::report::Counts;
use crate::workspace::Workspace;

/// Runs `playwright` in `tests/e2e`, with the given server. Each story starts a server for itself, so that two run beside each
/// other; what is measured runs alone.
pub fn run(workspace: &Workspace, palaver: &Path) -> Result<Counts> {
    let server = [(PALAVER_BIN, palaver.display().to_string())];
    let stories = run_with(workspace, &server, &["--project=stories", "--workers=2"])?;
    let load = run_with(workspace, &server, &["--project=load"])?;
    Ok(Counts { passed: stories.passed + load.passed, failed: stories.failed + load.failed })
}

/// Runs the same tests against the server that these variables name.
pub fn run_against(workspace: &Workspace, server: &[(&str, String)]) -> Result<Counts> {
    run_with(workspace, server, &["--project=stories"])
}

fn run_with(workspace: &Workspace, server: &[(&str, String)], arguments: &[&str]) -> Result<Counts> {
    let chromium = browser::chromium()?;
    node::install(workspace, node::E2E)?;
    let folder = tempfile::tempdir()?;
    let report = super::report_file(&folder);
    let mut playwright = node::npm(&workspace.path(node::E2E));
    playwright
        .args(["exec", "--", "playwright", "test", "--reporter=list,json"])
        .args(arguments)
        .env("PLAYWRIGHT_JSON_OUTPUT_FILE", &report)
        .envs(server.iter().cloned())
        .env(CHROMIUM, chromium);
    let finished = process::tee(&mut playwright)?;
    count(&super::read_report(&report)?, finished.success)
}

/// Counts a test as passed only if it passed at the first try.
fn count(report: &Value, success: bool) -> Result<Counts> {
    let stats = &report["stats"];
    let figure = |name: &str| stats[name].as_u64().with_context(|| format!("Playwright's report has no {name}"));
    let passed = figure("expected")?;
    let mut failed = figure("unexpected")? + figure("flaky")? + figure("skipped")?;
    if failed == 0 && !success {
        failed = 1;
    }
    Ok(Counts { passed, failed })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn flaky_and_skipped_count_as_failed() {
        let report = json!({ "stats": { "expected": 4, "unexpected": 1, "flaky": 1, "skipped": 1 } });
        assert_eq!(count(&report, false).unwrap(), Counts { passed: 4, failed: 3 });
    }

    #[test]
    fn a_run_that_failed_as_a_whole_has_a_failure() {
        let report = json!({ "stats": { "expected": 4, "unexpected": 0, "flaky": 0, "skipped": 0 } });
        assert_eq!(count(&report, false).unwrap(), Counts { passed: 4, failed: 1 });
    }
}
