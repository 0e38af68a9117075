//! Users, rooms, changes, and a log whose store is slow and fails as a test says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bus::Broker;
use domain::limits::Limits;
use domain::name::{RoomName, Slug, UserName};
use domain::text::MessageText;
use domain::{
    Ack, Actor, Change, Code, Entry, EntryId, Epoch, Intent, LogId, Refusal, Room, RoomId, RoomKind, RowWrite, Seq,
    Timestamp, User, UserId, UserRole,
};
use parking_lot::Mutex;
use service::ports::{
    AppendError, Appended, ChangedLogs, ChangesCursor, Committed, KeyRange, RoomLog, Store, StoreError, StoreResult,
    Tip, UserRecord,
};
use service::{Access, CommitListener, Logs, ManualClock, Marks, Messages, RoomKinds, UserCache};
use store_memory::MemoryStore;
use tokio::sync::watch;
use uuid::Uuid;

pub const NOON: Timestamp = Timestamp(1_790_000_000_000);

/// One store, and as many nodes on it as a test asks for.
pub struct World {
    pub memory: MemoryStore,
    pub store: Store,
    pub log: Arc<Flaky>,
    pub clock: Arc<ManualClock>,
    pub broker: Broker,
    ids: AtomicU64,
}

/// The services of one node.
pub struct Node {
    pub logs: Arc<Logs>,
    pub messages: Arc<Messages>,
    pub marks: Arc<Marks>,
    pub heard: Arc<Heard>,
}

/// What a node received.
#[derive(Default)]
pub struct Heard(pub Mutex<Vec<Committed>>);

impl CommitListener for Heard {
    fn committed(&self, committed: &Committed) {
        self.0.lock().push(committed.clone());
    }
}

impl World {
    pub fn new() -> World {
        let memory = MemoryStore::new();
        let mut store = memory.store();
        let log = Arc::new(Flaky::new(store.log.clone()));
        store.log = log.clone();
        let clock = Arc::new(ManualClock::new(NOON));
        World { memory, store, log, clock, broker: Broker::new(), ids: AtomicU64::new(0) }
    }

    pub fn node(&self) -> Node {
        let limits = Limits { sends_per_10s: 1_000_000, joins_per_minute: 1_000_000, ..Limits::default() };
        self.node_with(limits)
    }

    pub fn node_with(&self, limits: Limits) -> Node {
        let logs = Logs::new(self.store.clone(), self.clock.clone(), limits);
        let heard = Arc::new(Heard::default());
        logs.add_listener(heard.clone());
        let user_cache = UserCache::new(self.store.clone(), self.clock.clone());
        let access = Access::new(self.store.clone());
        let marks = Marks::new(self.store.clone(), Arc::new(self.broker.endpoint()), self.clock.clone());
        logs.add_listener(marks.clone());
        let kinds = RoomKinds::new(self.store.clone());
        let messages = Messages::new(self.store.clone(), logs.clone(), user_cache, access, marks.clone(), kinds);
        Node { logs, messages, marks, heard }
    }

    /// Returns a new id of a client: they ascend, and share the client's tag.
    pub fn id(&self, client: u64) -> EntryId {
        let number = self.ids.fetch_add(1, Ordering::SeqCst) + 1;
        EntryId(Uuid::from_u128(u128::from(number) << 80 | 7 << 76 | 1 << 63 | u128::from(client)))
    }

    /// Creates a change by person `by`, who knows nothing of the log yet.
    pub fn change(&self, by: u128, intent: Intent) -> Change {
        Change { by: actor(by), id: self.id(by as u64), seen: Some(0), epoch: None, intent }
    }

    /// Creates a room of person 1, with these members.
    pub async fn room(&self, node: &Node, room: Room, members: &[u128]) -> LogId {
        for n in (1..=1).chain(members.iter().copied()) {
            // Made before, for another room.
            let _ = self.store.users.create_user(&person(n)).await;
        }
        let log = LogId::Room(room.id);
        let private = room.kind != RoomKind::Public;
        let people = members.iter().filter(|_| private).map(|n| user(*n)).collect();
        let create = self.change(1, Intent::Create { room: Box::new(room), people });
        node.logs.submit(log, create).await.expect("created");
        for member in members {
            node.logs.submit(log, self.change(*member, Intent::Join)).await.expect("joined");
        }
        log
    }

    pub async fn entries(&self, log: LogId) -> Vec<Entry> {
        let store = self.memory.store();
        store.log.read(log, 1, Seq::MAX).await.expect("up")
    }
}

