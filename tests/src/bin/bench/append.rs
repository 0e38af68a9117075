//! Rows `append` and `fsync`: users who send as fast as they are acked, one message at a time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use domain::{Actor, Change, Intent, RoomId};
use service::{Ids, Messages, RoomRef};
use tokio::task::JoinSet;

use crate::setup::{Bench, refused};
use tests::cpu;
use tests::figure::Figure;

const ROOMS: usize = 50;
/// Long enough for caches and the write-ahead log to reach a steady state.
const WARM_UP: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(5);
/// The length of a message's text.
const TEXT_BYTES: usize = 200;

/// The results of one run.
struct Run {
    per_second: f64,
    per_transaction: f64,
    /// The processor time of a message in microseconds, including the senders'.
    cpu_us: f64,
}

/// The bar is for throughput, so it applies to many senders: with one message at a time per room, the measurement shows
/// how long the disk takes for one commit, which is printed without a bar.
pub async fn append(folder: PathBuf) -> Result<Vec<Figure>> {
    let few = run(&folder, 50).await?;
    let many = run(&folder, 500).await?;
    let what = |senders| format!("acked messages, {senders} senders in {ROOMS} rooms");
    Ok(vec![
        Figure::new("append", what(500), many.per_second, "1/s").at_least(5_000.0),
        Figure::new("append", what(50), few.per_second, "1/s"),
        Figure::new("append", "CPU of an acked message, 500 senders", many.cpu_us, "µs"),
    ])
}

pub async fn fsync(folder: PathBuf) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (senders, bar) in [(50, 10.0), (500, 100.0)] {
        let run = run(&folder, senders).await?;
        let what = format!("messages a transaction, {senders} senders in {ROOMS} rooms");
        figures.push(Figure::new("fsync", what, run.per_transaction, "messages").at_least(bar));
    }
    Ok(figures)
}

async fn run(folder: &Path, senders: usize) -> Result<Run> {
    let bench = Bench::open(folder).await?;
    let mut people = Vec::new();
    for number in 0..senders {
        people.push(bench.person(number).await?);
    }
    let mut places = Vec::new();
    for members in people.chunks(senders / ROOMS) {
        let room = bench.room(members).await?;
        places.extend(members.iter().map(|actor| (*actor, room)));
    }
    let (acked, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut tasks = JoinSet::new();
    for (actor, room) in places {
        tasks.spawn(sender(bench.messages.clone(), actor, room, acked.clone(), over.clone()));
    }
    tokio::time::sleep(WARM_UP).await;
    let (began, acked_before, stats_before) = (Instant::now(), acked.load(Ordering::Relaxed), bench.sql.stats());
    let cpu_before = cpu::used()?;
    tokio::time::sleep(MEASURED).await;
    let (seconds, stats) = (began.elapsed().as_secs_f64(), bench.sql.stats());
    let messages = acked.load(Ordering::Relaxed) - acked_before;
    let cpu = cpu::used()?.saturating_sub(cpu_before);
    over.store(true, Ordering::Relaxed);
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    let transactions = (stats.transactions - stats_before.transactions).max(1);
    let entries = stats.entries - stats_before.entries;
    Ok(Run {
        per_second: messages as f64 / seconds,
        per_transaction: entries as f64 / transactions as f64,
        cpu_us: cpu.as_secs_f64() * 1e6 / messages.max(1) as f64,
    })
}

/// Runs one user: sends, waits for the ack, sends again.
async fn sender(
    messages: Arc<Messages>,
    by: Actor,
    room: RoomId,
    acked: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
) -> Result<()> {
    let room = RoomRef::Id(room);
    let mut seen = 0;
    while !over.load(Ordering::Relaxed) {
        let text = "x".repeat(TEXT_BYTES).try_into()?;
        let intent = Intent::Send { text, reply_to: None, thread: None, files: Vec::new() };
        let change = Change { by, id: Ids::system().entry(), seen: Some(seen), epoch: None, intent };
        let ack = messages.submit(&room, change).await.map_err(refused)?;
        seen = ack.seq.unwrap_or(seen);
        acked.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
