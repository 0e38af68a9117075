//! Several nodes on one store, with lost answers, late writes and late copies: nothing is lost or duplicated, every
//! user's order is kept, and the rows are what the log folds to.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use domain::{
    Ack, Body, Change, EditTexts, Entry, EntryId, Intent, LogId, Member, Refusal, Room, RoomKind, RoomState, Seq,
    Timestamp, UserId,
};
use parking_lot::Mutex;
use service::limits::FORWARD_DEADLINE;

use futures_util::future::join_all;
use service::Logs;
use service::log::AppendCounts;
use service::ports::Forward;

use crate::setup::{NOON, Node, Random, World, emoji, room, send, text, user};

/// What the clients submitted and received.
#[derive(Default)]
struct Diary {
    /// Every change that was ever submitted, by sender and id.
    changes: HashMap<(UserId, EntryId), Change>,
    acked: Vec<(UserId, EntryId, Seq)>,
    refused: HashSet<EntryId>,
    /// Each client's ids in the order in which it made them.
    order: HashMap<u64, Vec<EntryId>>,
    copies: u32,
}

struct Storm {
    world: World,
    nodes: Vec<Node>,
    log: LogId,
    random: Random,
    diary: Mutex<Diary>,
}

impl Storm {
    fn any_intent(&self, by: u128, head: Seq) -> Intent {
        let target = self.random.below(head) + 1;
        let on = self.random.below(3) > 0;
        let member = user(u128::from(self.random.below(4)) + 2);
        if by == 1 && self.random.below(3) == 0 {
            return match self.random.below(5) {
                0 => Intent::Kick { user: member, why: None },
                1 => Intent::Mute { user: member, until: NOON + Duration::from_secs(3_600), why: None },
                2 | 3 => Intent::Unmute { user: member },
                _ => Intent::Pin { target, on },
            };
        }
        match self.random.below(12) {
            0..=4 => send(&format!("m{}", self.random.below(1_000))),
            5 | 6 => Intent::Edit { target, text: text(&format!("e{}", self.random.below(1_000))) },
            7 => Intent::Delete { target },
            8 | 9 => Intent::React { target, emoji: emoji(), on },
            10 if by != 1 && self.random.below(3) == 0 => Intent::Leave,
            _ => Intent::Join,
        }
    }

    /// Runs one client: one change at a time, retried unchanged until it is acked or finally refused.
    async fn client(&self, tag: u64, by: u128, changes: usize) {
        let mut last_ack = 0;
        for _ in 0..changes {
            let known = self.world.memory.store().log.tip(self.log).await.expect("up").seq();
            let intent = self.any_intent(by, known);
            let seen = last_ack.max(known.saturating_sub(self.random.below(6)));
            let change = Change { id: self.world.id(tag), seen: Some(seen), ..self.world.change(by, intent) };
            {
                let mut diary = self.diary.lock();
                diary.order.entry(tag).or_default().push(change.id);
                diary.changes.insert((change.by.user, change.id), change.clone());
            }
            if self.random.below(10) == 0 {
                self.copy_late(&change);
            }
            last_ack = last_ack.max(self.until_answered(&change).await);
            tokio::time::sleep(Duration::from_millis(self.random.below(30))).await;
        }
    }

    async fn until_answered(&self, change: &Change) -> Seq {
        loop {
            let node = &self.nodes[self.random.below(self.nodes.len() as u64) as usize];
            let answer = node.logs.submit(self.log, change.clone()).await;
            // Some answers get lost on their way, so the client retries.
            let lost = self.random.below(10) == 0;
            let done = self.note(change, answer);
            if let Some(seq) = done.filter(|_| !lost) {
                return seq;
            }
            tokio::time::sleep(Duration::from_millis(100 + self.random.below(300))).await;
        }
    }

    /// Records an answer. Returns the seq (0 for none), unless the change has to be retried.
    fn note(&self, change: &Change, answer: Result<Ack, Refusal>) -> Option<Seq> {
        let mut diary = self.diary.lock();
        match answer {
            Ok(ack) => {
                diary.acked.extend(ack.seq.map(|seq| (change.by.user, change.id, seq)));
                Some(ack.seq.unwrap_or(0))
            }
            Err(refusal) if refusal.code.is_transient() => None,
            Err(_) => {
                diary.refused.insert(change.id);
                Some(0)
            }
        }
    }

