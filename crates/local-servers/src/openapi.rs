//! The tools for OpenAPI documents: Redocly, schemathesis, and generators of clients in three languages.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::install::{needed, python_packages, run};
use crate::process::or_panic;
use crate::{tools, versions};

/// The npm packages that are installed, with the digest of each.
const PACKAGES: [(&str, &str); 3] = [
    ("package.json", include_str!("../../../tests/api/package.json")),
    ("package-lock.json", include_str!("../../../tests/api/package-lock.json")),
    (".npmrc", include_str!("../../../tests/api/.npmrc")),
];

/// The Go modules that a generated client uses, with the digest of each.
const MODULES: [(&str, &str); 2] = [
    ("go.mod", include_str!("../../../tests/api/go/go.mod")),
    ("go.sum", include_str!("../../../tests/api/go/go.sum")),
];

/// Returns a program in Python: `schemathesis`, `openapi-python-client`, or `python` that can import what clients need.
///
/// # Panics
/// If it is not installed.
pub fn python_program(name: &str) -> Command {
    Command::new(or_panic(tools::installed(&tools::openapi_python_folder(), &format!("bin/{name}"))))
}

/// Returns the folder `node_modules` with Redocly, openapi-typescript, TypeScript and openapi-fetch.
///
/// # Panics
/// If it is not installed.
pub fn node_modules() -> PathBuf {
    or_panic(tools::installed(&tools::openapi_javascript_folder(), "node_modules"))
}

/// Returns the program `oapi-codegen`.
///
/// # Panics
/// If it is not installed.
pub fn oapi_codegen() -> Command {
    Command::new(or_panic(tools::installed(&tools::openapi_go_folder(), "oapi-codegen")))
}

/// Returns the compiler of Go, which uses only the modules that are installed.
///
/// # Panics
/// If it is not installed.
pub fn go() -> Command {
    let mut go = Command::new(or_panic(tools::program("go")));
    go.env("GOPROXY", "off").env("GOFLAGS", "-mod=mod");
    go
}

pub fn install_python(folder: &Path) -> Result<()> {
    let schemathesis = format!("schemathesis=={}", versions::SCHEMATHESIS);
    python_packages(folder, &[&schemathesis, &format!("openapi-python-client=={}", versions::OPENAPI_PYTHON_CLIENT)])
}

pub fn install_javascript(folder: &Path) -> Result<()> {
    let npm = needed("npm", "Node.js 20 or newer")?;
    for (name, text) in PACKAGES {
        std::fs::write(folder.join(name), text)?;
    }
    run(Command::new(npm).args(["ci", "--no-progress", "--silent"]).current_dir(folder))
}

pub fn install_go(folder: &Path) -> Result<()> {
    let go = needed("go", "Go 1.26 or newer")?;
    let module = format!("github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v{}", versions::OAPI_CODEGEN);
    run(Command::new(&go).args(["install", &module]).env("GOBIN", folder).current_dir(folder))?;
    for (name, text) in MODULES {
        std::fs::write(folder.join(name), text)?;
    }
    run(Command::new(go).args(["mod", "download"]).current_dir(folder))
}
