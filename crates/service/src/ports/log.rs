//! The log: the source of truth for every room and for every user log.

use async_trait::async_trait;
use domain::{Entry, EntryKey, Epoch, LogId, RoomId, RowWrite, Seq, Timestamp};

use super::StoreResult;
use crate::limits::{ENTRY_BYTES, KEYS_PER_UNIT};

/// The last entry of a log, from a strong read or from an append of this process. Opaque on purpose: an append builds
/// on it, so it must never come from a client, a hint or a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    epoch: Epoch,
    seq: Seq,
    n: u64,
    at: Timestamp,
}

impl Tip {
    /// Creates a tip. For store adapters only: call it with what a strong read or a committed append found. `seq` 0 is
    /// a log without entries.
    pub fn from_store(epoch: Epoch, seq: Seq, n: u64, at: Timestamp) -> Tip {
        Tip { epoch, seq, n, at }
    }

    /// Returns the epoch of the store it was read from.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Returns the seq of the last entry, or 0 if there is none.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// Returns the number of messages so far.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Returns when the last entry was made.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Checks whether `entries` may follow: at least one, with `seq` and `n` without gaps. Adapters call it before they
    /// write. `Err` says what is wrong.
    pub fn check(&self, entries: &[Entry]) -> Result<(), String> {
        if entries.is_empty() {
            return Err("an append without entries".into());
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

/// An error of an append.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The tip is not the last entry. `slot` holds the entries found there, if the store returned them for free.
    #[error("another append was first")]
    Conflict {
        /// The entries at `after + 1 …`, as far as known.
        slot: Option<Vec<Entry>>,
    },
    /// It is unknown whether the append was committed. The caller has to read the slot.
    #[error("the outcome is unknown")]
    Unknown,
    /// Nothing was written.
    #[error("the store is not available: {why}")]
    Unavailable {
        /// The cause, for the operator's log only, never for a user.
        why: String,
        /// Milliseconds after which a retry makes sense.
        retry_ms: u64,
    },
    /// The store has no space left. Nothing was written; a retry makes sense once somebody has made room.
    #[error("the store has no space left: {why}")]
    Full {
        /// The cause, for the operator's log only, never for a user.
        why: String,
    },
    /// A row write claims a unique name (a slug) that another room has. Nothing was written.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// The store's epoch is not the tip's: a backup was restored. Nothing was written.
    #[error("the store has another epoch")]
    OtherEpoch,
    /// The append is larger than the store ever accepts, or makes a row larger than allowed. Nothing was written.
    #[error("this is larger than the store accepts")]
    TooLarge,
}

/// How a store prefers its appends to be batched, so that each is cheap and fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppendShape {
    /// The number of rows (`domain::View::rows`) at which an append accepts no further change.
    pub rows: usize,
    /// Whether messages that change no other row go into appends of their own. Together with changes that do, they
    /// would pay the price of a transaction.
    pub plain_apart: bool,
}

impl Default for AppendShape {
    /// Returns the shape of a store that accepts everything in one append.
    fn default() -> Self {
        AppendShape { rows: usize::MAX, plain_apart: false }
    }
}

/// The result of an append: the new tip.
pub type Appended = Result<Tip, AppendError>;

/// The position of a reader of [`RoomLog::changes`]. Opaque; kept in memory, never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangesCursor(pub String);

/// The logs that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedLogs {
    /// The store's epoch.
    pub epoch: Epoch,
    /// Each changed log once, with its head.
    pub logs: Vec<(LogId, Seq)>,
    /// The cursor for the next call.
    pub next: ChangesCursor,
    /// The cursor was too old: the caller has to check every log that matters to it.
    pub lost: bool,
}

/// Where a page of messages begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageFrom {
    /// The newest messages with `seq <` this.
    Before(Seq),
    /// The first messages with `seq >` this.
    After(Seq),
}

/// The keys of a range of entries, and what reading them cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    /// The keys, in order of seq.
    pub keys: Vec<EntryKey>,
    /// What the store had to read, in DynamoDB's read units or an equivalent. Users who cause expensive reads are
    /// rate-limited by it.
    pub units: u64,
}

impl KeyRange {
    /// Creates the answer of a store that reads keys without the content.
    pub fn of(keys: Vec<EntryKey>) -> KeyRange {
        let units = (keys.len() as u64).div_ceil(KEYS_PER_UNIT);
        KeyRange { keys, units }
    }
}

/// Messages as they were at one moment of their log. Not a base for an append: that is a [`Tip`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    /// The store's epoch.
    pub epoch: Epoch,
    /// The seq up to which every change is included in the messages.
    pub as_of: Seq,
    /// The messages, in order of seq.
    pub entries: Vec<Entry>,
}

