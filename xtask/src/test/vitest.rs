//! Runs the frontend's unit tests and reads Vitest's JSON report.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::node;
use crate::process;
use crate::report::Counts;
use crate::workspace::Workspace;

/// Runs `vitest` once in `frontend/`, the SDK's tests included.
pub fn run(workspace: &Workspace) -> Result<Counts> {
    let folder = tempfile::tempdir()?;
    let report = super::report_file(&folder);
    let mut vitest = node::npm(&workspace.path(node::FRONTEND));
    vitest.args(["exec", "--", "vitest", "run", "--reporter=default", "--reporter=json"]);
    vitest.arg(format!("--outputFile.json={}", report.display())).env("NO_COLOR", "1");
    let finished = process::tee(&mut vitest)?;
    count(&super::read_report(&report)?, finished.success)
}

/// Everything that did not pass has failed: what was skipped, and files that could not be loaded.
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
    fn a_report_of_another_shape_is_an_error() {
        assert!(count(&json!({ "tests": 5 }), true).is_err());
    }
}
