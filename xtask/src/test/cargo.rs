//! Runs `cargo test` and reads its figures from its output.

use std::process::Command;

use anyhow::{Result, bail};

use super::binaries::Binaries;
use super::{PALAVER_BIN, PALAVER_FULL_BIN, profiles};
use crate::process;
use crate::report::Counts;
use crate::workspace::{PROFILE, Workspace};

/// Runs the tests of every crate with every adapter, including those in docs.
pub fn run(workspace: &Workspace, built: &Binaries) -> Result<Counts> {
    run_and_count(&mut test(workspace, built, &[]))
}

/// Runs the black-box tests that are for every profile on one of the other profiles.
pub fn run_on(workspace: &Workspace, built: &Binaries, profile: &str) -> Result<Counts> {
    // The same selection of packages and features as above: another would build everything again.
    let mut command = test(workspace, built, &["--test", "it"]);
    command.arg("--").args(profiles::EVERYWHERE.map(|module| format!("{module}::")));
    for (_, test, why) in profiles::NOT_ON.iter().filter(|(on, _, _)| *on == profile) {
        println!("xtask: {test} does not run on {profile}: {why}");
        command.args(["--skip", test]);
    }
    // They wait for emulators more than they compute.
    command.args(["--test-threads", "4"]);
    run_and_count(command.env(profiles::PROFILE_VARIABLE, profile))
}

fn test(workspace: &Workspace, built: &Binaries, targets: &[&str]) -> Command {
    let arguments =
        ["test", "--workspace", "--all-features", "--profile", PROFILE, "--no-fail-fast", "--color", "never"];
    let mut command = workspace.cargo(&arguments);
    command.args(targets).env(PALAVER_BIN, &built.palaver).env(PALAVER_FULL_BIN, built.full.join("palaver"));
    command
}

fn run_and_count(command: &mut Command) -> Result<Counts> {
    let finished = process::tee(command)?;
    count(&finished.output, finished.success)
}

/// Returns the sum of all test binaries. Skipped tests count as failed: there must be none.
fn count(output: &str, success: bool) -> Result<Counts> {
    let mut counts = Counts::default();
    let mut started = 0;
    let mut ended = 0;
    for line in output.lines() {
        // Cargo's own lines are indented like this; a test may print "Running" too.
        let is_binary = line.starts_with("     Running ") && line.ends_with(')');
        if is_binary || line.starts_with("   Doc-tests ") {
            started += 1;
        } else if let Some(result) = line.strip_prefix("test result: ") {
            ended += 1;
            counts.passed += figure(result, "passed")?;
            counts.failed += figure(result, "failed")? + figure(result, "ignored")?;
        }
    }
    // A binary that crashes or does not compile prints no result line.
    if started > ended {
        counts.failed += started - ended;
    }
    if ended > started {
        bail!("{ended} results of {started} test binaries: cannot parse cargo's output");
    }
    if !success && counts.failed == 0 {
        counts.failed = 1;
    }
    Ok(counts)
}

/// Returns the number before a word, in `ok. 3 passed; 0 failed; 0 ignored; …`.
fn figure(result: &str, word: &str) -> Result<u64> {
    let mut words = result.split([' ', ';']).filter(|part| !part.is_empty());
    let mut before = None;
    loop {
        match words.next() {
            Some(part) if part == word => break,
            Some(part) => before = Some(part),
            None => bail!("no figure for {word} in {result:?}"),
        }
    }
    match before.and_then(|number| number.parse().ok()) {
        Some(number) => Ok(number),
        None => bail!("no figure for {word} in {result:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_BINARIES: &str = "\
   Compiling domain v0.1.0
     Running unittests src/lib.rs (target/ci/deps/domain-0a)
running 2 tests
test a ... ok
test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
   Doc-tests domain
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s
";

    #[test]
    fn adds_up_all_binaries_and_the_docs() {
        assert_eq!(count(TWO_BINARIES, true).unwrap(), Counts { passed: 3, failed: 0 });
    }

    #[test]
    fn a_binary_that_crashed_has_failed() {
        let output = format!("{TWO_BINARIES}     Running unittests src/lib.rs (target/ci/deps/wire-0b)\n");
        assert_eq!(count(&output, false).unwrap(), Counts { passed: 3, failed: 1 });
    }

    #[test]
    fn ignored_tests_count_as_failed() {
        let output = TWO_BINARIES.replace("2 passed; 0 failed; 0 ignored", "1 passed; 0 failed; 1 ignored");
        assert_eq!(count(&output, true).unwrap(), Counts { passed: 2, failed: 1 });
    }

    #[test]
    fn a_binary_that_does_not_compile_has_failed() {
        assert_eq!(count("error: could not compile `domain`\n", false).unwrap().failed, 1);
    }

    #[test]
    fn an_unknown_result_line_is_an_error() {
        assert!(count("     Running x (target/x)\ntest result: ok. all of them\n", true).is_err());
    }
}
