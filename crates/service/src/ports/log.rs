//! The log: the truth of every room and of every user's own log.

use async_trait::async_trait;
use domain::{Entry, EntryKey, Epoch, LogId, RoomId, RowWrite, Seq, Timestamp};

use super::StoreResult;
use crate::limits::{ENTRY_BYTES, KEYS_PER_UNIT};

/// The last entry of a log, as read strongly or made by one's own append. Opaque on purpose: never
/// built from a client's word, a hint or a page, since an append builds on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    epoch: Epoch,
    seq: Seq,
    n: u64,
    at: Timestamp,
}

impl Tip {
    /// For store adapters only: what a strong read, or an append that committed, found. `seq` 0 is
    /// a log with no entry.
    pub fn from_store(epoch: Epoch, seq: Seq, n: u64, at: Timestamp) -> Tip {
        Tip { epoch, seq, n, at }
    }

    /// The epoch of the store it was read from.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The seq of the last entry; 0 when there is none.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// Messages so far.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// When the last entry was made.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Whether `entries` may follow: at least one, their `seq` and `n` without holes. What an adapter
    /// asks before it writes; `Err` says what is wrong.
    pub fn check(&self, entries: &[Entry]) -> Result<(), String> {
        if entries.is_empty() {
            return Err("an append of no entries".into());
        }
        let mut n = self.n;
        for (seq, entry) in (self.seq + 1..).zip(entries) {
            n += u64::from(entry.message().is_some());
            if (entry.seq, entry.n) != (seq, n) {
                let (is_seq, is_n) = (entry.seq, entry.n);
                return Err(format!("an entry has seq {is_seq} and n {is_n} where seq {seq} and n {n} follow"));
            }
        }
        Ok(())
    }
}

/// Why an append did not happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The tip is not the last entry. `slot` holds the entries found there, if the store told them for free.
    #[error("another append was first")]
    Conflict {
        /// What stands at `after + 1 …`, as far as known.
        slot: Option<Vec<Entry>>,
    },
    /// It is not known whether it happened: read the slot.
    #[error("the outcome is unknown")]
    Unknown,
    /// It did not happen.
    #[error("the store is not available: {why}")]
    Unavailable {
        /// For the log, never for a user.
        why: String,
        /// After how many milliseconds a repeat makes sense.
        retry_ms: u64,
    },
    /// A row write claims a unique name (a slug) that another has. Nothing was written.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// The store is of another epoch than the tip: a backup was restored. Nothing was written.
    #[error("the store is of another epoch")]
    OtherEpoch,
    /// It is more than the store ever takes at once, or makes a row larger than one may be. Nothing was written.
    #[error("this is more than the store takes")]
    TooLarge,
}

/// How a store likes its appends put together, so that each costs little and fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppendShape {
    /// Rows (`domain::View::rows`) from which on an append takes no further change in.
    pub rows: usize,
    /// Messages that change no row beside themselves go apart from changes that do: together they would
    /// pay the price of a transaction.
    pub plain_apart: bool,
}

impl Default for AppendShape {
    /// Everything together.
    fn default() -> Self {
        AppendShape { rows: usize::MAX, plain_apart: false }
    }
}

/// What an append made.
pub type Appended = Result<Tip, AppendError>;

/// Where a reader of [`RoomLog::changes`] stands. Opaque; kept in memory, never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangesCursor(pub String);

/// The logs that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedLogs {
    /// The store's epoch.
    pub epoch: Epoch,
    /// Each changed log once, with its head.
    pub logs: Vec<(LogId, Seq)>,
    /// Where to go on.
    pub next: ChangesCursor,
    /// The cursor was too old: check every log that matters.
    pub lost: bool,
}

/// Where a page of messages begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageFrom {
    /// The newest ones with `seq <` this.
    Before(Seq),
    /// The first ones with `seq >` this.
    After(Seq),
}

/// The keys of a range of entries, and what reading them cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    /// In order of seq.
    pub keys: Vec<EntryKey>,
    /// What the store had to read, in DynamoDB's read units or an equivalent. Users who cause expensive reads are limited
    /// by it.
    pub units: u64,
}

impl KeyRange {
    /// Creates the answer of a store that reads keys without the content.
    pub fn of(keys: Vec<EntryKey>) -> KeyRange {
        let units = (keys.len() as u64).div_ceil(KEYS_PER_UNIT);
        KeyRange { keys, units }
    }
}

/// Messages as they were at one moment of their log. No base for an append: that is a [`Tip`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    /// The store's epoch.
    pub epoch: Epoch,
    /// Every change up to here is in the messages.
    pub as_of: Seq,
    /// In order of seq.
    pub entries: Vec<Entry>,
}

/// The logs. Reads are strong: what was acked is in the next read of any caller.
#[async_trait]
pub trait RoomLog: Send + Sync {
    /// The epoch of the store. One read; may be answered from memory for some seconds. Once it is another one (a restored
    /// backup), tips and changes are of that one too, and an append after a tip of the one before is `OtherEpoch`.
    async fn epoch(&self) -> StoreResult<Epoch>;

    /// How appends are best put together. A hint: what is larger still goes, as long as it can be written.
    fn shape(&self) -> AppendShape {
        AppendShape::default()
    }

    /// The last entry of a log, read strongly; seq 0 for a log with none. One read by key.
    async fn tip(&self, log: LogId) -> StoreResult<Tip>;