/// Stores logs. Reads are strong: what was acked is visible to the next read of any caller.
#[async_trait]
pub trait RoomLog: Send + Sync {
    /// Returns the store's epoch. One read; may come from memory for some seconds. Once the epoch has changed (a backup
    /// was restored), tips and changes belong to the new one too, and an append after an old tip returns `OtherEpoch`.
    async fn epoch(&self) -> StoreResult<Epoch>;

    /// Returns how appends should be batched. A hint: larger ones still work, as long as they can be written.
    fn shape(&self) -> AppendShape {
        AppendShape::default()
    }

    /// Returns the last entry of a log, read strongly, with seq 0 for a log without entries. One read by key.
    async fn tip(&self, log: LogId) -> StoreResult<Tip>;

    /// Appends `entries` at `after.seq()+1 …` with `row writes`, durably and all or nothing, if `after` is the last
    /// entry; otherwise returns [`AppendError::Conflict`]. The entries carry their `seq` and `n`, without gaps
    /// (checked: a wrong one is a bug of the caller and panics in debug builds, and is `Unavailable` otherwise). `Ok`
    /// means durable. One conditional write. Without row writes a store may write several parts one after another; if
    /// one fails it returns `Conflict` or `Unknown`, and the earlier parts stay, as if another appender had written
    /// them.
    async fn append(&self, log: LogId, after: &Tip, entries: &[Entry], row_writes: &[RowWrite]) -> Appended;

    /// Returns all entries with `from <= seq <= to`, in order. Not limited: the caller bounds the range. An edit is
    /// returned as stored, without text; [`RoomLog::messages`] returns the current text of its target.
    async fn read(&self, log: LogId, from: Seq, to: Seq) -> StoreResult<Vec<Entry>>;

    /// Returns the first entries that [`RoomLog::read`] would return, up to and including the one with which they reach
    /// about `bytes` bytes, so at least one, if there is any. An entry counts its stored content and
    /// `limits::ENTRY_BYTES`. Cost: the store reads at most about twice as many bytes.
    async fn read_within(&self, log: LogId, from: Seq, to: Seq, bytes: usize) -> StoreResult<Vec<Entry>>;

    /// Returns the keys of all entries with `from <= seq <= to`, in order, without reading their content where the
    /// store can avoid it, and without decoding it. Not limited: the caller bounds the range.
    async fn read_keys(&self, log: LogId, from: Seq, to: Seq) -> StoreResult<KeyRange>;

    /// Returns the newest `limit` *messages* with `seq < before` (no other entries), in order of seq. The cost does not
    /// depend on the length of the log.
    async fn read_back(&self, log: LogId, before: Seq, limit: usize) -> StoreResult<Vec<Entry>>;

    /// Returns the first `limit` messages with `seq > after`, in order of seq. Like [`RoomLog::read_back`], in the
    /// other direction.
    async fn read_forward(&self, log: LogId, after: Seq, limit: usize) -> StoreResult<Vec<Entry>>;

    /// Returns a page of messages, read like [`RoomLog::read_back`] and [`RoomLog::read_forward`], with a head that the
    /// page includes. The only read that a replica may answer: only if `min_seq` is given and the replica's head has
    /// reached it. Without `min_seq` the read is as strong as every other.
    async fn page(&self, log: LogId, from: PageFrom, limit: usize, min_seq: Option<Seq>) -> StoreResult<LogPage> {
        let _ = min_seq;
        strong_page(self, log, from, limit).await
    }

    /// Returns the messages at these seqs and leaves out entries that are not messages. Reads by key.
    async fn messages(&self, log: LogId, seqs: &[Seq]) -> StoreResult<Vec<Entry>>;

    /// Like [`RoomLog::messages`], for several rooms in one read, in no particular order.
    async fn messages_of(&self, places: &[(RoomId, Seq)]) -> StoreResult<Vec<(RoomId, Entry)>>;

    /// Returns the heads of all logs appended to since `cursor`, each at least once, including those whose writer
    /// crashed. `None` starts from now. One call, whatever the number of logs.
    async fn changes(&self, cursor: Option<&ChangesCursor>) -> StoreResult<ChangedLogs>;

    /// Blanks the content of the entries up to `floor` (`domain::Body::blank`; at most up to the head) and raises the
    /// log's floor, in steps. Rows stay. Drops the files of the blanked messages.
    async fn raise_floor(&self, log: LogId, floor: Seq) -> StoreResult<()>;

    /// Returns the lowest seq that still has its content, minus one, or 0 if nothing was blanked.
    async fn floor(&self, log: LogId) -> StoreResult<Seq>;

    /// Returns a page of all logs in order of their names, after `after`. For sweeps, export and backup.
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

/// Implements [`RoomLog::page`] without a replica. Reads the head first, so that the page includes everything up to it.
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
