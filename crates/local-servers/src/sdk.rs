//! The stock AWS SDKs of other languages, with which tests call servers that implement AWS's protocols.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::install::{needed, python_package, run};
use crate::process::or_panic;
use crate::{tools, versions};

/// The npm packages that are installed, with the digest of each.
const PACKAGES: [(&str, &str); 3] = [
    ("package.json", include_str!("../../../tests/sdk/package.json")),
    ("package-lock.json", include_str!("../../../tests/sdk/package-lock.json")),
    (".npmrc", include_str!("../../../tests/sdk/.npmrc")),
];

/// Returns a Python whose scripts can `import boto3`.
///
/// # Panics
/// If it is not installed.
pub fn python() -> Command {
    Command::new(or_panic(tools::installed(&tools::python_sdk_folder(), "bin/python")))
}

/// Returns a Node.js whose scripts can `require("@aws-sdk/client-apigatewaymanagementapi")`.
///
/// # Panics
/// If it is not installed.
pub fn node() -> Command {
    let packages = or_panic(tools::installed(&tools::javascript_sdk_folder(), "node_modules"));
    let mut node = Command::new(or_panic(tools::program("node")));
    node.env("NODE_PATH", packages);
    node
}

pub fn install_python(folder: &Path) -> Result<()> {
    python_package(folder, &format!("boto3=={}", versions::BOTO3))
}

pub fn install_javascript(folder: &Path) -> Result<()> {
    let npm = needed("npm", "Node.js 20 or newer")?;
    for (name, text) in PACKAGES {
        std::fs::write(folder.join(name), text)?;
    }
    run(Command::new(npm).args(["ci", "--no-progress", "--silent"]).current_dir(folder))
}