    /// Repeats a request as a proxy might, long after the client has moved on.
    fn copy_late(&self, change: &Change) {
        self.diary.lock().copies += 1;
        let node = &self.nodes[self.random.below(self.nodes.len() as u64) as usize];
        let (logs, log, change) = (node.logs.clone(), self.log, change.clone());
        let late = Duration::from_millis(self.random.below(5_000));
        tokio::spawn(async move {
            tokio::time::sleep(late).await;
            let _copy = logs.submit(log, change).await;
        });
    }

    async fn check(&self, seed: u64) {
        let entries = self.world.entries(self.log).await;
        let state = self.check_log(&entries, seed);
        self.check_rows(&state, seed).await;
        self.check_told(&entries, seed);
    }

    fn check_log(&self, entries: &[Entry], seed: u64) -> RoomState {
        let diary = self.diary.lock();
        let mut places = HashMap::new();
        for (at, entry) in entries.iter().enumerate() {
            assert_eq!(entry.seq, at as Seq + 1, "seed {seed}: a hole");
            let double = places.insert((entry.by, entry.id), entry.seq);
            assert_eq!(double, None, "seed {seed}: P3, {entry:?} twice");
        }
        for (by, id, seq) in &diary.acked {
            assert_eq!(places.get(&(*by, *id)), Some(seq), "seed {seed}: P1, acked and not there");
        }
        let by_id: HashMap<EntryId, Seq> = entries.iter().map(|entry| (entry.id, entry.seq)).collect();
        for ids in diary.order.values() {
            let taken = ids.iter().filter(|id| !diary.refused.contains(id)).filter_map(|id| by_id.get(id));
            assert!(taken.is_sorted(), "seed {seed}: P8, a user's changes are out of order");
        }
        self.fold(entries, &diary, seed)
    }

    /// Folds the log as it was committed, which is known from the diary, and checks the rules on the way.
    fn fold(&self, entries: &[Entry], diary: &Diary, seed: u64) -> RoomState {
        let mut state = RoomState::default();
        for stored in entries {
            let mut entry = stored.clone();
            let intent = diary.changes.get(&(entry.by, entry.id)).map(|change| &change.intent);
            if let (Body::Message(message), Some(Intent::Send { text, .. })) = (&mut entry.body, intent) {
                *message = domain::Message::of(text.clone(), stored.seq);
            }
            let text = match intent {
                Some(Intent::Edit { text, .. }) => Some(text),
                _ => None,
            };
            if !matches!(entry.body, Body::Member { .. } | Body::Room(_) | Body::Pin { .. } | Body::Delete { .. }) {
                let member = state.members.get(&entry.by).expect("only members do this");
                assert!(member.is_joined() && !member.is_muted(NOON), "seed {seed}: {entry:?} by {member:?}");
            }
            if let Body::React { target, emoji, on } = &entry.body {
                let message = state.messages[target].message().expect("a message");
                let users = message.reactions.iter().find(|held| held.emoji == *emoji).map(|held| &held.users);
                let had = users.is_some_and(|users| users.contains(&entry.by));
                assert_ne!(had, *on, "seed {seed}: a reaction twice, {entry:?}");
            }
            state.apply(&entry, text).expect("no gap");
        }
        state
    }

    async fn check_rows(&self, state: &RoomState, seed: u64) {
        let store = self.world.memory.store();
        let room = self.log.room().expect("a room");
        let members: Vec<Member> = store.rooms.members(room, None, 1_000).await.expect("up");
        assert!(members.iter().eq(state.members.values()), "seed {seed}: members");
        let seqs: Vec<Seq> = state.messages.keys().copied().collect();
        let messages = store.log.messages(self.log, &seqs).await.expect("up");
        for (stored, folded) in messages.iter().zip(state.messages.values()) {
            assert_eq!(stored, folded, "seed {seed}");
        }
        assert_eq!(messages.len(), seqs.len());
        let pins = store.rooms.pins(room).await.expect("up");
        assert!(pins.iter().eq(state.pins.iter()), "seed {seed}: pins");
    }

