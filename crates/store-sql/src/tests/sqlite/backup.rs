//! Backups while others write, and restores.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use conformance::suite::world::{LogWriter, a_room, person, text};
use domain::{Epoch, LogId, Timestamp};
use service::ports::{AppendError, Connection, Fence};

use super::{a_log_of, open_at, whole_logs};
use crate::{OpenError, Restore, RestoreError, SqlStore};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_during_writes_is_consistent() {
    let store = SqlStore::open_temporary().await.expect("it opens");
    let folder = tempfile::tempdir().expect("a folder");
    let over = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..6)
        .map(|_| {
            let (ports, over) = (store.store(), over.clone());
            tokio::spawn(async move {
                let mut log_writer = LogWriter::new(&ports, LogId::Room(a_room())).await;
                while !over.load(Ordering::Relaxed) {
                    log_writer.write(vec![text("a"), text("b")], &[]).await;
                }
            })
        })
        .collect();
    for number in 0..4 {
        let acked: BTreeMap<_, _> = whole_heads(&store).await;
        let path = folder.path().join(format!("{number}.db"));
        store.backup_to(&path).await.expect("a backup");
        assert!(!path.with_extension("db.partial").exists());
        let mode = std::fs::metadata(&path).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "no other user can read it");
        let copy = open_at(&path).await.expect("the backup opens");
        let heads: BTreeMap<LogId, usize> =
            whole_logs(&copy.store()).await.into_iter().map(|(log, entries)| (log, entries.len())).collect();
        for (log, head) in acked {
            assert!(heads[&log] as u64 >= head, "what was acked before is in it");
        }
        assert!(heads.values().all(|head| head % 2 == 0), "no half of an append");
    }
    over.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.expect("a writer ends");
    }
    let taken = store.backup_to(&folder.path().join("0.db")).await;
    assert!(matches!(taken, Err(OpenError::Io { .. })), "it does not overwrite");
}

async fn whole_heads(store: &SqlStore) -> BTreeMap<LogId, u64> {
    store.store().log.all_logs(None, 1_000).await.expect("a list").into_iter().collect()
}

#[tokio::test]
async fn a_restore_begins_a_new_epoch() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, backup) = (folder.path().join("palaver.db"), folder.path().join("backup.db"));
    let store = open_at(&path).await.expect("it opens");
    let ports = store.store();
    let mut log_writer = a_log_of(&ports, 3).await;
    let ada = person("ada");
    ports.users.create_user(&ada).await.expect("created");
    let socket =
        Connection { id: "1".into(), user: ada.user.id, node: "a".into(), room: None, expires_at: Timestamp(i64::MAX) };
    ports.nodes.put_connection(&socket).await.expect("put");
    let first = ports.feed.lease("one", "a", Timestamp(5), std::time::Duration::from_secs(1)).await;
    assert_eq!(first, Ok(Some(Fence(1))));
    store.backup_to(&backup).await.expect("a backup");
    let cursor = ports.log.changes(None).await.expect("a cursor").next;
    log_writer.say("in the lost epoch").await;
    let old_epoch = ports.log.epoch().await.expect("the epoch");

    assert!(matches!(restore(&backup, &path, false).await, Err(RestoreError::Exists(_))));
    assert!(matches!(restore(&backup, &path, true).await, Err(RestoreError::InUse(_))));
    assert_eq!(ports.log.tip(log_writer.log).await, Ok(log_writer.tip), "the attempts changed nothing");
    store.close().await;
    let epoch = restore(&backup, &path, true).await.expect("restored");
    assert_ne!(epoch, old_epoch);

    let ports = open_at(&path).await.expect("it opens").store();
    assert_eq!(ports.log.epoch().await, Ok(epoch));
    assert_eq!(whole_logs(&ports).await[0].1.len(), 3);
    let late = ports.log.append(log_writer.log, &log_writer.tip, &log_writer.entries(vec![text("late")]), &[]).await;
    assert_eq!(late, Err(AppendError::OtherEpoch));
    assert!(ports.log.changes(Some(&cursor)).await.expect("changes").lost);
    assert_eq!(ports.users.user(ada.user.id).await, Ok(Some(ada.clone())));
    assert_eq!(
        ports.nodes.connections(ada.user.id, Timestamp(5)).await,
        Ok(Vec::new()),
        "sockets belonged to the old epoch"
    );
    let next = ports.feed.lease("one", "b", Timestamp(9_000), std::time::Duration::from_secs(1)).await;
    assert_eq!(next, Ok(Some(Fence(2))), "fences keep rising");
}

#[tokio::test]
async fn a_restore_to_a_new_place_and_from_an_invalid_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let (backup, target) = (folder.path().join("backup.db"), folder.path().join("new/palaver.db"));
    let store = SqlStore::open_temporary().await.expect("it opens");
    a_log_of(&store.store(), 5).await;
    store.backup_to(&backup).await.expect("a backup");
    assert!(restore(&folder.path().join("missing.db"), &target, false).await.is_err());
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "tea ".repeat(5_000)).expect("written");
    assert!(restore(&text, &target, false).await.is_err(), "not a database");
    let mut bytes = std::fs::read(&backup).expect("the backup");
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0xA5);
    let damaged = folder.path().join("damaged.db");
    std::fs::write(&damaged, bytes).expect("written");
    assert!(restore(&damaged, &target, false).await.is_err(), "damaged");
    assert!(!target.exists());
    restore(&backup, &target, false).await.expect("restored");
    assert_eq!(whole_logs(&open_at(&target).await.expect("it opens").store()).await[0].1.len(), 5);
    assert_eq!(std::fs::read_dir(target.parent().expect("a folder")).expect("a list").count(), 3, "file, -wal, -shm");
}

#[tokio::test]
async fn an_invalid_backup_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let (empty, text) = (folder.path().join("empty.db"), folder.path().join("notes.txt"));
    std::fs::write(&empty, "").expect("written");
    std::fs::write(&text, "tea ".repeat(5_000)).expect("written");
    let target = folder.path().join("new/palaver.db");
    for path in [&empty, &text] {
        let refused = Restore::prepare(path, &target, false).await.err().expect("it is refused").to_string();
        assert!(refused.contains("palaver backup"), "it says what to do: {refused}");
    }
    assert!(!target.parent().expect("a folder").exists(), "not even the folder was made");
    assert_eq!(std::fs::read(&empty).expect("it is there").len(), 0, "the file is as it was");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a list").count(), 2, "nothing was made beside them");
}

#[tokio::test]
async fn an_unfinished_restore_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, backup) = (folder.path().join("palaver.db"), folder.path().join("backup.db"));
    let store = open_at(&path).await.expect("it opens");
    a_log_of(&store.store(), 2).await;
    store.backup_to(&backup).await.expect("a backup");
    a_log_of(&store.store(), 2).await;
    store.close().await;
    drop(Restore::prepare(&backup, &path, true).await.expect("it can be restored"));
    assert_eq!(whole_logs(&open_at(&path).await.expect("it opens").store()).await.len(), 2, "both logs are there");
    let names = std::fs::read_dir(folder.path()).expect("a list").map(|file| file.expect("a file").file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().contains("partial")), "the copy was removed");
}

async fn restore(backup: &Path, target: &Path, force: bool) -> Result<Epoch, RestoreError> {
    Restore::prepare(backup, target, force).await?.finish().await
}
