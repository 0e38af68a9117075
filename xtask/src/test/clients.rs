//! Runs the tests of what others build on: the SDK as a package, the pages about it and about the protocol, and the clients
//! in `examples`, all against a real server.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{PALAVER_BIN, vitest};
use crate::browser::{self, CHROMIUM};
use crate::node;
use crate::process;
use crate::report::Counts;
use crate::workspace::Workspace;

/// The npm package with these tests.
const CLIENTS: &str = "tests/clients";
/// The packages of PyPI that the client in Python needs, with their hashes.
const REQUIREMENTS: &str = "examples/python/requirements.txt";
/// Names the Python that has these packages. It is no setting of the server, which rejects unknown names that begin with
/// `PALAVER_`.
const EXAMPLES_PYTHON: &str = "EXAMPLES_PYTHON";

/// Runs them with the given server. The SDK is built and packed by the tests.
pub fn run(workspace: &Workspace, palaver: &Path) -> Result<Counts> {
    let chromium = browser::chromium()?;
    let python = python(workspace)?;
    node::install(workspace, node::FRONTEND)?;
    node::install(workspace, CLIENTS)?;
    process::run(node::npm(&workspace.path(CLIENTS)).args(["run", "check"]))?;
    let configure = |vitest: &mut Command| {
        vitest.env(PALAVER_BIN, palaver).env(CHROMIUM, &chromium).env(EXAMPLES_PYTHON, &python);
    };
    Ok(vitest::run_in(workspace, CLIENTS, configure)?.1)
}

/// Returns a Python with the pinned packages: a virtual environment in the cache folder, another one for each list of
/// packages.
fn python(workspace: &Workspace) -> Result<PathBuf> {
    let requirements = workspace.path(REQUIREMENTS);
    let list = std::fs::read(&requirements).with_context(|| format!("cannot read {REQUIREMENTS}"))?;
    let mut hasher = DefaultHasher::new();
    list.hash(&mut hasher);
    let folder = local_servers::tools_folder().join(format!("python-examples-{:016x}", hasher.finish()));
    let python = folder.join("bin/python");
    // Written at the very end: without it the installation was interrupted.
    let complete = folder.join(".palaver-complete");
    if complete.exists() {
        return Ok(python);
    }

    println!("xtask: installing the packages of {REQUIREMENTS}");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let venv = process::run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    venv.context("Python 3.10 or newer with its venv module is needed: install it")?;
    let mut pip = Command::new(folder.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement"]);
    process::run(pip.arg(&requirements))?;
    std::fs::write(complete, "")?;
    Ok(python)
}
