//! `fanout [row] [--clients N] [--rounds N] [--peers a,b] [--outstanding k,k]`: measures what a delivery, an idle socket, a
//! connect and a message cost the server, beside other servers in the same run. Prints a line of JSON for each figure, and
//! fails if a bar is missed.
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
mod storm;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tests::cpu::median;
use tests::figure::Figure;

use peers::{Peer, cpu_us, memory_kib, peak_memory_kib};
use product::Product;

/// How many deliveries a round measures at least, for each server.
const DELIVERIES: u64 = 200_000;
/// How many messages may be outstanding, unless the command line says otherwise.
const OUTSTANDING: [u64; 3] = [1, 16, 64];
/// The servers of a run, the one that the others are compared with first.
const PEERS: [&str; 5] = ["floor", "engine", "palaver", "uwebsockets", "ws"];
/// The pause in which garbage is collected and buffers are returned before memory is read.
const SETTLE: Duration = Duration::from_secs(3);

/// How long each phase of `backpressure` lasts, and the pause between two bursts.
const PHASE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);

/// Whether every figure so far met its bar.
static BARS_MET: AtomicBool = AtomicBool::new(true);

/// What the command line asks for.
struct Options {
    row: String,
    clients: Option<usize>,
    rounds: usize,
    peers: Vec<String>,
    /// How many messages may be outstanding.
    outstanding: Vec<u64>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) if BARS_MET.load(Ordering::Relaxed) => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
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
    let mut options = Options { row, clients: None, rounds: 5, peers, outstanding: OUTSTANDING.to_vec() };
    while let Some(name) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--clients" => options.clients = Some(value.parse()?),
            "--rounds" => options.rounds = value.parse()?,
            "--peers" => options.peers = value.split(',').map(str::to_owned).collect(),
            "--outstanding" => options.outstanding = value.split(',').map(str::parse).collect::<Result<_, _>>()?,
            _ => bail!("unknown option {name}; the options are --clients, --rounds, --peers, --outstanding"),
        }
    }
    match options.row.as_str() {
        "fanout" => fanout(&options),
        "idle" => idle(&options),
        "connect" => connect(&options),
        "resume" => resume(&options),
        "message" => message(&options),
        "storm" => storm_of_connects(&options),
        "backpressure" => backpressure(&options),
        "all" => {
            fanout(&options)?;
            idle(&options)?;
            connect(&options)?;
            resume(&options)?;
            message(&options)?;
            storm_of_connects(&options)?;
            backpressure(&options)
        }
        other => {
            bail!("unknown row {other:?}; the rows are fanout, idle, connect, resume, message, storm, backpressure")
        }
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
    for &k in &options.outstanding {
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
        let ratio_to = |costs: &[f64], name: &str| {
            let base = peers.iter().position(|peer| peer.name == name)?;
            Some(median(costs.iter().zip(&rounds[base]).map(|(cost, base)| cost / base).collect()))
        };
        for (peer, costs) in peers.iter().zip(&rounds) {
            let what = format!("{}, N={clients}, k={k}", peer.name);
            let mut figure = Figure::new("fanout", what, median(costs.clone()), "CPU-µs a delivery");
            for base in ["floor", "engine", "uwebsockets"] {
                if let Some(ratio) = ratio_to(costs, base).filter(|_| base != peer.name) {
                    figure = figure.ratio(base, ratio, bar(peer.name, base, k));
                }
            }
            show(&figure);
        }
    }
    Ok(())
}

/// Returns how many times as much as `base` a delivery of this server may cost.
fn bar(peer: &str, base: &str, k: u64) -> Option<f64> {
    match (peer, base, k) {
        ("engine", "floor", 1) => Some(1.1),
        ("engine", "floor", _) => Some(1.15),
        ("engine", "uwebsockets", _) => Some(1.0),
        ("palaver", "engine", 1) => Some(1.5),
        ("palaver", "engine", _) => Some(1.25),
        _ => None,
    }
}

