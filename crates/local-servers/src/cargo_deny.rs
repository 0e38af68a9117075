//! cargo-deny, which checks the dependencies: their licences, their sources, and what must not be among them.

use std::process::Command;

use anyhow::Result;

use crate::tools;

/// Returns the command `cargo-deny`; the caller adds its arguments.
///
/// # Errors
/// If it is not installed, with what to do.
pub fn cargo_deny() -> Result<Command> {
    Ok(Command::new(tools::installed(&tools::cargo_deny_folder(), "bin/cargo-deny")?))
}
