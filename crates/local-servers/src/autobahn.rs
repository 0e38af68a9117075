//! Autobahn's test suite for WebSockets, a program for Python 2.7.

use std::process::Command;

use anyhow::Result;

use crate::tools;

/// Returns the command `wstest`; the caller adds its arguments.
///
/// # Errors
/// If the suite, or Python 2.7, is not installed, with what to do.
pub fn autobahn() -> Result<Command> {
    let packages = tools::autobahn_folder();
    tools::installed(&packages, "autobahntestsuite")?;
    let mut wstest = Command::new(tools::python2()?);
    wstest.args(["-m", "autobahntestsuite.wstest"]).env("PYTHONPATH", packages);
    Ok(wstest)
}
