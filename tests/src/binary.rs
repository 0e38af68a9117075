//! The server's programs: the one that is built by default, and the one with every adapter. Uses those that `cargo xtask
//! test` names, or builds them; gives each an environment in which no setting of this machine is left.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};

/// Names the server's binary; `cargo xtask test` sets it.
const PALAVER_BIN: &str = "PALAVER_BIN";
/// Names the server's binary with every adapter; `cargo xtask test` sets it.
const PALAVER_FULL_BIN: &str = "PALAVER_FULL_BIN";

/// Settings of a server or an AWS SDK begin so, or are one of these.
const SETTINGS: [&str; 5] = ["PALAVER_", "AWS_", "DATABASE_URL", "DATABASE_REPLICA_URL", "REDIS_URL"];

/// The server's binary: the given one, or one that is built now.
///
/// # Panics
/// When the given one is not there, or the build fails.
pub fn palaver() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| given(PALAVER_BIN).unwrap_or_else(|| build("default", &[])))
}

/// The server's binary with every adapter: the given one, or one that is built now.
///
/// # Panics
/// When the given one is not there, or the build fails.
pub fn full() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| given(PALAVER_FULL_BIN).unwrap_or_else(|| build("full", &["--features", "full"])))
}

/// The gateway function's program: the given one, or one that is built now.
///
/// # Panics
/// When the given one is not there, or the build fails.
pub fn gateway() -> PathBuf {
    function("gateway", "gateway")
}

/// The program that the table's stream calls: the given one, or one that is built now.
///
/// # Panics
/// When the given one is not there, or the build fails.
pub fn feed() -> PathBuf {
    function("feed", "notifications")
}

fn function(name: &str, package: &str) -> PathBuf {
    match given(PALAVER_FULL_BIN) {
        Some(full) => full.with_file_name(name),
        None => build_program(package, name, "aws", &["--features", "aws"]),
    }
}

/// The command of a program that finds no settings in its environment.
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
    assert!(given.is_file(), "{variable} names {}, which is not there", given.display());
    Some(given)
}

/// Builds the server, and keeps a copy: what is built the other way has the same name.
fn build(name: &str, arguments: &[&str]) -> PathBuf {
    build_program("palaver", "palaver", name, arguments)
}

fn build_program(package: &str, program: &str, name: &str, arguments: &[&str]) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _building = ONE_AT_A_TIME.lock().expect("the other build went well");
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
    // Beside the functions, which tests look for there.
    let copy = built.with_file_name(format!("{program}-{name}"));
    std::fs::copy(&built, &copy).expect("the binary can be copied");
    copy
}
