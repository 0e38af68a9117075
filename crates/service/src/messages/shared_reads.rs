//! Shares one read of a log between callers that ask for the same range concurrently (single flight).
//!
//! Never decides who may see what: each caller checks that for itself, after the read. Caches nothing: a caller that comes
//! after a read has ended starts another one.

use std::collections::HashMap;
use std::sync::Arc;

use domain::{Entry, Epoch, LogId, Seq};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use parking_lot::Mutex;

use crate::limits::REPLAY_BYTES;
use crate::ports::{Store, StoreResult};

/// Identifies a read. Includes the epoch, so that no caller gets entries from before a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ReadKey {
    pub(super) epoch: Epoch,
    pub(super) log: LogId,
    pub(super) from: Seq,
    pub(super) to: Seq,
}

type Reading = BoxFuture<'static, StoreResult<Arc<[Entry]>>>;

/// The reads that are under way. A read is cancelled when its last caller stops waiting.
#[derive(Default)]
pub(super) struct SharedReads(Mutex<ReadsUnderWay>);

#[derive(Default)]
struct ReadsUnderWay {
    number: u64,
    reads: HashMap<ReadKey, (u64, WeakShared<Reading>)>,
}

impl SharedReads {
    /// Returns the first entries of a range, about [`REPLAY_BYTES`] at most.
    pub(super) async fn read(&self, store: &Store, key: ReadKey) -> StoreResult<Vec<Entry>> {
        let (number, read) = self.join(store, key);
        // Dropped after the read, whether that completes or is cancelled.
        let _ends = ReadEnds { reads: self, key, number };
        Ok(read.await?.to_vec())
    }

    fn join(&self, store: &Store, key: ReadKey) -> (u64, Shared<Reading>) {
        let mut under_way = self.0.lock();
        let known = under_way.reads.get(&key);
        if let Some((number, read)) = known.and_then(|(number, read)| Some((*number, read.upgrade()?))) {
            return (number, read);
        }

        let log = store.log.clone();
        let ReadKey { log: of, from, to, .. } = key;
        let read = async move { log.read_within(of, from, to, REPLAY_BYTES).await.map(Arc::from) };
        let read = read.boxed().shared();
        under_way.number += 1;
        let number = under_way.number;
        let weak = read.downgrade().expect("the read was not polled yet");
        under_way.reads.insert(key, (number, weak));
        (number, read)
    }
}

/// Removes a read when its first caller has the answer, or its last caller is cancelled.
struct ReadEnds<'a> {
    reads: &'a SharedReads,
    key: ReadKey,
    number: u64,
}

impl Drop for ReadEnds<'_> {
    fn drop(&mut self) {
        let mut under_way = self.reads.0.lock();
        let ours = under_way.reads.get(&self.key).filter(|(number, _)| *number == self.number);
        // A read that other callers still wait for stays, even if this caller was cancelled.
        if ours.is_some_and(|(_, read)| read.upgrade().is_none_or(|read| read.peek().is_some())) {
            under_way.reads.remove(&self.key);
        }
    }
}