/// The memory of a socket that is signed in and idle.
fn idle(options: &Options) -> Result<()> {
    let clients = options.clients.unwrap_or(9_000);
    for name in PEERS.iter().filter(|name| options.peers.iter().any(|peer| peer == *name) && **name != "floor") {
        let (peer, before) = match *name {
            "palaver" => {
                let mut product = Product::start()?;
                let members = product.members(clients)?;
                // Neither what registering the members took is of their sockets, nor what caches hold of users.
                product.restart();
                product.warm(&members)?;
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
        let figure = Figure::new("idle", format!("{name}, {clients} sockets"), each, "KiB a socket");
        show(&if *name == "palaver" { figure.at_most(2.0) } else { figure });
    }
    Ok(())
}

/// The processor time of a returning socket: its handshake, its sign-in, and its room. Once with one socket at a time, so
/// that each step wakes a thread, and once with all at once.
fn connect(options: &Options) -> Result<()> {
    let clients = options.clients.unwrap_or(1_000);
    let mut product = Product::start()?;
    let members = product.members(clients)?;
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for round in 0..=options.rounds {
        let before = cpu_us(product.pid())?;
        let streams: Vec<_> = members.iter().map(|member| product.reconnect(member)).collect::<Result<_>>()?;
        let between = cpu_us(product.pid())?;
        drop(streams);
        std::thread::sleep(SETTLE);

        let begun = cpu_us(product.pid())?;
        let calm = product.storm(&members)?;
        let after = cpu_us(product.pid())?;
        drop(calm.streams);
        std::thread::sleep(SETTLE);
        // The first round warms up.
        if round > 0 {
            alone.push((between - before) / clients as f64);
            together.push((after - begun) / clients as f64);
        }
    }
    let what = |how: &str| format!("palaver, a returning socket with one room, {how}");
    show(&Figure::new("connect", what("one at a time"), median(alone), "CPU-µs").at_most(200.0));
    show(&Figure::new("connect", what("all at once"), median(together), "CPU-µs").at_most(200.0));
    Ok(())
}

/// The processor time of a returning socket with many rooms of which a few moved, one socket at a time.
fn resume(options: &Options) -> Result<()> {
    const ROOMS: usize = 100;
    const MOVED: usize = 5;
    let clients = options.clients.unwrap_or(100);
    let mut product = Product::start()?;
    let members = product.members(clients)?;
    let rooms = product.further_rooms(&members, ROOMS)?;
    let cursors = rooms.iter().enumerate().map(|(index, (room, head))| {
        let moved = index % (ROOMS / MOVED) == 0;
        (room.clone(), (head - u64::from(moved)).into())
    });
    let cursors = serde_json::Value::Object(cursors.collect());

    let mut costs = Vec::new();
    for round in 0..=options.rounds {
        let before = cpu_us(product.pid())?;
        let streams: Vec<_> = members.iter().map(|member| product.resume(member, &cursors)).collect::<Result<_>>()?;
        let cost = (cpu_us(product.pid())? - before) / clients as f64;
        drop(streams);
        std::thread::sleep(SETTLE);
        if round > 0 {
            costs.push(cost);
        }
    }
    let what = format!("palaver, a returning socket with {ROOMS} rooms of which {MOVED} moved");
    show(&Figure::new("resume", what, median(costs), "CPU-µs").at_most(1_000.0));
    Ok(())
}

/// What it takes until everybody is back after a restart.
fn storm_of_connects(options: &Options) -> Result<()> {
    let clients = options.clients.unwrap_or(10_000);
    let mut product = Product::start()?;
    let members = product.members(clients)?;
    product.restart();
    std::thread::sleep(SETTLE);
    let (cpu, memory) = (cpu_us(product.pid())?, memory_kib(product.pid())?);

    let calm = product.storm(&members)?;
    let cpu = (cpu_us(product.pid())? - cpu) / clients as f64;
    let peak = (peak_memory_kib(product.pid())? - memory) / 1_024.0;

    let what = |what: &str| format!("palaver, {clients} sockets connect at once: {what}");
    show(&Figure::new("storm", what("until all are live"), calm.took.as_secs_f64(), "s").at_most(30.0));
    show(&Figure::new("storm", what("times that one was not admitted yet"), calm.retries as f64, "retries"));
    show(&Figure::new("storm", what("processor time of each"), cpu, "CPU-µs"));
    show(&Figure::new("storm", what("memory at its peak, beyond that of the start"), peak, "MiB"));
    drop(calm.streams);
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
    show(&Figure::new("message", what, median(costs), "CPU-µs a message").at_most(90.0));
    Ok(())
}

/// The time until all clients that read have a message, while one client in a hundred stops reading; and the memory that
/// the server takes for it.
fn backpressure(options: &Options) -> Result<()> {
    const K: u64 = 64;
    let clients = options.clients.unwrap_or(5_000);
    let mut peer = Peer::start("palaver", clients)?;
    let phase = |peer: &mut Peer| -> Result<(f64, f64)> {
        let (end, mut times) = (Instant::now() + PHASE, Vec::new());
        while Instant::now() < end {
            let began = Instant::now();
            peer.burst(K)?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
            std::thread::sleep(PAUSE);
        }
        times.sort_unstable_by(f64::total_cmp);
        Ok((times[times.len() / 2], times[times.len() * 99 / 100]))
    };
    phase(&mut peer)?;
    let (all_read, before) = (phase(&mut peer)?, peer.memory_kib()?);
    peer.clients.stall(clients / 100);
    let stalled = phase(&mut peer)?;
    let grown = (peer.memory_kib()? - before) / 1_024.0;

    let figures = [
        (format!("a burst of {K}, N={clients}, all read: median"), all_read.0, "ms"),
        ("the same: 99th percentile".to_owned(), all_read.1, "ms"),
        ("while 1 % do not read, for the others: median".to_owned(), stalled.0, "ms"),
        ("the same: 99th percentile".to_owned(), stalled.1, "ms"),
        ("memory that the server took meanwhile".to_owned(), grown, "MiB"),
    ];
    for (what, value, unit) in figures {
        show(&Figure::new("backpressure", what, value, unit));
    }
    Ok(())
}

/// Prints a figure, and remembers whether its bar is met.
fn show(figure: &Figure) {
    println!("{}", figure.line());
    BARS_MET.fetch_and(figure.ok, Ordering::Relaxed);
}
