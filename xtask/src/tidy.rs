//! `cargo xtask tidy`: the project's rules that no compiler checks. Owns the list of problems; `edges` knows which
//! crate may depend on which, `links` what the product may link, `sources` what a file may contain, `targets` which
//! tests run.

mod edges;
mod links;
mod sources;
mod targets;

use anyhow::{Result, bail};
use cargo_metadata::MetadataCommand;

use crate::process;
use crate::workspace::Workspace;

/// Prints every problem and fails if there is one.
pub fn run(workspace: &Workspace) -> Result<()> {
    let metadata = MetadataCommand::new().current_dir(workspace.root()).exec()?;
    let mut problems = edges::check(&metadata);

    let tree = ["tree", "--package", "palaver", "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    problems.extend(links::check(&process::read(&mut workspace.cargo(&tree))?));

    problems.extend(sources::check(workspace)?);
    problems.extend(targets::check(&metadata)?);

    for problem in &problems {
        println!("tidy: {problem}");
    }
    match problems.len() {
        0 => Ok(()),
        count => bail!("{count} problems against the rules of ARCHITECTURE.md and CONTRIBUTING.md"),
    }
}