    fn check_told(&self, entries: &[Entry], seed: u64) {
        for node in &self.nodes {
            let heard = node.heard.0.lock();
            let texts: EditTexts = heard.iter().flat_map(|committed| committed.texts.clone()).collect();
            let announced: Vec<&Entry> = heard.iter().flat_map(|committed| committed.entries.iter()).collect();
            assert!(announced.is_sorted_by(|a, b| a.seq < b.seq), "seed {seed}: announced in order and once");
            for announced in announced {
                let stored = &entries[announced.seq as usize - 1];
                assert_eq!(
                    (announced.by, announced.id, announced.at),
                    (stored.by, stored.id, stored.at),
                    "seed {seed}"
                );
                let is_edit = matches!(announced.body, Body::Edit { .. });
                assert_eq!(
                    texts.contains_key(&announced.seq),
                    is_edit,
                    "seed {seed}: an edit is announced with its text"
                );
            }
        }
    }
}

/// The way to the first node, the home of all logs. It loses some requests, and some answers.
struct Way {
    home: Arc<Logs>,
    random: Random,
}

#[async_trait]
impl Forward for Way {
    async fn forward(&self, log: LogId, changes: &[Change]) -> Option<Vec<Result<Ack, Refusal>>> {
        if self.random.below(10) == 0 {
            return None;
        }
        let (home, changes) = (self.home.clone(), changes.to_vec());
        let late = Duration::from_millis(if self.random.below(5) == 0 { self.random.below(4_000) } else { 1 });
        let answers = tokio::spawn(async move {
            tokio::time::sleep(late).await;
            join_all(changes.into_iter().map(|change| home.submit_forwarded(log, change))).await
        });
        // Those that arrive late are appended all the same.
        tokio::time::timeout(FORWARD_DEADLINE, answers).await.ok()?.ok()
    }
}

async fn storm(seed: u64, nodes: usize, faults: u32, slow_ms: u64, changes: usize) -> (u32, u32) {
    let world = World::new();
    let nodes: Vec<Node> = (0..nodes).map(|_| world.node()).collect();
    storm_on(world, nodes, seed, (faults, slow_ms), changes).await
}

async fn storm_on(
    world: World,
    nodes: Vec<Node>,
    seed: u64,
    (faults, slow_ms): (u32, u64),
    changes: usize,
) -> (u32, u32) {
    let log = world
        .room(&nodes[0], Room { hides_past: seed.is_multiple_of(2), ..room(1, RoomKind::Public) }, &[2, 3, 4, 5])
        .await;
    world.log.seed(seed);
    world.log.set(faults, slow_ms);
    let storm = Arc::new(Storm { world, nodes, log, random: Random::new(seed), diary: Mutex::default() });
    // Persons 2 and 3 have two devices each.
    let devices = [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 2), (7, 3)];
    let mut clients = tokio::task::JoinSet::new();
    for (tag, by) in devices {
        let storm = storm.clone();
        clients.spawn(async move { storm.client(tag, by, changes).await });
    }
    while let Some(done) = clients.join_next().await {
        done.expect("no client panics");
    }
    storm.world.log.set(0, slow_ms);
    // The last late writes and copies.
    tokio::time::sleep(Duration::from_secs(12)).await;
    storm.check(seed).await;
    let accepted = storm.world.entries(log).await.len();
    assert!(accepted > changes, "seed {seed}: only {accepted} entries");
    let flaky = &storm.world.log;
    (flaky.lost.load(Ordering::SeqCst), flaky.conflicts.load(Ordering::SeqCst))
}

#[tokio::test(start_paused = true)]
async fn two_nodes_in_constant_conflict_make_no_hole_and_no_duplicate() {
    let mut conflicts = 0;
    for seed in 1..=5 {
        conflicts += storm(seed, 2, 0, 10, 60).await.1;
    }
    assert!(conflicts > 100, "only {conflicts} conflicts: the test would show little");
}

#[tokio::test(start_paused = true)]
async fn nodes_whose_store_loses_answers_keep_every_promise() {
    let (mut lost, mut conflicts) = (0, 0);
    for seed in 100..=150 {
        let seen = storm(seed, 3, 25, 15, 25).await;
        lost += seen.0;
        conflicts += seen.1;
    }
    assert!(lost > 500 && conflicts > 500, "{lost} lost, {conflicts} conflicts: the test would show little");
}

