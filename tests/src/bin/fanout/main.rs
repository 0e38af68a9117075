//! `fanout [row] [--clients N] [--rounds N] [--peers a,b]`: measures what a delivery, an idle socket, a connect and a
//! message cost the server, beside other servers in the same run. Prints a line of JSON for each figure.
//!
//! Every server is a process of its own, and the load is this one. Rounds are interleaved: each round measures every
//! server once. A figure is the median of the rounds, in processor time of the server (user and system), not in time on
//! the clock. Deliveries are counted exactly and in order; a run that loses one fails.
//!
//! `fanout serve floor|engine|echo` is one of the servers.

mod load;
mod peers;
mod product;
mod serve;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;
use tests::cpu::median;

use peers::{Peer, memory_kib};
use product::Product;

/// How many deliveries a round measures at least, for each server.
const DELIVERIES: u64 = 200_000;
/// How many messages may be outstanding.
const OUTSTANDING: [u64; 3] = [1, 16, 64];
/// The servers of a run, the one that the others are compared with first.
const PEERS: [&str; 5] = ["floor", "engine", "palaver", "uwebsockets", "ws"];
/// The pause in which garbage is collected and buffers are returned before memory is read.
const SETTLE: Duration = Duration::from_secs(3);

/// What the command line asks for.
struct Options {
    row: String,
    clients: Option<usize>,
    rounds: usize,
    peers: Vec<String>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fanout: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let row = arguments.next().unwrap_or_else(|| "all".to_owned());
    if row == "serve" {
        return serve::serve(&arguments.next().unwrap_or_default());
    }
    let peers = PEERS.iter().map(|name| (*name).to_owned()).collect();
    let mut options = Options { row, clients: None, rounds: 5, peers };
    while let Some(name) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--clients" => options.clients = Some(value.parse()?),
            "--rounds" => options.rounds = value.parse()?,
            "--peers" => options.peers = value.split(',').map(str::to_owned).collect(),
            _ => bail!("unknown option {name}; the options are --clients, --rounds, --peers"),
        }
    }
    match options.row.as_str() {
        "fanout" => fanout(&options),
        "idle" => idle(&options),
        "connect" => connect(&options),
        "message" => message(&options),
        "all" => {
            fanout(&options)?;
            idle(&options)?;
            connect(&options)?;
            message(&options)
        }
        other => bail!("unknown row {other:?}; the rows are fanout, idle, connect, message"),
    }
}

fn start(options: &Options, clients: usize) -> Result<Vec<Peer>> {
    let named = PEERS.iter().filter(|name| options.peers.iter().any(|peer| peer == *name));
    named.map(|name| Peer::start(name, clients)).collect()
}

/// The processor time of a delivery with `k` messages outstanding.
fn fanout(options: &Options) -> Result<()> {
    let clients = options.clients.unwrap_or(1_000);
    let mut peers = start(options, clients)?;
    for k in OUTSTANDING {
        let bursts = DELIVERIES.div_ceil(k * clients as u64).max(5);
        let mut rounds: Vec<Vec<f64>> = vec![Vec::new(); peers.len()];
        for round in 0..=options.rounds {
            for (peer, costs) in peers.iter_mut().zip(&mut rounds) {
                let before = peer.cpu_us()?;
                for _ in 0..bursts {
                    peer.burst(k)?;
                }
                let cost = (peer.cpu_us()? - before) / (bursts * k * clients as u64) as f64;
                // The first round warms up.
                if round > 0 {
                    costs.push(cost);
                }
            }
        }
        for (peer, costs) in peers.iter().zip(&rounds) {
            let ratios = costs.iter().zip(&rounds[0]).map(|(cost, first)| cost / first).collect();
            let what = format!("{}, N={clients}, k={k}", peer.name);
            figure("fanout", &what, median(costs.clone()), "CPU-µs a delivery", Some((peers[0].name, median(ratios))));
        }
    }
    Ok(())
}

/// The memory of a socket that is signed in and idle.
fn idle(options: &Options) -> Result<()> {
    let clients = options.clients.unwrap_or(9_000);
    for name in PEERS.iter().filter(|name| options.peers.iter().any(|peer| peer == *name) && **name != "floor") {
        let (peer, before) = match *name {
            "palaver" => {
                let mut product = Product::start()?;
                let members = product.members(clients)?;
                // The memory that registering the members took is not of their sockets.
                product.restart();
                std::thread::sleep(SETTLE);
                let before = memory_kib(product.pid())?;
                (Peer::of(product, &members)?, before)
            }
            name => {
                let peer = Peer::start(name, 1)?;
                let before = peer.memory_kib()?;
                drop(peer);
                (Peer::start(name, clients)?, before)
            }
        };
        std::thread::sleep(SETTLE);
        let each = (peer.memory_kib()? - before) / clients as f64;
        figure("idle", &format!("{name}, {clients} sockets"), each, "KiB a socket", None);
    }
    Ok(())
}

/// The processor time of a returning socket: its handshake, its sign-in, and its room.
fn connect(options: &Options) -> Result<()> {
    let clients = options.clients.unwrap_or(1_000);
    let mut product = Product::start()?;
    let members = product.members(clients)?;
    let mut costs = Vec::new();
    for round in 0..=options.rounds {
        let before = tests::cpu::used_by(product.pid())?.as_secs_f64();
        let streams: Vec<_> =
            members.iter().enumerate().map(|(index, member)| product.connect(member, index)).collect::<Result<_>>()?;
        let cost = (tests::cpu::used_by(product.pid())?.as_secs_f64() - before) * 1e6 / clients as f64;
        if round > 0 {
            costs.push(cost);
        }
        drop(streams);
        std::thread::sleep(SETTLE);
    }
    figure("connect", "palaver, a returning socket with one room", median(costs), "CPU-µs", None);
    Ok(())
}

/// The processor time of a message that few sockets get.
fn message(options: &Options) -> Result<()> {
    const IN_FLIGHT: u64 = 20;
    let clients = options.clients.unwrap_or(10);
    let mut peer = Peer::start("palaver", clients)?;
    let mut costs = Vec::new();
    for round in 0..=options.rounds {
        let (before, bursts) = (peer.cpu_us()?, 200);
        for _ in 0..bursts {
            peer.burst(IN_FLIGHT)?;
        }
        let cost = (peer.cpu_us()? - before) / (bursts * IN_FLIGHT) as f64;
        if round > 0 {
            costs.push(cost);
        }
    }
    let what = format!("palaver, N={clients}, {IN_FLIGHT} in flight, deliveries included");
    figure("message", &what, median(costs), "CPU-µs a message", None);
    Ok(())
}

fn figure(bench: &str, what: &str, value: f64, unit: &str, ratio: Option<(&str, f64)>) {
    let round = |value: f64| (value * 1_000.0).round() / 1_000.0;
    let mut line = json!({ "bench": bench, "what": what, "value": round(value), "unit": unit, "ok": true });
    if let Some((to, ratio)) = ratio {
        line[format!("ratio to {to}")] = json!(round(ratio));
    }
    println!("{line}");
}
