//! `cargo xtask bench`: runs the measurements and shows their rows. Owns the table; each row is a line of JSON printed
//! by a program, so a bench decides itself what it reports.

mod cold_start;

use std::fmt::Write;
use std::process::Command;

use anyhow::{Result, bail};
use serde_json::{Map, Value};

use crate::node;
use crate::process;
use crate::test::PALAVER_BIN;
use crate::workspace::{PROFILE, Workspace};

/// The measurements of `--bin bench` of the `tests` crate.
const ROWS: [&str; 3] = ["append", "fsync", "page"];

/// The measurements of `--bin fanout` of the `tests` crate: of a release build, beside other servers.
const FANOUT: [&str; 7] = ["fanout", "idle", "connect", "resume", "message", "storm", "backpressure"];
/// The other servers of [`FANOUT`] that npm installs.
const PEERS: [&str; 2] = ["tests/bench/uwebsockets", "tests/bench/ws"];

/// The measurement made here, because it depends on how functions are built.
const COLD_START: &str = "cold-start";

/// Runs one row, or all of them.
pub fn run(workspace: &Workspace, only: Option<&str>) -> Result<()> {
    let rows = match only {
        Some(row) if row == COLD_START || ROWS.contains(&row) || FANOUT.contains(&row) => vec![row],
        Some(row) => {
            bail!("unknown row {row:?}; the rows are {}, {}, {COLD_START}", ROWS.join(", "), FANOUT.join(", "))
        }
        None => ROWS.into_iter().chain(FANOUT).chain([COLD_START]).collect(),
    };
    let mut results = Vec::new();
    let mut missed = Vec::new();
    for row in rows {
        if row == COLD_START {
            let measured = cold_start::run(workspace)?;
            if measured.iter().any(|result| result["ok"] == false) {
                missed.push(row);
            }
            results.extend(measured);
            continue;
        }
        let finished = match FANOUT.contains(&row) {
            true => fanout(workspace, row)?,
            false => {
                let arguments = ["run", "--package", "tests", "--bin", "bench", "--profile", PROFILE, "--", row];
                process::tee(&mut workspace.cargo(&arguments))?
            }
        };
        // A bench that misses its bar still shows its figures; one without figures did not finish.
        if !finished.success {
            missed.push(row);
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
    if !missed.is_empty() {
        bail!("below the bar: {}", missed.join(", "));
    }
    Ok(())
}

/// Measures the server as it is released.
fn fanout(workspace: &Workspace, row: &str) -> Result<process::Finished> {
    for peer in PEERS {
        node::install(workspace, peer)?;
    }
    process::tee(release(workspace, "fanout")?.arg(row))
}

/// Runs the attacks on the server as it is released, and shows their figures.
pub fn attacks(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let finished = process::tee(release(workspace, "attacks")?.args(arguments))?;
    println!("\n{}", table(&json_lines(&finished.output)));
    if !finished.success {
        bail!("others wait too long, or an attack did not finish");
    }
    Ok(())
}

/// Builds the server and the programs that measure it, with the profile of a release. Returns the command of one.
fn release(workspace: &Workspace, program: &str) -> Result<Command> {
    let build = ["build", "--release", "--package", "palaver", "--package", "tests", "--bins"];
    process::run(&mut workspace.cargo(&build))?;
    let built = workspace.built("release");
    let mut command = Command::new(built.join(program));
    command.env(PALAVER_BIN, built.join("palaver"));
    Ok(command)
}

/// Returns the lines that are JSON objects; the rest is for people.
pub(crate) fn json_lines(output: &str) -> Vec<Map<String, Value>> {
    output.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The columns that a reader looks at first.
const FIRST_COLUMNS: [&str; 6] = ["bench", "what", "value", "unit", "bar", "ok"];

/// Returns a Markdown table with a column for each field; fields that only some rows have come last.
pub(crate) fn table(results: &[Map<String, Value>]) -> String {
    let known = FIRST_COLUMNS.into_iter().filter(|name| results.iter().any(|result| result.contains_key(*name)));
    let mut columns: Vec<&str> = known.collect();
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
        let rows = json_lines(
            "building…\n{\"unit\":\"/s\",\"bench\":\"append\",\"value\":9000}\n{\"bench\":\"page\",\"us\":94.5}\n",
        );
        assert_eq!(
            table(&rows),
            "| bench | value | unit | us |\n|---|---|---|---|\n| append | 9000 | /s |  |\n| page |  |  | 94.5 |\n"
        );
    }
}
