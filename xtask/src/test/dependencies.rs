//! Checks the dependencies with cargo-deny: their licences, what must not be among them, where they come from, and whether
//! one of them has a known vulnerability. `deny.toml` says what is allowed and why.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::process;
use crate::workspace::Workspace;

/// How long fetching the database of advisories may take: where a firewall drops the packets, it would hang.
const FETCH: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Runs every check. Vulnerabilities are only checked where the database of advisories can be fetched, which is a
/// repository that no package registry carries; where it cannot, this says so.
pub fn check(workspace: &Workspace) -> Result<()> {
    process::run(&mut deny(workspace.root(), &["--locked", "check", "licenses", "bans", "sources"])?)?;

    let mut fetch = deny(workspace.root(), &["fetch", "db"])?;
    let fetch = fetch.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    if !succeeds(fetch)? {
        println!("xtask: advisories were NOT checked: their database cannot be fetched from here");
        return Ok(());
    }
    process::run(&mut deny(workspace.root(), &["--locked", "check", "--disable-fetch", "advisories"])?)
}

fn deny(folder: &Path, arguments: &[&str]) -> Result<Command> {
    let mut command = local_servers::cargo_deny()?;
    command.args(arguments).current_dir(folder);
    Ok(command)
}

/// Waits for a process, and returns whether it succeeded in time.
fn succeeds(mut child: Child) -> Result<bool> {
    let until = Instant::now() + FETCH;
    while Instant::now() < until {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
    child.kill()?;
    child.wait()?;
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Returns whether a crate that depends on another one, of this name and licence, passes, and what was said.
    fn passes(name: &str, licence: &str) -> (bool, String) {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("it has a folder")).expect("the folder can be made");
            fs::write(path, text).expect("the file can be written");
        };
        let package = |name: &str, licence: &str, rest: &str| {
            format!(
                "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\npublish = false\nlicense = \"{licence}\"\n{rest}"
            )
        };
        let dependency = format!("[dependencies]\n{name} = {{ path = \"seeded\" }}\n[workspace]\n");
        write("Cargo.toml", &package("outer", "Apache-2.0", &dependency));
        write("src/lib.rs", "");
        write("seeded/Cargo.toml", &package(name, licence, ""));
        write("seeded/src/lib.rs", "");
        // Of the real rules, without the demand that every allowed licence occurs.
        let rules = include_str!("../../../deny.toml").replace("unused-allowed-license = \"deny\"", "");
        write("deny.toml", &rules);
        let mut command =
            deny(folder.path(), &["--offline", "check", "licenses", "bans", "sources"]).expect("installed");
        let output = command.output().expect("it runs");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    #[test]
    fn a_seeded_crate_that_is_banned_or_has_a_licence_that_is_not_allowed_fails() {
        let (passed, said) = passes("harmless", "MIT");
        assert!(passed, "{said}");
        for (name, licence, word) in [
            ("openssl-sys", "MIT", "banned"),
            ("sqlx-sqlite", "MIT", "banned"),
            ("harmless", "GPL-3.0-only", "rejected"),
            ("harmless", "AGPL-3.0-or-later", "rejected"),
            ("harmless", "MPL-2.0", "rejected"),
        ] {
            let (passed, said) = passes(name, licence);
            assert!(!passed && said.contains(word), "{name} {licence}: {said}");
        }
    }
}
