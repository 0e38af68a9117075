//! Runs the frontend's unit tests and reads Vitest's JSON report.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::node;
use crate::process;
use crate::report::Counts;
use crate::workspace::Workspace;

/// The npm packages that have unit tests: the page, and the SDK, which is a separate package.
const PACKAGES: [&str; 2] = [node::FRONTEND, SDK];

/// The SDK's package.
const SDK: &str = "frontend/sdk";

/// Runs `vitest` once in each package. A test file that no run picked up counts as a failed test.
pub fn run(workspace: &Workspace) -> Result<Counts> {
    let mut sum = Counts::default();
    let mut ran = BTreeSet::new();
    for package in PACKAGES {
        let (report, counts) = run_in(workspace, package, |_| ())?;
        sum.passed += counts.passed;
        sum.failed += counts.failed;
        ran.extend(files(&report)?);
    }
    for missed in test_files(workspace)?.difference(&ran) {
        println!("xtask: no run picked up {}", missed.display());
        sum.failed += 1;
    }
    Ok(sum)
}

/// Runs the SDK in Node against a real server, which each of its tests starts.
pub fn run_against(workspace: &Workspace, palaver: &Path) -> Result<Counts> {
    let configure = |vitest: &mut Command| {
        vitest.args(["--config", "vitest.server.config.ts"]).env(super::PALAVER_BIN, palaver);
    };
    Ok(run_in(workspace, SDK, configure)?.1)
}

/// Runs `vitest` once in a package, configured by `configure`.
pub fn run_in(workspace: &Workspace, package: &str, configure: impl Fn(&mut Command)) -> Result<(Value, Counts)> {
    let folder = tempfile::tempdir()?;
    let file = super::report_file(&folder);
    let mut vitest = node::npm(&workspace.path(package));
    vitest.args(["exec", "--no", "--", "vitest", "run", "--reporter=default", "--reporter=json"]);
    vitest.arg(format!("--outputFile.json={}", file.display())).env("NO_COLOR", "1");
    configure(&mut vitest);
    let finished = process::tee(&mut vitest)?;
    let report = super::read_report(&file).with_context(|| format!("in {package}"))?;
    let counts = count(&report, finished.success)?;
    Ok((report, counts))
}

/// Returns the files that a run reports to have run.
fn files(report: &Value) -> Result<Vec<PathBuf>> {
    let results = report["testResults"].as_array().context("Vitest's report has no testResults")?;
    Ok(results.iter().filter_map(|result| result["name"].as_str()).map(PathBuf::from).collect())
}

/// Returns the existing test files.
fn test_files(workspace: &Workspace) -> Result<BTreeSet<PathBuf>> {
    let mut git = Command::new("git");
    git.current_dir(workspace.root()).args(["ls-files", "--cached", "--others", "--exclude-standard", node::FRONTEND]);
    let listed = process::read(&mut git)?;
    let tests = listed.lines().filter(|path| is_test(path)).map(|path| workspace.path(path));
    Ok(tests.filter(|path| Path::exists(path)).collect())
}

fn is_test(path: &str) -> bool {
    [".test.ts", ".test.tsx", ".spec.ts", ".spec.tsx"].iter().any(|ending| path.ends_with(ending))
}

/// Counts everything that did not pass as failed: also skipped tests, and files that could not be loaded.
fn count(report: &Value, success: bool) -> Result<Counts> {
    let figure = |name: &str| report[name].as_u64().with_context(|| format!("Vitest's report has no {name}"));
    let passed = figure("numPassedTests")?;
    let mut failed = figure("numTotalTests")?.saturating_sub(passed);
    if failed == 0 && (!success || figure("numFailedTestSuites")? > 0) {
        failed = 1;
    }
    Ok(Counts { passed, failed })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(total: u64, passed: u64, failed_files: u64) -> Value {
        json!({ "numTotalTests": total, "numPassedTests": passed, "numFailedTestSuites": failed_files })
    }

    #[test]
    fn skipped_tests_count_as_failed() {
        assert_eq!(count(&report(5, 5, 0), true).unwrap(), Counts { passed: 5, failed: 0 });
        assert_eq!(count(&report(5, 3, 0), true).unwrap(), Counts { passed: 3, failed: 2 });
    }

    #[test]
    fn a_file_that_cannot_be_loaded_has_failed() {
        assert_eq!(count(&report(5, 5, 1), false).unwrap(), Counts { passed: 5, failed: 1 });
    }

    #[test]
    fn a_report_in_another_form_is_an_error() {
        assert!(count(&json!({ "tests": 5 }), true).is_err());
    }
}
