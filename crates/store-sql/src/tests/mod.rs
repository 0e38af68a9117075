//! Tests of the store: the common suite on each database, and what only one database promises.

pub mod everything;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::any::Any;

use conformance::suite::world::{LogWriter, a_room, text};
use domain::{Entry, LogId, Seq};
use service::ports::Store;

use crate::SqlStore;
use crate::backend::Backend;

/// Returns the backend that a test knows its store to have.
fn backend<B: Backend>(store: &SqlStore) -> &B {
    let backend: &dyn Any = &*store.shared.backend;
    backend.downcast_ref().expect("the store has this backend")
}

/// Creates a room's log with some messages.
async fn a_log_of(store: &Store, messages: usize) -> LogWriter {
    let mut log_writer = LogWriter::new(store, LogId::Room(a_room())).await;
    log_writer.write((0..messages).map(|number| text(&number.to_string())).collect(), &[]).await;
    log_writer
}

/// Returns all entries of all logs, and checks that each log has no hole and correct counts.
async fn whole_logs(store: &Store) -> Vec<(LogId, Vec<Entry>)> {
    let mut logs = Vec::new();
    for (log, head) in store.log.all_logs(None, usize::MAX).await.expect("a list") {
        let entries = store.log.read(log, 1, Seq::from(u32::MAX)).await.expect("a read");
        let tip = store.log.tip(log).await.expect("a read");
        let mut n = 0;
        for (seq, entry) in (1..).zip(&entries) {
            n += u64::from(entry.message().is_some());
            assert_eq!((entry.seq, entry.n), (seq, n), "{log}");
        }
        assert_eq!((entries.len() as Seq, tip.seq(), tip.n()), (head, head, n), "{log}");
        logs.push((log, entries));
    }
    logs
}
