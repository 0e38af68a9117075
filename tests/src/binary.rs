//! The server's programs: the default build, and the one with every adapter. Uses those that `cargo xtask test` names,
//! or builds them; runs each in an environment without any settings of this machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};

/// The variable with the path of the server's binary; `cargo xtask test` sets it.
const PALAVER_BIN: &str = "PALAVER_BIN";
/// The variable with the path of the server's binary with every adapter; `cargo xtask test` sets it.
const PALAVER_FULL_BIN: &str = "PALAVER_FULL_BIN";

/// Settings of a server or an AWS SDK start with one of these, or are one of them.
const SETTINGS: [&str; 5] = ["PALAVER_", "AWS_", "DATABASE_URL", "DATABASE_REPLICA_URL", "REDIS_URL"];

/// Returns the server's binary: the given one, or one that is built now.
///
/// # Panics
/// If the given one does not exist, or the build fails.
pub fn palaver() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| given(PALAVER_BIN).unwrap_or_else(|| build("default", &[])))
}

/// Returns the server's binary with every adapter: the given one, or one that is built now.
///
/// # Panics
/// If the given one does not exist, or the build fails.
pub fn full() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| given(PALAVER_FULL_BIN).unwrap_or_else(|| build("full", &["--features", "full"])))
}

/// Returns the gateway function's program: the given one, or one that is built now.
///
/// # Panics
/// If the given one does not exist, or the build fails.
pub fn gateway() -> PathBuf {
    function("gateway", "gateway")
}

/// Returns the program that the table's stream invokes: the given one, or one that is built now.
///
/// # Panics
/// If the given one does not exist, or the build fails.
pub fn feed() -> PathBuf {
    function("feed", "notifications")
}

fn function(name: &str, package: &str) -> PathBuf {
    match given(PALAVER_FULL_BIN) {
        Some(full) => full.with_file_name(name),
        None => build_program(package, name, "aws", &["--features", "aws"]),
    }
}

/// Returns the command of a program that finds no settings in its environment.
pub fn clean(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| SETTINGS.iter().any(|setting| name.starts_with(setting))) {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

fn given(variable: &str) -> Option<PathBuf> {
    let given = PathBuf::from(std::env::var_os(variable)?);
    assert!(given.is_file(), "{variable} names {}, which does not exist", given.display());
    Some(given)
}

/// Builds the server, and keeps a copy: the other build has the same name.
fn build(name: &str, arguments: &[&str]) -> PathBuf {
    build_program("palaver", "palaver", name, arguments)
}

fn build_program(package: &str, program: &str, name: &str, arguments: &[&str]) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _building = ONE_AT_A_TIME.lock().expect("the other build succeeded");
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--package", package, "--bin", program, "--profile", "ci"])
        .args(["--message-format", "json-render-diagnostics"])
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate lies in the workspace"))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{program} does not build");
    let built = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo names the binary that it built");
    // Copied beside the functions, where tests look for it.
    let copy = built.with_file_name(format!("{program}-{name}"));
    std::fs::copy(&built, &copy).expect("the binary can be copied");
    copy
}
