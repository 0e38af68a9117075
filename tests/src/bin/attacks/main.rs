//! `attacks [name] [--rounds N] [--seconds N]`: measures how long other users wait while somebody attacks the server, beside
//! a control: harmless traffic of the same volume. Prints a line of JSON for each figure, and fails if others wait more
//! than twice as long (99th percentile).
//!
//! The server is one process of its own with its default limits; attackers come from other addresses of this machine than
//! the users. Rounds are interleaved: each round runs every control and every attack once. A figure is the median of what
//! the rounds' 99th percentiles are, so that one bad second of the machine decides nothing.

mod attack;
mod others;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tests::figure::Figure;
use tests::server::{Server, Settings};

use attack::{ATTACKS, Attackers, Kind};
use others::{Others, Waits};

/// How many times as long others may wait.
const BAR: f64 = 2.0;
/// Files and connections that the server may open, as on many machines.
const OPEN_FILES: u32 = 1_024;
/// The pause in which the server handles what a phase left.
const SETTLE: Duration = Duration::from_secs(2);

struct Options {
    attacks: Vec<&'static str>,
    rounds: usize,
    phase: Duration,
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be started");
    match options().and_then(|options| runtime.block_on(run(&options))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("attacks: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Result<Options> {
    let mut options = Options { attacks: ATTACKS.to_vec(), rounds: 3, phase: Duration::from_secs(12) };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--rounds" => options.rounds = value()?.parse()?,
            "--seconds" => options.phase = Duration::from_secs(value()?.parse()?),
            name => match ATTACKS.into_iter().find(|attack| *attack == name) {
                Some(attack) => options.attacks = vec![attack],
                None => bail!("unknown attack {name:?}; the attacks are {}", ATTACKS.join(", ")),
            },
        }
    }
    Ok(options)
}

/// Runs all rounds. Returns whether every bar is met.
async fn run(options: &Options) -> Result<bool> {
    let server = Settings::default().variable("PALAVER_LOG", "warn").open_files(OPEN_FILES).start().await;
    let others = Others::join(&server).await?;
    let mut attackers = Attackers::sign_up(&server, &others).await?;
    // For each attack: the rounds of its control and its own.
    let mut waits: Vec<[Vec<Waits>; 2]> = options.attacks.iter().map(|_| Default::default()).collect();
    for _ in 0..options.rounds {
        for (attack, waits) in options.attacks.iter().zip(&mut waits) {
            for (kind, waits) in [Kind::Control, Kind::Attack].into_iter().zip(waits) {
                waits.push(phase(&server, &others, &mut attackers, attack, kind, options.phase).await?);
            }
        }
    }

    let mut bars_met = true;
    for (attack, [control, attacked]) in options.attacks.iter().zip(&mut waits) {
        for what in ["ack", "connect"] {
            let (base, value) = (median_of_p99(what, control), median_of_p99(what, attacked));
            let figure = Figure::new("attacks", format!("{attack}: others' {what}, p99"), value, "ms");
            let figure = figure.ratio("control", value / base, Some(BAR));
            println!("{}", figure.line());
            eprintln!("{attack}: {what} p99 {base:.2} ms beside the control, {value:.2} ms under attack");
            bars_met &= value / base <= BAR;
        }
    }
    Ok(bars_met)
}

/// Runs one phase: the users' own traffic, with the attack or its control beside it.
async fn phase(
    server: &Server,
    others: &Others,
    attackers: &mut Attackers,
    attack: &str,
    kind: Kind,
    length: Duration,
) -> Result<Waits> {
    let traffic = attackers.run(attack, kind, length);
    let (waits, traffic) = tokio::join!(others.measure(server, length), traffic);
    traffic?;
    attackers.end();
    tokio::time::sleep(SETTLE).await;
    waits
}

/// Returns the median of the rounds' 99th percentiles, in milliseconds.
fn median_of_p99(what: &str, rounds: &mut [Waits]) -> f64 {
    let waits = rounds.iter_mut().map(|waits| if what == "ack" { &mut waits.acks } else { &mut waits.connects });
    let mut all: Vec<f64> = waits.map(|waits| p99(waits)).collect();
    all.sort_unstable_by(f64::total_cmp);
    eprintln!("{what}, p99 of {} rounds: {all:.2?}", all.len());
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Returns the 99th percentile in milliseconds.
fn p99(waits: &mut [Duration]) -> f64 {
    waits.sort_unstable();
    let at = (waits.len() * 99).div_ceil(100).saturating_sub(1);
    waits.get(at).map_or(f64::NAN, |wait| wait.as_secs_f64() * 1_000.0)
}