pub fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(0x1000 + n))
}

pub fn actor(n: u128) -> Actor {
    Actor { user: user(n), session: None, admin: false, guest: false }
}

pub fn person(n: u128) -> UserRecord {
    let name = UserName::parse(&format!("person{n}")).expect("valid");
    let role = UserRole::User;
    let user = User {
        id: user(n),
        name,
        display_name: None,
        guest: true,
        role,
        banned: false,
        deleted: false,
        created_at: Timestamp(0),
    };
    UserRecord { user, email: None, sign_in_email: None, password_hash: None }
}

pub fn room(n: u128, kind: RoomKind) -> Room {
    Room {
        id: RoomId(Uuid::from_u128(0x2000 + n)),
        kind,
        slug: (kind == RoomKind::Public).then(|| Slug::parse(&format!("room-{n}")).expect("valid")),
        name: Some(RoomName::parse("A room").expect("valid")),
        description: String::new(),
        archived: false,
        hides_past: false,
        slow_mode_s: 0,
        pair: None,
        rev: 0,
    }
}

pub fn text(text: &str) -> MessageText {
    text.to_owned().try_into().expect("valid")
}

pub fn send(words: &str) -> Intent {
    Intent::Send { text: text(words), reply_to: None, thread: None, files: Vec::new() }
}

pub fn emoji() -> domain::text::Emoji {
    "👍".to_owned().try_into().expect("an emoji")
}

pub fn code(answer: &Result<Ack, Refusal>) -> Code {
    answer.as_ref().expect_err("refused").code
}

pub fn seq(answer: &Result<Ack, Refusal>) -> Seq {
    answer.as_ref().expect("acked").seq.expect("appended")
}

/// A small generator (xorshift*), so that a failure can be reproduced from its seed.
pub struct Random(Mutex<u64>);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(Mutex::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1))
    }

    pub fn below(&self, n: u64) -> u64 {
        let mut state = self.0.lock();
        *state ^= *state >> 12;
        *state ^= *state << 25;
        *state ^= *state >> 27;
        (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % n
    }
}

/// What was read of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reads {
    pub tips: usize,
    /// Reads of whole entries, the entries, and the bytes of their content.
    pub reads: usize,
    pub entries: usize,
    pub bytes: usize,
    /// Reads of keys, and the keys.
    pub key_reads: usize,
    pub keys: usize,
}

/// A log that is slow, and fails as often as the test says: before the write, after it, or with a write that happens
/// long after the answer.
pub struct Flaky {
    inner: Arc<dyn RoomLog>,
    random: Random,
    /// Appends and reads that fail, in percent.
    pub faults: AtomicU32,
    /// The longest that a call takes, in milliseconds; 0 is no time at all.
    pub slow_ms: AtomicU64,
    /// What happened to appends, so that a test can verify that its faults occurred.
    pub lost: AtomicU32,
    pub conflicts: AtomicU32,
    reads: Mutex<Reads>,
    /// While this is true, `read_within` waits.
    pub held: watch::Sender<bool>,
}

impl Flaky {
    fn new(inner: Arc<dyn RoomLog>) -> Flaky {
        Flaky {
            inner,
            random: Random::new(1),
            faults: AtomicU32::new(0),
            slow_ms: AtomicU64::new(0),
            lost: AtomicU32::new(0),
            conflicts: AtomicU32::new(0),
            reads: Mutex::default(),
            held: watch::Sender::new(false),
        }
    }

    pub fn seed(&self, seed: u64) {
        let fresh = Random::new(seed);
        let value = *fresh.0.lock();
        *self.random.0.lock() = value;
    }

    pub fn set(&self, faults: u32, slow_ms: u64) {
        self.faults.store(faults, Ordering::SeqCst);
        self.slow_ms.store(slow_ms, Ordering::SeqCst);
    }

    /// Returns what was read since the last call.
    pub fn take_reads(&self) -> Reads {
        std::mem::take(&mut *self.reads.lock())
    }

    fn count(&self, count: impl FnOnce(&mut Reads)) {
        count(&mut self.reads.lock());
    }

    fn count_entries(&self, entries: &[Entry]) {
        self.count(|reads| {
            reads.reads += 1;
            reads.entries += entries.len();
            reads.bytes += entries.iter().map(|entry| stored::encode_body(&entry.body).len()).sum::<usize>();
        });
    }

