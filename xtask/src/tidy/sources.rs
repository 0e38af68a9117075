//! The rules for the text of files. Owns the list of files and the rules; reads what git tracks and what is new and not
//! ignored, so that a problem shows before it is committed.

use std::fs;
use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::workspace::Workspace;

/// The maximum length of a source file, in lines.
const CEILING: usize = 400;

/// What no test may contain, split so that this file does not contain it.
const IGNORED: &str = concat!("#[", "ignore");
const TO_DO: [&str; 2] = [concat!("todo", "!("), concat!("unimplemented", "!(")];
const NOT_ALL_TESTS: [&str; 3] = [concat!(".", "only("), concat!(".", "skip("), concat!(".", "fixme(")];

/// Folders of the machines on which this project is written. A path into one works nowhere else.
const MACHINE_PATHS: [&str; 6] = [
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/main"),
    concat!("/wo", "rk/shared"),
    concat!("/wo", "rk/."),
    concat!("/tm", "p/w/"),
    concat!("/tm", "p/t/"),
];

/// Names that the pure parts must not use: no I/O, no clock, no randomness, no runtime.
const IMPURE: [&str; 9] = [
    "tokio::",
    "axum::",
    "reqwest::",
    "rand::",
    "std::fs",
    "std::net",
    "Instant::now(",
    "SystemTime::now(",
    "async fn",
];
/// The parts that are pure: the domain and the state machines.
const PURE: [&str; 14] = [
    "crates/domain/src/",
    "crates/service/src/log/appender/",
    "crates/service/src/log/appender.rs",
    "crates/service/src/feed/scheduler",
    "crates/service/src/marks/state/",
    "crates/realtime/src/codec/",
    "crates/realtime/src/connection/",
    "crates/realtime/src/hub/",
    "crates/realtime/src/protocol/",
    "crates/realtime/src/message.rs",
    "crates/realtime/src/page.rs",
    "crates/realtime/src/replay.rs",
    "crates/realtime/src/request.rs",
    "crates/client/src/state/",
];
/// Names that the pure parts of `realtime` must not use either.
const REALTIME_PURE: [&str; 4] = ["service::", "web::", "axum::", "crate::interpreter"];

/// Returns every problem in every file.
pub fn check(workspace: &Workspace) -> Result<Vec<String>> {
    let mut git = Command::new("git");
    git.current_dir(workspace.root()).args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let mut problems = Vec::new();
    for path in process::read(&mut git)?.lines() {
        // A picture has no lines, and a file that git still lists may have been deleted.
        let Ok(text) = fs::read_to_string(workspace.path(path)) else {
            continue;
        };
        problems.extend(of_file(path, &text));
    }
    Ok(problems)
}

fn of_file(path: &str, text: &str) -> Vec<String> {
    let file = Kind::of(path);
    let mut problems = Vec::new();
    let mut problem = |line: usize, what: String| problems.push(format!("{path}:{line}: {what}"));

    let lines = text.lines().count();
    if file.is_source && !file.is_test && !file.is_generated && lines > CEILING {
        problem(lines, format!("{lines} lines; a file can have at most {CEILING}"));
    }
    if path.ends_with("Cargo.toml") && path != "Cargo.toml" && !text.contains("[lints]\nworkspace = true") {
        problem(1, "the crate does not take the workspace's lints".to_owned());
    }
    for (index, line) in text.lines().enumerate() {
        for what in of_line(path, &file, line) {
            problem(index + 1, what);
        }
    }
    problems
}

/// Returns the problems of one line.
fn of_line(path: &str, file: &Kind, line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut forbid = |names: &[&str], why: &str| {
        found.extend(names.iter().filter(|name| line.contains(*name)).map(|name| format!("`{name}`: {why}")));
    };
    forbid(&MACHINE_PATHS, "a path of one machine");
    if file.is_rust {
        forbid(&[IGNORED], "a test runs or is removed");
        forbid(&TO_DO, "nothing is left open");
        if !file.is_program {
            // Lambda itself sets how a function is served, and `web::is_lambda` reads it.
            if !(path == "crates/host/src/server.rs" && line.contains("\"AWS_LAMBDA_RUNTIME_API\"")) {
                forbid(&["env::var"], "only binaries read the environment");
            }
            forbid(&["set_global_default(", "tracing_subscriber::registry().init"], "only binaries install tracing");
        }
    }
    if file.is_script && file.is_test {
        forbid(&NOT_ALL_TESTS, "every test runs");
    }
    if path.ends_with("package-lock.json") {
        forbid(&["\"resolved\": \"http"], "a lock file names no registry");
    }
    if path.ends_with(".npmrc") || path.ends_with("pip.conf") || path.ends_with("config.toml") {
        forbid(&["registry=", "registry =", "index-url", "[source.", "[registries"], "a setting names a registry");
    }
    let comment = line.trim_start().starts_with("//");
    if file.is_rust && !file.is_test && !comment && PURE.iter().any(|folder| path.starts_with(folder)) {
        forbid(&IMPURE, "this part has no I/O, no clock and no randomness");
        if path.starts_with("crates/realtime/") {
            forbid(&REALTIME_PURE, "the code that decides about sockets knows only domain and wire");
        }
    }
    found
}

/// What a path says about a file.
struct Kind {
    is_rust: bool,
    is_script: bool,
    is_source: bool,
    is_test: bool,
    is_generated: bool,
    is_program: bool,
}

impl Kind {
    fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        let is_rust = ends(&[".rs"]);
        let is_script = ends(&[".ts", ".tsx", ".js", ".mjs"]);
        let is_test = name == "tests.rs"
            || path.contains("/tests/")
            || ends(&[".test.ts", ".test.tsx", ".spec.ts"])
            || path.starts_with("tests/e2e/");
        // `local-servers` is a part of xtask that tests share.
        let programs = ["crates/palaver/", "crates/local-servers/", "xtask/", "tests/"];
        let in_program = programs.iter().any(|folder| path.starts_with(folder));
        let is_program = in_program || is_test || name == "main.rs" || name == "build.rs" || path.contains("/src/bin/");
        let is_generated = path.contains("/generated/") || path.starts_with("docs/protocol/");
        Self {
            is_rust,
            is_script,
            is_source: is_rust || is_script || ends(&[".css"]),
            is_test,
            is_generated,
            is_program,
        }
    }
}

#[cfg(test)]
mod tests;
