//! What was found, and what differs.

use std::collections::BTreeMap;

use domain::{Epoch, FileId, LogId};
use serde::Serialize;
use stored::Record;

use super::limits::NAMED;
use super::logs::LogSum;
use super::records::Kinds;
use super::sum::Sum;

/// What an installation holds, and how its copy differs.
#[derive(Default)]
pub struct Report {
    /// The records, by kind.
    pub records: Kinds,
    /// The keys of files, each with the hash of its bytes.
    pub blobs: Sum,
    /// The bytes of all files.
    pub blob_bytes: u64,
    /// The heads of all logs when they were listed.
    pub heads: Sum,
    /// The epoch of a complete copy.
    pub epoch: Option<Epoch>,
    /// Whether unreadable records are no problem.
    pub accepts_unreadable: bool,
    logs: Sum,
    entries: u64,
    differences: Findings,
    unreadable: Findings,
    without_bytes: Findings,
}

/// Things that were found: the first ones, and how many there are.
#[derive(Default)]
struct Findings {
    count: usize,
    first: Vec<String>,
}

impl Findings {
    fn add(&mut self, what: String) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(what);
        }
    }

    /// Returns them as text, after a line that says what they are.
    fn named(&self, what: &str) -> String {
        let mut lines = vec![what.to_owned()];
        lines.extend(self.first.iter().map(|one| format!("  {one}")));
        if self.count > self.first.len() {
            lines.push(format!("  and {} more", self.count - self.first.len()));
        }
        lines.join("\n")
    }
}

/// A line of the report.
#[derive(Serialize)]
struct Line {
    count: u64,
    hash: String,
}

impl From<&Sum> for Line {
    fn from(sum: &Sum) -> Line {
        Line { count: sum.count, hash: sum.hex() }
    }
}

#[derive(Serialize)]
struct Everything<'a> {
    records: BTreeMap<&'a str, Line>,
    logs: Line,
    entries: u64,
    files: Line,
    file_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<String>,
    differences: &'a [String],
    unreadable: &'a [String],
    files_without_bytes: &'a [String],
}

#[derive(Serialize)]
struct LogLine {
    log: String,
    entries: u64,
    hash: String,
}

impl Report {
    /// Adds a log, and prints its line.
    pub fn log(&mut self, log: LogId, sum: LogSum, prints: bool) {
        let line = LogLine { log: log.to_string(), entries: sum.entries, hash: hex::encode(sum.digest) };
        self.entries += sum.entries;
        self.logs.add(format!("{} {} {}", line.log, line.entries, line.hash).as_bytes());
        if prints {
            println!("{}", stored::to_json(&line));
        }
    }

    /// Adds something that is not the same in the copy.
    pub fn differs(&mut self, what: String) {
        self.differences.add(what);
    }

    /// Adds records that could not be decoded.
    pub fn unreadable(&mut self, what: Vec<String>) {
        what.into_iter().for_each(|one| self.unreadable.add(one));
    }

    /// Adds a file whose bytes are missing where it comes from. The copy lacks them as well, so it is no difference.
    pub fn lacks_bytes(&mut self, file: FileId) {
        self.without_bytes.add(file.to_string());
    }

    /// Compares the records with those of the copy.
    pub fn compare_records(&mut self, copied: &Kinds) {
        for kind in Record::KINDS {
            let (one, other) = (self.records.get(kind), copied.get(kind));
            if one != other {
                let count = |sum: Option<&Sum>| sum.map_or(0, |sum| sum.count);
                self.differs(format!("records of kind {kind}: {} there, {} in the copy", count(one), count(other)));
            }
        }
    }

    /// Compares the heads of logs with those after the copy.
    pub fn check_source(&mut self, after: &Sum) {
        if self.heads != *after {
            self.differs("the source itself: something was appended to it while it was copied".to_owned());
        }
    }

    /// Returns whether the copy may be used.
    pub fn is_complete(&self) -> bool {
        self.problems().is_empty()
    }

    /// Returns what is wrong with the copy, a line for each.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.differences.count > 0 {
            problems.push(self.differences.named("the copy is not the same:"));
        }
        if self.unreadable.count > 0 && !self.accepts_unreadable {
            let what = "this release cannot read these records (--skip-unreadable copies the rest):";
            problems.push(self.unreadable.named(what));
        }
        problems
    }

    /// Prints everything: as JSON, or as a table.
    pub fn print(&self, json: bool) {
        let records: BTreeMap<&str, Line> = self.records.iter().map(|(kind, sum)| (*kind, sum.into())).collect();
        let everything = Everything {
            records,
            logs: (&self.logs).into(),
            entries: self.entries,
            files: (&self.blobs).into(),
            file_bytes: self.blob_bytes,
            epoch: self.epoch.map(|epoch| epoch.to_string()),
            differences: &self.differences.first,
            unreadable: &self.unreadable.first,
            files_without_bytes: &self.without_bytes.first,
        };
        match json {
            true => println!("{}", stored::to_json(&everything)),
            false => self.print_table(),
        }
    }

    fn print_table(&self) {
        println!("{:13} {:>12}  hash", "", "count");
        for kind in Record::KINDS {
            let sum = self.records.get(kind).copied().unwrap_or_default();
            println!("{kind:13} {:>12}  {}", sum.count, sum.hex());
        }
        println!("{:13} {:>12}  {}", "log", self.logs.count, self.logs.hex());
        println!("{:13} {:>12}", "entry of a log", self.entries);
        println!("{:13} {:>12}  {}", "stored bytes", self.blobs.count, self.blobs.hex());
        if self.without_bytes.count > 0 {
            println!("{}", self.without_bytes.named("these files have no bytes, and had none before:"));
        }
        if let Some(epoch) = self.epoch {
            println!("the copy holds the same; its epoch is {epoch}, so clients drop what they cached");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(texts: &[&str]) -> Kinds {
        let mut sum = Sum::default();
        texts.iter().for_each(|text| sum.add(text.as_bytes()));
        Kinds::from([("user", sum)])
    }

    #[test]
    fn a_record_that_is_missing_changed_or_additional_is_a_problem() {
        for copied in [&["a"][..], &["a", "c"], &["a", "b", "c"], &[]] {
            let mut report = Report { records: kinds(&["a", "b"]), ..Report::default() };
            report.compare_records(&kinds(copied));
            assert!(!report.is_complete() && report.problems()[0].contains("user"), "{copied:?}");
        }
        let mut report = Report { records: kinds(&["a", "b"]), ..Report::default() };
        report.compare_records(&kinds(&["b", "a"]));
        assert!(report.is_complete());
    }

    #[test]
    fn an_unreadable_record_is_a_problem_unless_it_is_accepted() {
        let mut report = Report::default();
        report.unreadable((0..30).map(|number| format!("usr {number}")).collect());
        let problems = report.problems().join("\n");
        assert!(problems.contains("--skip-unreadable") && problems.contains("and 10 more"), "{problems}");
        report.accepts_unreadable = true;
        assert!(report.is_complete());
    }

    #[test]
    fn an_append_to_the_source_is_a_problem() {
        let mut report = Report::default();
        report.heads.add(b"r:1 5");
        let mut after = Sum::default();
        after.add(b"r:1 6");
        report.check_source(&after);
        assert!(!report.is_complete());
    }
}
