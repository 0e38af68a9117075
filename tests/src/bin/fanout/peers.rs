//! The servers of one run, each a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use tests::cpu;

use crate::load::{Clients, masked, open};
use crate::product::{Member, Product};

/// The text of a client's message is as long as the product's event, so that all servers send the same number of bytes.
const DELIVERY_BYTES: usize = 582;
/// The digits of a message's number, which its payload begins with.
const DIGITS: usize = 12;

/// A server with its clients in one room.
pub struct Peer {
    pub name: &'static str,
    pub clients: Clients,
    process: Process,
    sent: u64,
}

enum Process {
    Raw(Child),
    Product(Box<Product>),
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Process::Raw(child) = self {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Peer {
    /// Starts a server and connects its clients.
    pub fn start(name: &'static str, clients: usize) -> Result<Peer> {
        if name == "palaver" {
            let mut product = Product::start()?;
            let members = product.members(clients)?;
            return Peer::of(product, &members);
        }
        let (child, address) = spawn(name)?;
        let process = Process::Raw(child);
        let streams = (0..clients).map(|_| open(address, "/")).collect::<Result<_>>()?;
        Ok(Peer { name, clients: Clients::new(streams, number_of, 0)?, process, sent: 0 })
    }

    /// Connects members to the product.
    pub fn of(product: Product, members: &[Member]) -> Result<Peer> {
        let clients = product.clients(members)?;
        Ok(Peer { name: "palaver", clients, process: Process::Product(Box::new(product)), sent: 0 })
    }

    /// Sends `k` messages at once, and waits until every client has received all of them.
    pub fn burst(&mut self, k: u64) -> Result<()> {
        let mut frames = Vec::new();
        for _ in 0..k {
            match &mut self.process {
                Process::Raw(_) => frames.extend(masked(payload(self.sent).as_bytes())),
                Process::Product(product) => frames.extend(masked(product.message(self.clients.next() - 1).as_bytes())),
            }
            self.sent += 1;
        }
        self.clients.send(0, &frames)?;
        self.clients.receive(k)
    }

    /// Returns the processor time of the server so far, in microseconds.
    pub fn cpu_us(&self) -> Result<f64> {
        cpu_us(self.pid())
    }

    /// Returns the server's resident memory in KiB.
    pub fn memory_kib(&self) -> Result<f64> {
        memory_kib(self.pid())
    }

    fn pid(&self) -> u32 {
        match &self.process {
            Process::Raw(child) => child.id(),
            Process::Product(product) => product.pid(),
        }
    }
}

/// Returns the processor time of a process so far, in microseconds.
pub fn cpu_us(pid: u32) -> Result<f64> {
    Ok(cpu::used_by(pid)?.as_secs_f64() * 1e6)
}

/// Returns the resident memory of a process in KiB.
pub fn memory_kib(pid: u32) -> Result<f64> {
    status(pid, "VmRSS:")
}

/// Returns the most memory that a process has had, in KiB.
pub fn peak_memory_kib(pid: u32) -> Result<f64> {
    status(pid, "VmHWM:")
}

fn status(pid: u32, name: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with(name)).with_context(|| format!("no {name}"))?;
    line.split_whitespace().nth(1).context("no number")?.parse().with_context(|| format!("{name} is no number"))
}

/// Starts a server that sends every message to all its clients. Returns its address.
fn spawn(name: &str) -> Result<(Child, SocketAddr)> {
    let mut command = match name {
        "floor" | "engine" => {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["serve", name]);
            command
        }
        "uwebsockets" | "ws" => {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench").join(name);
            let mut command = Command::new("node");
            command.current_dir(folder).arg("server.mjs");
            command
        }
        other => bail!("unknown server {other:?}"),
    };
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("starting {name}"))?;
    let output = child.stdout.take().context("the output is piped")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let address = line.trim().strip_prefix("listening ").with_context(|| format!("{name} did not start: {line}"))?;
    Ok((child, address.parse()?))
}

fn payload(number: u64) -> String {
    let text = format!("{number:0DIGITS$}");
    text + &"x".repeat(DELIVERY_BYTES - DIGITS)
}

fn number_of(payload: &[u8]) -> Option<u64> {
    std::str::from_utf8(payload.get(..DIGITS)?).ok()?.parse().ok()
}
