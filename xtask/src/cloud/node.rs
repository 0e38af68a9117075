//! One node of a profile: only the tier with the sockets, or the whole server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use local_servers::{Process, http_status};

use super::{Environment, free_port};

/// A node that can be killed and restarted on the same port.
pub struct Node {
    name: String,
    command: Command,
    log: PathBuf,
    port: u16,
    process: Option<Process>,
}

impl Node {
    /// Starts a program on a free port, with the feed if no function runs it, and waits until it is healthy.
    pub fn start(program: &Path, environment: &Environment, feed: bool, name: &str, folder: &Path) -> Result<Self> {
        let port = free_port()?;
        let mut command = Command::new(program);
        command.envs(environment.iter().cloned()).env("PALAVER_NODE", name);
        command.env("PALAVER_LISTEN", format!("127.0.0.1:{port}")).env("PALAVER_DATA", folder.join(name));
        command.env("PALAVER_FEED", if feed { "on" } else { "off" });
        let log = folder.join(format!("{name}.log"));
        let mut node = Node { name: name.to_owned(), command, log, port, process: None };
        node.start_again()?;
        Ok(node)
    }

    /// Returns the address that it listens on.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Starts it, unless it is running.
    pub fn start_again(&mut self) -> Result<()> {
        if self.process.is_some() {
            return Ok(());
        }
        let mut process = Process::start(&self.name, &self.command, self.log.clone())?;
        process.wait_until(|| http_status(self.port, "/health") == Some(200))?;
        println!("xtask: {} listens on {}", self.name, self.address());
        self.process = Some(process);
        Ok(())
    }

    /// Kills it, like a crash.
    pub fn kill(&mut self) {
        self.process = None;
    }
}