    /// Writes `entries` at `after.seq()+1 …` with `row writes`, durably and all or nothing, if `after` is
    /// the last entry; else [`AppendError::Conflict`]. The entries carry their `seq` and `n`, without
    /// holes (checked; a wrong one is a bug of the caller and panics in debug builds, `Unavailable`
    /// else). `Ok` means durable. One conditional write. Without row writes a store may write several parts
    /// one after the other; one that breaks off says `Conflict` or `Unknown`, and the first parts stay, as if
    /// another appender had written them.
    async fn append(&self, log: LogId, after: &Tip, entries: &[Entry], row_writes: &[RowWrite]) -> Appended;

    /// All entries with `from <= seq <= to`, in order. The whole range: the caller bounds it. An edit
    /// comes as it is stored, without text: [`RoomLog::messages`] has what its target says now.
    async fn read(&self, log: LogId, from: Seq, to: Seq) -> StoreResult<Vec<Entry>>;

    /// Returns the first entries that [`RoomLog::read`] would return, up to and including the one with which they reach
    /// about `bytes` bytes; so at least one, if there is any. An entry counts its stored content and
    /// `limits::ENTRY_BYTES`. Cost: the store reads at most about twice as many bytes.
    async fn read_within(&self, log: LogId, from: Seq, to: Seq, bytes: usize) -> StoreResult<Vec<Entry>>;

    /// Returns the keys of all entries with `from <= seq <= to`, in order, without reading their content where the store
    /// can avoid it, and without decoding it. The whole range: the caller bounds it.
    async fn read_keys(&self, log: LogId, from: Seq, to: Seq) -> StoreResult<KeyRange>;

    /// The newest `limit` *messages* with `seq < before` and, of the entries, messages only; in order of
    /// seq. Cost does not depend on the length of the log.
    async fn read_back(&self, log: LogId, before: Seq, limit: usize) -> StoreResult<Vec<Entry>>;

    /// The first `limit` messages with `seq > after`, in order of seq. As [`RoomLog::read_back`], upwards.
    async fn read_forward(&self, log: LogId, after: Seq, limit: usize) -> StoreResult<Vec<Entry>>;

    /// A page of messages, as [`RoomLog::read_back`] and [`RoomLog::read_forward`] read it, with the head that
    /// it is at least of. The one read that a replica may answer: only where `min_seq` is given, and only if
    /// the replica's head has come as far; without one the answer is as strong as every other.
    async fn page(&self, log: LogId, from: PageFrom, limit: usize, min_seq: Option<Seq>) -> StoreResult<LogPage> {
        let _ = min_seq;
        strong_page(self, log, from, limit).await
    }

    /// The messages at these seqs; those that are not messages are left out. Reads by key.
    async fn messages(&self, log: LogId, seqs: &[Seq]) -> StoreResult<Vec<Entry>>;

    /// As [`RoomLog::messages`], of several rooms in one read, in no particular order.
    async fn messages_of(&self, places: &[(RoomId, Seq)]) -> StoreResult<Vec<(RoomId, Entry)>>;

    /// The heads of all logs appended since `cursor`, each at least once, also those whose writer died.
    /// `None` starts from now. One call, whatever the number of logs.
    async fn changes(&self, cursor: Option<&ChangesCursor>) -> StoreResult<ChangedLogs>;

    /// Blanks the content of the entries up to `floor` (`domain::Body::blank`; at most up to the head)
    /// and raises the log's floor, in steps; rows stay. Drops the files of the blanked messages.
    async fn raise_floor(&self, log: LogId, floor: Seq) -> StoreResult<()>;

    /// The lowest seq that still has its content, minus one; 0 when nothing was blanked.
    async fn floor(&self, log: LogId) -> StoreResult<Seq>;

    /// A page of all logs in order of their names, after `after`: for sweeps, export and backup.
    async fn all_logs(&self, after: Option<LogId>, limit: usize) -> StoreResult<Vec<(LogId, Seq)>>;
}

/// Returns the last seq that [`RoomLog::read_within`] can reach, given that each entry counts at least
/// `limits::ENTRY_BYTES`.
pub fn last_within(from: Seq, to: Seq, bytes: usize) -> Seq {
    to.min(from.saturating_add((bytes / ENTRY_BYTES) as Seq))
}

/// Truncates entries as [`RoomLog::read_within`] does, where `size` returns how large an entry's content is.
pub fn cut_within(mut entries: Vec<Entry>, bytes: usize, size: impl Fn(&Entry) -> usize) -> Vec<Entry> {
    let mut filled = 0;
    let full = entries.iter().position(|entry| {
        filled += ENTRY_BYTES + size(entry);
        filled >= bytes
    });
    entries.truncate(full.map_or(entries.len(), |index| index + 1));
    entries
}

/// What [`RoomLog::page`] is without a replica: the head first, so that all up to it is in the page.
pub async fn strong_page<L>(store: &L, log: LogId, from: PageFrom, limit: usize) -> StoreResult<LogPage>
where
    L: RoomLog + ?Sized,
{
    let tip = store.tip(log).await?;
    let entries = match from {
        PageFrom::Before(before) => store.read_back(log, before, limit).await?,
        PageFrom::After(after) => store.read_forward(log, after, limit).await?,
    };
    Ok(LogPage { epoch: tip.epoch(), as_of: tip.seq(), entries })
}