    async fn pause(&self) {
        let most = self.slow_ms.load(Ordering::SeqCst);
        if most > 0 {
            tokio::time::sleep(Duration::from_millis(self.random.below(most) + 1)).await;
        }
    }

    fn fails(&self) -> bool {
        self.random.below(100) < u64::from(self.faults.load(Ordering::SeqCst))
    }

    async fn reading(&self) -> StoreResult<()> {
        self.pause().await;
        match self.fails() {
            true => Err(StoreError::Unavailable { why: "test".into(), retry_ms: 10 }),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl RoomLog for Flaky {
    async fn epoch(&self) -> StoreResult<Epoch> {
        self.inner.epoch().await
    }

    async fn tip(&self, log: LogId) -> StoreResult<Tip> {
        self.reading().await?;
        self.count(|reads| reads.tips += 1);
        self.inner.tip(log).await
    }

    async fn append(&self, log: LogId, after: &Tip, entries: &[Entry], row_writes: &[RowWrite]) -> Appended {
        self.pause().await;
        if !self.fails() {
            let outcome = self.inner.append(log, after, entries, row_writes).await;
            self.conflicts.fetch_add(u32::from(matches!(outcome, Err(AppendError::Conflict { .. }))), Ordering::SeqCst);
            self.pause().await;
            return outcome;
        }
        self.lost.fetch_add(1, Ordering::SeqCst);
        match self.random.below(4) {
            0 => return Err(AppendError::Unavailable { why: "test".into(), retry_ms: 20 }),
            1 => {
                let _lost = self.inner.append(log, after, entries, row_writes).await;
            }
            2 => {
                let (inner, after) = (self.inner.clone(), *after);
                let (entries, row_writes) = (entries.to_vec(), row_writes.to_vec());
                let late = Duration::from_millis(self.random.below(4_000));
                tokio::spawn(async move {
                    tokio::time::sleep(late).await;
                    let _late = inner.append(log, &after, &entries, &row_writes).await;
                });
            }
            _ => {}
        }
        Err(AppendError::Unknown)
    }

    async fn read(&self, log: LogId, from: Seq, to: Seq) -> StoreResult<Vec<Entry>> {
        self.reading().await?;
        let entries = self.inner.read(log, from, to).await?;
        self.count_entries(&entries);
        Ok(entries)
    }

    async fn read_back(&self, log: LogId, before: Seq, limit: usize) -> StoreResult<Vec<Entry>> {
        self.inner.read_back(log, before, limit).await
    }

    async fn read_forward(&self, log: LogId, after: Seq, limit: usize) -> StoreResult<Vec<Entry>> {
        self.inner.read_forward(log, after, limit).await
    }

    async fn messages(&self, log: LogId, seqs: &[Seq]) -> StoreResult<Vec<Entry>> {
        self.reading().await?;
        self.inner.messages(log, seqs).await
    }

    async fn messages_of(&self, places: &[(RoomId, Seq)]) -> StoreResult<Vec<(RoomId, Entry)>> {
        self.reading().await?;
        self.inner.messages_of(places).await
    }

    async fn read_within(&self, log: LogId, from: Seq, to: Seq, bytes: usize) -> StoreResult<Vec<Entry>> {
        self.reading().await?;
        // The sender lives as long as `self`.
        let _ = self.held.subscribe().wait_for(|held| !held).await;
        let entries = self.inner.read_within(log, from, to, bytes).await?;
        self.count_entries(&entries);
        Ok(entries)
    }

    async fn read_keys(&self, log: LogId, from: Seq, to: Seq) -> StoreResult<KeyRange> {
        self.reading().await?;
        let range = self.inner.read_keys(log, from, to).await?;
        self.count(|reads| {
            reads.key_reads += 1;
            reads.keys += range.keys.len();
        });
        Ok(range)
    }

    async fn changes(&self, cursor: Option<&ChangesCursor>) -> StoreResult<ChangedLogs> {
        self.inner.changes(cursor).await
    }

    async fn raise_floor(&self, log: LogId, floor: Seq) -> StoreResult<()> {
        self.inner.raise_floor(log, floor).await
    }

    async fn floor(&self, log: LogId) -> StoreResult<Seq> {
        self.inner.floor(log).await
    }

    async fn all_logs(&self, after: Option<LogId>, limit: usize) -> StoreResult<Vec<(LogId, Seq)>> {
        self.inner.all_logs(after, limit).await
    }
}