#[tokio::test(start_paused = true)]
async fn nodes_that_forward_to_a_home_keep_every_promise() {
    let (mut conflicts, mut forwarded) = (0, 0);
    for seed in 200..=240 {
        let world = World::new();
        let nodes: Vec<Node> = (0..3).map(|_| world.node()).collect();
        for node in &nodes[1..] {
            node.logs.forward_by(Arc::new(Way { home: nodes[0].logs.clone(), random: Random::new(seed) }));
        }
        let logs: Vec<Arc<Logs>> = nodes.iter().map(|node| node.logs.clone()).collect();
        conflicts += storm_on(world, nodes, seed, (if seed % 2 == 0 { 0 } else { 20 }, 15), 25).await.1;
        forwarded += logs.iter().map(|logs| logs.counts().forwarded).sum::<u64>();
    }
    assert!(conflicts > 300 && forwarded > 150, "{conflicts} conflicts, {forwarded} forwarded: it would show little");
}

/// Lets three nodes send to one room as fast as they can. Returns conflicts and forwarded changes of 2,400 messages,
/// and how long it took.
async fn rush(has_home: bool) -> (u64, u64, Duration) {
    let world = Arc::new(World::new());
    let nodes: Vec<Node> = (0..3).map(|_| world.node()).collect();
    if has_home {
        for node in &nodes[1..] {
            node.logs.forward_by(Arc::new(Direct(nodes[0].logs.clone())));
        }
    }
    let log = world.room(&nodes[0], room(1, RoomKind::Public), &[2, 3, 4]).await;
    world.log.set(0, 10);
    let began = tokio::time::Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..60 {
        let (logs, world) = (nodes[sender % 3].logs.clone(), world.clone());
        senders.spawn(async move {
            let mut seen = 1;
            for n in 0..40 {
                let id = world.id(100 + sender as u64);
                let intent = send(&n.to_string());
                let change = Change { id, seen: Some(seen), ..world.change(2 + sender as u128 % 3, intent) };
                seen = loop {
                    match logs.submit(log, change.clone()).await {
                        Ok(ack) => break ack.seq.expect("appended"),
                        Err(refusal) => assert!(refusal.code.is_transient(), "{refusal:?}"),
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                };
            }
        });
    }
    while let Some(done) = senders.join_next().await {
        done.expect("no sender panics");
    }
    let took = began.elapsed();
    let entries = world.entries(log).await;
    assert!(entries.iter().enumerate().all(|(at, entry)| entry.seq == at as Seq + 1), "a hole");
    let ids: HashSet<EntryId> = entries.iter().map(|entry| entry.id).collect();
    let messages = entries.iter().filter(|entry| entry.message().is_some()).count();
    assert_eq!((ids.len(), messages), (entries.len(), 2_400), "nothing lost, nothing doubled");
    let sum = |of: fn(AppendCounts) -> u64| nodes.iter().map(|node| of(node.logs.counts())).sum();
    (sum(|counts| counts.conflicts), sum(|counts| counts.forwarded), took)
}

/// A network that never fails.
struct Direct(Arc<Logs>);

#[async_trait]
impl Forward for Direct {
    async fn forward(&self, log: LogId, changes: &[Change]) -> Option<Vec<Result<Ack, Refusal>>> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Some(join_all(changes.iter().map(|change| self.0.submit_forwarded(log, change.clone()))).await)
    }
}

#[tokio::test(start_paused = true)]
async fn a_home_reduces_conflicts_of_nodes_in_one_room() {
    let (fights, none, alone) = rush(false).await;
    let (conflicts, forwarded, together) = rush(true).await;
    println!("2,400 messages by 3 nodes, without a home: {fights} conflicts in {alone:?}; with one: {conflicts}");
    println!("conflicts, {forwarded} forwarded in {together:?}");
    assert_eq!(none, 0);
    assert!(conflicts * 5 < fights, "{conflicts} conflicts with a home, {fights} without");
    assert!(forwarded > 800, "{forwarded} forwarded");
}

#[test]
fn noon_is_a_day_of_this_century() {
    assert!(NOON > Timestamp(946_684_800_000));
}
