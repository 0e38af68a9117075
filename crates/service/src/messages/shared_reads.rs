//! Reads of a log that several callers want at once: one reads, all get what it read.
//!
//! Never decides who may see what: each caller does that for itself, after the read. Keeps nothing of what was read: a
//! caller who comes when a read has ended begins another.

use std::collections::HashMap;
use std::sync::Arc;

use domain::{Entry, Epoch, LogId, Seq};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use parking_lot::Mutex;

use crate::limits::REPLAY_BYTES;
use crate::ports::{Store, StoreResult};

/// What is read. The epoch is in it, so that nobody gets entries of a store that was restored since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ReadKey {
    pub(super) epoch: Epoch,
    pub(super) log: LogId,
    pub(super) from: Seq,
    pub(super) to: Seq,
}

type Reading = BoxFuture<'static, StoreResult<Arc<[Entry]>>>;

/// The reads that are under way. One ends with the last caller who waits for it.
#[derive(Default)]
pub(super) struct SharedReads(Mutex<ReadsUnderWay>);

#[derive(Default)]
struct ReadsUnderWay {
    number: u64,
    reads: HashMap<ReadKey, (u64, WeakShared<Reading>)>,
}

impl SharedReads {
    /// The first entries of a range, at most about [`REPLAY_BYTES`] of them.
    pub(super) async fn read(&self, store: &Store, key: ReadKey) -> StoreResult<Vec<Entry>> {
        let (number, read) = self.join(store, key);
        // Dropped after the read, whether that ends or its caller goes away.
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
        let weak = read.downgrade().expect("it was not polled yet");
        under_way.reads.insert(key, (number, weak));
        (number, read)
    }
}

/// Takes a read out when the first caller has its answer, or the last one went away.
struct ReadEnds<'a> {
    reads: &'a SharedReads,
    key: ReadKey,
    number: u64,
}

impl Drop for ReadEnds<'_> {
    fn drop(&mut self) {
        let mut under_way = self.reads.0.lock();
        let ours = under_way.reads.get(&self.key).filter(|(number, _)| *number == self.number);
        // One that others still wait for goes on, though this caller went away.
        if ours.is_some_and(|(_, read)| read.upgrade().is_none_or(|read| read.peek().is_some())) {
            under_way.reads.remove(&self.key);
        }
    }
}
