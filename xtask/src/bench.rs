//! `cargo xtask bench`: runs the measurements and shows their rows. Owns the table; each row is a program's own line of
//! JSON, so a bench decides itself what it reports.

use std::fmt::Write;

use anyhow::{Result, bail};
use serde_json::{Map, Value};

use crate::process;
use crate::workspace::{PROFILE, Workspace};

/// What `--bin bench` of the `tests` crate measures.
const ROWS: [&str; 3] = ["append", "fsync", "page"];

/// Runs one row, or all of them.
pub fn run(workspace: &Workspace, only: Option<&str>) -> Result<()> {
    let rows = match only {
        Some(row) if ROWS.contains(&row) => vec![row],
        Some(row) => bail!("there is no row {row:?}; there are {}", ROWS.join(", ")),
        None => ROWS.to_vec(),
    };
    let mut results = Vec::new();
    for row in rows {
        let arguments = ["run", "--package", "tests", "--bin", "bench", "--profile", PROFILE, "--", row];
        let finished = process::tee(&mut workspace.cargo(&arguments))?;
        if !finished.success {
            bail!("the bench {row} failed");
        }
        let lines = json_lines(&finished.output);
        if lines.is_empty() {
            bail!("the bench {row} printed no line of JSON");
        }
        results.extend(lines);
    }
    println!("\n{}", table(&results));
    for result in results {
        println!("{}", Value::Object(result));
    }
    Ok(())
}

/// The lines that are JSON objects; the rest is for people.
fn json_lines(output: &str) -> Vec<Map<String, Value>> {
    output.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// A Markdown table with a column for each field, in the order in which fields first appear.
fn table(results: &[Map<String, Value>]) -> String {
    let mut columns: Vec<&str> = Vec::new();
    for name in results.iter().flat_map(Map::keys) {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    let mut text = format!("| {} |\n|{}\n", columns.join(" | "), "---|".repeat(columns.len()));
    for result in results {
        let cells: Vec<String> = columns.iter().map(|column| cell(result.get(*column))).collect();
        writeln!(text, "| {} |", cells.join(" | ")).expect("writing to a string cannot fail");
    }
    text
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_different_fields_share_a_table() {
        let rows = json_lines("building…\n{\"a\":\"append\",\"b\":9000}\n{\"a\":\"page\",\"c\":94.5}\n");
        assert_eq!(table(&rows), "| a | b | c |\n|---|---|---|\n| append | 9000 |  |\n| page |  | 94.5 |\n");
    }
}
