//! What ran, what passed, what failed. A suite that could not run counts as failed; nothing is left uncounted.

use std::fmt::Write;
use std::time::{Duration, Instant};

use anyhow::{Error, Result, bail};

/// A runner's figures for its own tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
}

/// The suites and checks so far.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
}

struct Row {
    name: String,
    counts: Counts,
    error: Option<String>,
    took: Duration,
}

impl Report {
    /// Runs a suite of tests. An error counts as one failed test, and so does a suite that ran none.
    pub fn suite(&mut self, name: &str, suite: impl FnOnce() -> Result<Counts>) {
        self.row(name, || match suite()? {
            Counts { passed: 0, failed: 0 } => bail!("no test ran"),
            counts => Ok(counts),
        });
    }

    /// Runs a check, which is not a test: it adds nothing if it passes, and one failure if it does not.
    pub fn check(&mut self, name: &str, check: impl FnOnce() -> Result<()>) {
        self.row(name, || check().map(|()| Counts::default()));
    }

    fn row(&mut self, name: &str, run: impl FnOnce() -> Result<Counts>) {
        println!("\n━━ {name}");
        let started = Instant::now();
        let (counts, error) = match run() {
            Ok(counts) => (counts, None),
            Err(error) => (Counts { passed: 0, failed: 1 }, Some(one_line(&error))),
        };
        if let Some(error) = &error {
            println!("xtask: {name}: {error}");
        }
        self.rows.push(Row { name: name.to_owned(), counts, error, took: started.elapsed() });
    }

    /// Prints the closing lines and fails if anything did.
    pub fn finish(self) -> Result<()> {
        print!("\n{}", self.closing());
        if self.total().failed > 0 {
            // The closing line must stay the last one, so only the exit code reports the failure.
            std::process::exit(1);
        }
        Ok(())
    }

    fn total(&self) -> Counts {
        self.rows.iter().fold(Counts::default(), |sum, row| Counts {
            passed: sum.passed + row.counts.passed,
            failed: sum.failed + row.counts.failed,
        })
    }

    fn closing(&self) -> String {
        let mut text = String::new();
        for Row { name, counts: Counts { passed, failed }, error, took } in &self.rows {
            let verdict = match error {
                Some(error) => format!("FAILED: {error}"),
                None if *failed > 0 => format!("FAILED: {failed} of {}", passed + failed),
                None if *passed > 0 => format!("ok, {passed}"),
                None => "ok".to_owned(),
            };
            writeln!(text, "{name:<12} {:>5} s  {verdict}", took.as_secs()).expect("writing to a string cannot fail");
        }
        let Counts { passed, failed } = self.total();
        writeln!(text, "{passed} passed, {failed} failed").expect("writing to a string cannot fail");
        text
    }
}

/// Formats an error with its causes, in one line, so that no part of it looks like a closing line.
fn one_line(error: &Error) -> String {
    format!("{error:#}").lines().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn last_line_adds_up_the_suites() {
        let mut report = Report::default();
        report.check("fmt", || Ok(()));
        report.suite("cargo", || Ok(Counts { passed: 40, failed: 0 }));
        report.suite("vitest", || Ok(Counts { passed: 2, failed: 1 }));
        assert_eq!(report.closing().lines().last(), Some("42 passed, 1 failed"));
    }

    #[test]
    fn a_suite_that_did_not_run_has_failed() {
        let mut report = Report::default();
        report.suite("cargo", || Err(anyhow!("it does not compile")));
        report.suite("e2e", || Ok(Counts::default()));
        assert_eq!(report.total(), Counts { passed: 0, failed: 2 });
        assert!(report.closing().contains("no test ran"));
    }

    #[test]
    fn a_failed_check_counts() {
        let mut report = Report::default();
        report.check("clippy", || Err(anyhow!("two\nlines")));
        assert_eq!(report.total().failed, 1);
        assert!(report.closing().contains("two; lines"));
    }
}
