//! The functions as Lambdas: cargo-lambda's emulator of the runtime, the built programs that ask it for events, and the
//! feed that the table's stream wakes.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use local_servers::{Process, http_status};

use super::build::Programs;
use super::{Environment, free_port};
use crate::process;
use crate::workspace::{FUNCTIONS, Workspace};

const VERSION: &str = "1.9.2";

/// The functions' processes; dropping the value ends them.
pub struct Functions {
    address: SocketAddr,
    _programs: Vec<Process>,
    _emulator: Process,
}

impl Functions {
    /// Starts the emulator and one process per function, and waits until each answers.
    pub fn start(workspace: &Workspace, programs: &Programs, environment: &Environment, folder: &Path) -> Result<Self> {
        let port = free_port()?;
        let mut emulator = Command::new(cargo_lambda()?);
        // It only emulates Lambda: the programs are already built, which its own build does far more slowly.
        emulator.args(["lambda", "watch", "--only-lambda-apis", "--disable-cors", "--invoke-address", "127.0.0.1"]);
        emulator.args(["--invoke-port", &port.to_string()]).current_dir(workspace.root());
        let mut emulator = Process::start("cargo-lambda", &emulator, folder.join("cargo-lambda.log"))?;
        // It answers nothing by itself: every path waits for a function.
        emulator.wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok())?;

        let mut running = Vec::new();
        for name in FUNCTIONS {
            let mut function = Command::new(programs.function(name));
            function.envs(environment.iter().cloned()).env("PALAVER_DATA", folder.join(name));
            function.env("AWS_LAMBDA_RUNTIME_API", format!("http://127.0.0.1:{port}/.rt/{name}"));
            function.env("AWS_LAMBDA_FUNCTION_NAME", name).env("AWS_LAMBDA_FUNCTION_VERSION", "1");
            function.env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256");
            let mut process = Process::start(name, &function, folder.join(format!("{name}.log")))?;
            process.wait_until(|| http_status(port, &format!("/api/{name}/openapi.json")) == Some(200))?;
            println!("xtask: {name} answers as a Lambda");
            running.push(process);
        }
        // Not as a Lambda: on AWS the stream invokes it, here it polls the stream.
        let mut feed = Command::new(programs.function("feed"));
        feed.envs(environment.iter().cloned()).env("PALAVER_DATA", folder.join("feed"));
        running.push(Process::start("feed", &feed, folder.join("feed.log"))?);
        Ok(Functions { address: SocketAddr::from(([127, 0, 0, 1], port)), _programs: running, _emulator: emulator })
    }

    /// Returns the address of the emulator.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Returns the program, installing it into its own folder the first time.
pub fn cargo_lambda() -> Result<PathBuf> {
    let folder = local_servers::tools_folder().join(format!("cargo-lambda-{VERSION}"));
    let program = folder.join("bin/cargo-lambda");
    if !program.exists() {
        println!("xtask: installing cargo-lambda {VERSION}");
        let install = || -> Result<()> {
            process::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
            let mut pip = Command::new(folder.join("bin/pip"));
            let package = format!("cargo-lambda=={VERSION}");
            process::run(pip.args(["install", "--quiet", "--disable-pip-version-check", &package]))
        };
        install().context("cannot install cargo-lambda; it needs Python 3 with its venv module")?;
    }
    Ok(program)
}
