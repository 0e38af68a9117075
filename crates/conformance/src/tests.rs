//! The store in memory passes the suite itself, and fails when a test makes it fail.

use domain::{Body, LogId};
use service::ports::{AppendError, StoreError};

use crate::suite::world::{LogWriter, a_room, a_user, text};
use store_memory::{Fault, MemoryStore};

crate::store!(memory, MemoryStore::open_temporary);

#[tokio::test]
async fn a_fault_meets_one_append() {
    let memory = MemoryStore::new();
    let store = memory.store();
    let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    for fault in [Fault::Unavailable, Fault::Unknown, Fault::LostAnswer] {
        memory.fail_next_append(fault);
        let before = store.log.tip(log_writer.log).await.expect("the tip");
        let entries = log_writer.entries(vec![text("hi")]);
        let failed = store.log.append(log_writer.log, &before, &entries, &[]).await;
        let head = store.log.tip(log_writer.log).await.expect("the tip").seq();
        match fault {
            Fault::Unavailable => assert!(matches!(failed, Err(AppendError::Unavailable { .. }))),
            Fault::Unknown | Fault::LostAnswer => assert_eq!(failed, Err(AppendError::Unknown)),
            Fault::Panic => unreachable!("nothing catches it here"),
        }
        assert_eq!(head, before.seq() + u64::from(fault == Fault::LostAnswer));
    }
    log_writer.catch_up().await;
    log_writer.say("and on").await;
}

#[tokio::test]
async fn down_means_no_answer() {
    let memory = MemoryStore::new();
    let store = memory.store();
    memory.set_down(true);
    assert!(matches!(store.users.user(a_user()).await, Err(StoreError::Unavailable { .. })));
    memory.set_down(false);
    assert_eq!(store.users.user(a_user()).await, Ok(None));
}

#[tokio::test]
async fn a_restored_backup_has_another_epoch() {
    let memory = MemoryStore::new();
    let store = memory.store();
    let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    log_writer.say("kept").await;
    let backup = memory.snapshot();
    log_writer.say("lost").await;
    memory.restore(&backup);
    let entries = log_writer.entries(vec![text("of the old epoch")]);
    assert_eq!(store.log.append(log_writer.log, &log_writer.tip, &entries, &[]).await, Err(AppendError::OtherEpoch));
    let kept = store.log.read(log_writer.log, 1, 10).await.expect("a read");
    assert!(matches!(&kept[..], [entry] if matches!(&entry.body, Body::Message(m) if m.text.as_str() == "kept")));
}
