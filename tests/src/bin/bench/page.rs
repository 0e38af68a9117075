//! Row `page`: what a page of 50 messages costs in a long room, compared with a short one.

use std::path::PathBuf;

use anyhow::Result;
use domain::{Actor, Body, Entry, LogId, Message, RoomId, Seq};
use service::{Ids, PageQuery, RoomRef};

use crate::setup::{Bench, refused};
use tests::cpu;
use tests::figure::Figure;

const LONG: u64 = 1_000_000;
const SHORT: u64 = 1_000;
const PAGE: usize = 50;
/// The number of rounds, each with a turn for both rooms.
const ROUNDS: usize = 21;
const PAGES_A_ROUND: usize = 40;
/// Entries per append while the rooms are filled.
const FILLED_AT_ONCE: u64 = 512;

pub async fn page(folder: PathBuf) -> Result<Vec<Figure>> {
    let bench = Bench::open(&folder).await?;
    let actor = bench.person(1).await?;
    let long = filled(&bench, actor, LONG).await?;
    let short = filled(&bench, actor, SHORT).await?;
    let mut random = 1;
    let (mut newest, mut anywhere) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let of_long = cost(&bench, actor, long, || None).await?;
        let of_short = cost(&bench, actor, short, || None).await?;
        newest.push((of_long, of_short));
        let of_long = cost(&bench, actor, long, || Some(below(&mut random, LONG))).await?;
        let of_short = cost(&bench, actor, short, || Some(below(&mut random, SHORT))).await?;
        anywhere.push((of_long, of_short));
    }
    let ratio = |rounds: &[(f64, f64)]| cpu::median(rounds.iter().map(|(long, short)| long / short).collect());
    let of_long = cpu::median(newest.iter().map(|(long, _)| *long).collect());
    let what = format!("newest page, a room of {LONG} against one of {SHORT}, CPU");
    let random = format!("random page, a room of {LONG} against one of {SHORT}, CPU");
    Ok(vec![
        Figure::new("page", what, ratio(&newest), "ratio").between(0.8, 1.2),
        Figure::new("page", random, ratio(&anywhere), "ratio").between(0.0, 1.5),
        Figure::new("page", "newest page through the use case, CPU", of_long, "µs"),
    ])
}

/// Returns the processor time of one page, in microseconds.
async fn cost(bench: &Bench, actor: Actor, room: RoomId, mut before: impl FnMut() -> Option<Seq>) -> Result<f64> {
    let room = RoomRef::Id(room);
    let began = cpu::used()?;
    for _ in 0..PAGES_A_ROUND {
        let query = PageQuery { before: before(), limit: Some(PAGE), ..PageQuery::default() };
        let page = bench.messages.page(&actor, &room, query).await.map_err(refused)?;
        anyhow::ensure!(page.entries.len() == PAGE, "a page of {} messages", page.entries.len());
    }
    Ok((cpu::used()? - began).as_secs_f64() * 1e6 / PAGES_A_ROUND as f64)
}

/// Creates a room with this many messages, written directly to its log.
async fn filled(bench: &Bench, actor: Actor, messages: u64) -> Result<RoomId> {
    let room = bench.room(&[actor]).await?;
    let log = LogId::Room(room);
    let mut tip = bench.store.log.tip(log).await?;
    while tip.n() < messages {
        let count = FILLED_AT_ONCE.min(messages - tip.n());
        let entries: Vec<Entry> = (1..=count)
            .map(|step| {
                let (seq, n) = (tip.seq() + step, tip.n() + step);
                let text = format!("message {n} of a room that is as long as it is").try_into().expect("short");
                let body = Body::Message(Message::of(text, seq));
                Entry { v: 1, seq, n, by: actor.user, id: Ids::system().entry(), at: tip.at(), body }
            })
            .collect();
        tip = bench.store.log.append(log, &tip, &entries, &[]).await?;
    }
    Ok(room)
}

/// Returns a seq in the room with a whole page below it (xorshift*).
fn below(state: &mut u64, messages: u64) -> Seq {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    let first = 2 * PAGE as u64;
    first + (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % (messages - first)
}
