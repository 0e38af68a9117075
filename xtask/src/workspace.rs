//! Paths: the clone, the target folder, the built server. Never decides what to build with them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

use crate::process;

/// The one profile that every command builds with, so that no dependency is built twice.
pub const PROFILE: &str = "ci";

/// The functions that have their own binary.
pub const FUNCTIONS: [&str; 5] = ["auth", "rooms", "presence", "notifications", "files"];

/// The clone that this command works on.
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// Asks cargo, so that `CARGO_TARGET_DIR` and all other cargo settings apply.
    pub fn find() -> Result<Self> {
        let metadata =
            MetadataCommand::new().no_deps().exec().context("cargo metadata failed; run this inside the clone")?;
        Ok(Self { root: metadata.workspace_root.into(), target: metadata.target_directory.into() })
    }

    /// Returns the folder that contains the root `Cargo.toml`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the path of a file or folder of the clone.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Returns the command `cargo …`, run in the root.
    pub fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(arguments).current_dir(&self.root);
        cargo
    }

    /// Builds the server as its users run it and returns the binary's path.
    ///
    /// It is built alone, because `--workspace` would unify features and link what the product does not.
    pub fn build_palaver(&self) -> Result<PathBuf> {
        process::run(&mut self.cargo(&["build", "--package", "palaver", "--profile", PROFILE]))?;
        Ok(self.built(PROFILE).join("palaver"))
    }

    /// Builds server, tier and functions with every adapter, and returns their folder.
    ///
    /// In one build, so that shared code is built once; each program therefore links more than it is deployed with.
    pub fn build_with_every_adapter(&self, profile: &str) -> Result<PathBuf> {
        let mut cargo = self.cargo(&["build", "--profile", profile]);
        cargo.args(["--package", "palaver", "--features", "palaver/full"]);
        cargo.args(["--package", "ws-tier", "--features", "ws-tier/binary,ws-tier/aws"]);
        cargo.args(["--features", "notifications/stream-poller"]);
        for name in FUNCTIONS.into_iter().chain(["gateway"]) {
            cargo.args(["--package", name, "--features", &format!("{name}/aws")]);
        }
        process::run(&mut cargo)?;
        Ok(self.built(profile))
    }

    /// Returns the folder of a profile's build output.
    pub fn built(&self, profile: &str) -> PathBuf {
        // Cargo's own profile has another name than its folder.
        self.target.join(if profile == "dev" { "debug" } else { profile })
    }

    /// Builds the functions as separate programs beside the server, where the black-box tests find them.
    pub fn build_functions(&self) -> Result<()> {
        let mut cargo = self.cargo(&["build", "--profile", PROFILE]);
        for name in FUNCTIONS {
            cargo.args(["--package", name]);
        }
        process::run(&mut cargo)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn cargo_lambda_watch_finds_each_function_of_its_router() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
        let metadata = MetadataCommand::new().manifest_path(root).no_deps().exec().unwrap();
        let router = metadata.workspace_metadata["lambda"]["watch"]["router"].as_object().expect("there is one");
        let routed: BTreeSet<&str> = router.values().filter_map(|name| name.as_str()).collect();
        assert_eq!(routed, FUNCTIONS.into_iter().collect());
        // It runs `cargo run --bin NAME`, which searches only these.
        let found = metadata.workspace_default_packages();
        let found: BTreeSet<&str> = found.iter().map(|package| package.name.as_str()).collect();
        assert!(routed.is_subset(&found), "{found:?}");
    }
}
