//! `RoomLog::changes`: no append is missed, whichever node made it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::{LogId, Seq};
use service::ports::{ChangesCursor, Store};

use super::world::{LogWriter, a_room, a_user};

pub async fn nothing_before_the_start(store: Store) {
    let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    log_writer.say("before").await;
    let start = store.log.changes(None).await.expect("a cursor");
    assert!(start.logs.is_empty() && !start.lost);
    assert_eq!(store.log.epoch().await, Ok(start.epoch));
    let again = store.log.changes(Some(&start.next)).await.expect("changes");
    assert!(again.logs.is_empty() && !again.lost);
    log_writer.say("after").await;
    let after = store.log.changes(Some(&again.next)).await.expect("changes");
    assert_eq!((after.logs, after.lost), (vec![(log_writer.log, 2)], false));
}

pub async fn each_changed_log_comes_with_its_head(store: Store) {
    let start = store.log.changes(None).await.expect("a cursor");
    let mut expected = BTreeMap::new();
    for number in 0..20 {
        let log = if number % 2 == 0 { LogId::Room(a_room()) } else { LogId::User(a_user()) };
        let mut log_writer = LogWriter::new(&store, log).await;
        for _ in 0..=number % 3 {
            expected.insert(log, log_writer.say("x").await);
        }
    }
    let found = store.log.changes(Some(&start.next)).await.expect("changes");
    assert_eq!(found.logs.len(), expected.len(), "each once");
    assert_eq!(found.logs.into_iter().collect::<BTreeMap<LogId, Seq>>(), expected);
    assert!(store.log.changes(Some(&found.next)).await.expect("changes").logs.is_empty());
}

pub async fn no_append_is_missed_while_others_write(store: Store) {
    const LOGS: usize = 10;
    const EACH: Seq = 20;
    let start = store.log.changes(None).await.expect("a cursor");
    let over = Arc::new(AtomicBool::new(false));
    let watcher = {
        let (store, over) = (store.clone(), over.clone());
        tokio::spawn(async move {
            let (mut cursor, mut heads) = (start.next, BTreeMap::<LogId, Seq>::new());
            loop {
                let last = over.load(Ordering::SeqCst);
                let found = store.log.changes(Some(&cursor)).await.expect("changes");
                assert!(!found.lost);
                for (log, head) in found.logs {
                    let known = heads.insert(log, head).unwrap_or(0);
                    assert!(head >= known, "a head never falls");
                }
                cursor = found.next;
                if last {
                    return heads;
                }
                tokio::task::yield_now().await;
            }
        })
    };
    let writers: Vec<_> = (0..LOGS)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
                for _ in 0..EACH {
                    log_writer.say("x").await;
                }
                log_writer.log
            })
        })
        .collect();
    let mut expected = BTreeMap::new();
    for writer in writers {
        expected.insert(writer.await.expect("a writer ends"), EACH);
    }
    over.store(true, Ordering::SeqCst);
    assert_eq!(watcher.await.expect("the watcher ends"), expected);
}

pub async fn a_cursor_of_another_epoch_is_lost(store: Store) {
    let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    log_writer.say("x").await;
    for cursor in ["", "nonsense", "0000000000000001.0", "ffffffffffffffff.999"] {
        let found = store.log.changes(Some(&ChangesCursor(cursor.into()))).await.expect("an answer");
        assert!(found.lost, "{cursor:?}");
        let next = store.log.changes(Some(&found.next)).await.expect("changes");
        assert!(!next.lost && next.logs.is_empty(), "it continues from now");
    }
}
