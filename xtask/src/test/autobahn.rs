//! Runs Autobahn's cases for WebSocket servers against the engine, which echoes, and reads their report.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::process;
use crate::report::Counts;
use crate::workspace::{PROFILE, Workspace};

/// What a case may report: that it passed, or that it only shows what a server does where the RFC leaves it open.
const PASSED: [&str; 2] = ["OK", "INFORMATIONAL"];

/// Runs all cases but those of compression, which this server does not negotiate. Each counts as a test.
pub fn run(workspace: &Workspace) -> Result<Counts> {
    // As `cargo test` has built it: another choice of features would build its dependencies again.
    let build = ["build", "--workspace", "--all-features", "--bin", "fanout", "--profile", PROFILE];
    process::run(&mut workspace.cargo(&build))?;
    let mut server = Command::new(workspace.built(PROFILE).join("fanout"));
    let mut server =
        server.args(["serve", "echo"]).stdout(Stdio::piped()).spawn().context("cannot start the server")?;
    let cases = address(&mut server).and_then(|address| run_cases(&address));
    server.kill()?;
    server.wait()?;
    count(&cases?)
}

fn address(server: &mut std::process::Child) -> Result<String> {
    let output = server.stdout.take().context("the output is piped")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let address = line.trim().strip_prefix("listening ");
    Ok(address.with_context(|| format!("the server did not start: {line}"))?.to_owned())
}

/// Returns the report of all cases.
fn run_cases(address: &str) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let spec = json!({
        "outdir": folder.path(),
        "servers": [{ "agent": "palaver", "url": format!("ws://{address}") }],
        "cases": ["*"],
        "exclude-cases": ["12.*", "13.*"],
    });
    let file = folder.path().join("spec.json");
    std::fs::write(&file, spec.to_string())?;
    process::tee(&mut wstest(&file)?)?;
    let report = std::fs::read(folder.path().join("index.json")).context("Autobahn wrote no report")?;
    Ok(serde_json::from_slice(&report)?)
}

fn wstest(spec: &Path) -> Result<Command> {
    let mut wstest = local_servers::autobahn()?;
    wstest.args(["--mode", "fuzzingclient", "--spec"]).arg(spec);
    Ok(wstest)
}

fn count(report: &Value) -> Result<Counts> {
    let cases = report["palaver"].as_object().context("the report has no cases")?;
    let mut counts = Counts::default();
    for (case, result) in cases {
        let verdicts = [&result["behavior"], &result["behaviorClose"]];
        match verdicts.iter().all(|verdict| verdict.as_str().is_some_and(|verdict| PASSED.contains(&verdict))) {
            true => counts.passed += 1,
            false => {
                println!("xtask: case {case}: {}, closing {}", verdicts[0], verdicts[1]);
                counts.failed += 1;
            }
        }
    }
    Ok(counts)
}
