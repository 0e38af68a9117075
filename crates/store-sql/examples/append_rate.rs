//! Measures how fast the store appends by itself, how many messages share one wait for the disk, and what a page costs
//! in a long room. `cargo run --profile ci -p store-sql --example append_rate [append|page] [URL]`, with `--features
//! postgres` and the URL of an empty database for PostgreSQL.
//!
//! Each sender waits for its ack before it sends again. One appender per log batches what waits, as the service does.
//! Every ack is durable.

use std::time::{Duration, Instant};

use conformance::suite::world::{a_room, a_user, entries_after, text};
use domain::{Body, LogId};
use service::limits::APPEND_ENTRIES;
use service::ports::Store;
use store_sql::SqlStore;
use tokio::sync::{mpsc, oneshot};

const LOGS: usize = 50;
const RUN: Duration = Duration::from_secs(5);
const TEXT: &str = "A message of an ordinary length, as people write them: a sentence or two, no more than that.";

type Send = (Body, oneshot::Sender<()>);

#[tokio::main]
async fn main() {
    let (urls, only): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|word| word.contains("://"));
    let wanted = |row| only.is_empty() || only.iter().any(|only| only == row);
    for senders in [50, 500] {
        if wanted("append") {
            append(open(urls.first()).await, senders).await;
        }
    }
    if wanted("page") {
        pages(open(urls.first()).await).await;
    }
}

async fn open(url: Option<&String>) -> SqlStore {
    match url {
        #[cfg(feature = "postgres")]
        Some(url) => {
            let settings = store_sql::SqlSettings { writers: 32, ..Default::default() };
            SqlStore::connect(url, None, settings).await.expect("it opens")
        }
        #[cfg(not(feature = "postgres"))]
        Some(_) => panic!("built without --features postgres"),
        None => SqlStore::open_temporary().await.expect("it opens"),
    }
}

async fn append(opened: SqlStore, senders: usize) {
    let queues: Vec<_> = (0..LOGS).map(|_| appender(opened.store())).collect();
    let (before, begin) = (opened.stats(), Instant::now());
    let sending: Vec<_> = (0..senders)
        .map(|sender| {
            let queue = queues[sender % LOGS].clone();
            tokio::spawn(async move {
                while begin.elapsed() < RUN {
                    let (ack, acked) = oneshot::channel();
                    queue.send((text(TEXT), ack)).await.expect("the appender runs");
                    acked.await.expect("an ack");
                }
            })
        })
        .collect();
    for sender in sending {
        sender.await.expect("a sender ends");
    }
    let (after, seconds) = (opened.stats(), begin.elapsed().as_secs_f64());
    let (entries, transactions) = (after.entries - before.entries, after.transactions - before.transactions);
    println!(
        "{{\"bench\":\"append\",\"senders\":{senders},\"logs\":{LOGS},\"messages_per_s\":{:.0},\"messages_per_transaction\":{:.1},\"transactions_per_s\":{:.0}}}",
        entries as f64 / seconds,
        entries as f64 / transactions as f64,
        transactions as f64 / seconds
    );
    drop(queues);
    opened.close().await;
}

/// Starts an appender that appends everything waiting for one log at once.
fn appender(store: Store) -> mpsc::Sender<Send> {
    let (queue, mut waiting) = mpsc::channel::<Send>(1_024);
    tokio::spawn(async move {
        let (log, by) = (LogId::Room(a_room()), a_user());
        let mut tip = store.log.tip(log).await.expect("the tip");
        let mut some = Vec::new();
        while waiting.recv_many(&mut some, APPEND_ENTRIES).await > 0 {
            let (bodies, acks): (Vec<_>, Vec<_>) = some.drain(..).unzip();
            let entries = entries_after(&tip, by, bodies);
            tip = store.log.append(log, &tip, &entries, &[]).await.expect("an append");
            for ack in acks {
                ack.send(()).expect("the sender waits");
            }
        }
    });
    queue
}

/// Reads the newest page of 50 messages of a short and of a long room in one store, in turn.
async fn pages(opened: SqlStore) {
    let store = opened.store();
    let mut logs = Vec::new();
    for length in [1_000, 1_000_000] {
        let (log, by) = (LogId::Room(a_room()), a_user());
        let mut tip = store.log.tip(log).await.expect("the tip");
        while tip.seq() < length {
            let entries = entries_after(&tip, by, (0..500).map(|_| text(TEXT)).collect());
            tip = store.log.append(log, &tip, &entries, &[]).await.expect("an append");
        }
        logs.push((length, log, Duration::ZERO));
    }
    const READS: u32 = 2_000;
    for _ in 0..READS {
        for (_, log, spent) in &mut logs {
            let begin = Instant::now();
            let page = store.log.read_back(*log, u64::MAX >> 1, 50).await.expect("a page");
            *spent += begin.elapsed();
            assert_eq!(page.len(), 50);
        }
    }
    for (length, _, spent) in logs {
        println!("{{\"bench\":\"page\",\"messages\":{length},\"us_per_page\":{}}}", (spent / READS).as_micros());
    }
    opened.close().await;
}
