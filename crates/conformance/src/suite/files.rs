//! `Files`: the states of a row, lists, expiry, quotas.

use domain::{File, FileId, FileMetadata, FileState, LogId, Picture, RoomId, RowWrite, Timestamp, UserId};
use service::ports::{Charged, Quota, Store, StoreError, Usage};
use uuid::Uuid;

use super::world::{LogWriter, a_room, a_user, file, text};

async fn put(store: &Store, room: RoomId, user: UserId, at: i64) -> File {
    let row = file(room, user, at);
    assert_eq!(store.files.put(&row, Quota::NONE).await, Ok(Charged::Done));
    row
}

async fn complete(store: &Store, room: RoomId, user: UserId, at: i64) -> File {
    let row = put(store, room, user, at).await;
    assert_eq!(store.files.complete(&row, Quota::NONE).await, Ok(Charged::Done), "complete");
    File { state: FileState::Unsent, ..row }
}

async fn send(log_writer: &mut LogWriter, row: &File) -> File {
    let seq = log_writer.tip.seq() + 1;
    log_writer.write(vec![text("look")], &[RowWrite::FileSent { file: row.id, seq }]).await;
    File { state: FileState::Sent, seq: Some(seq), ..row.clone() }
}

fn no_file() -> FileId {
    FileId(Uuid::now_v7())
}

pub async fn a_file_goes_through_its_states(store: Store) {
    let row = put(&store, a_room(), a_user(), 5).await;
    assert_eq!(store.files.get(row.id).await, Ok(Some(row.clone())));
    let other = File { name: "other".into(), ..row.clone() };
    assert_eq!(store.files.put(&other, Quota::NONE).await, Ok(Charged::Done), "a retry");
    let done = File {
        content_type: "image/png".into(),
        size: 1 << 33,
        digest: "ab".repeat(32),
        picture: Some(Picture { width: 640, height: 480, thumbnail: true }),
        metadata: Some(FileMetadata::Removed),
        state: FileState::Unsent,
        ..row.clone()
    };
    assert_eq!(store.files.complete(&done, Quota::NONE).await, Ok(Charged::Done), "complete");
    assert_eq!(store.files.complete(&done, Quota::NONE).await, Ok(Charged::Done), "a retry");
    assert_eq!(store.files.get(row.id).await, Ok(Some(done.clone())));
    store.files.forget(row.id).await.expect("nothing to do yet");
    assert_eq!(store.files.get(row.id).await, Ok(Some(done.clone())), "only a dropped row is removed");
    store.files.drop_file(row.id).await.expect("dropped");
    let gone = File { state: FileState::Dropped, ..done };
    assert_eq!(store.files.get(row.id).await, Ok(Some(gone.clone())));
    assert_eq!(store.files.complete(&row, Quota::NONE).await, Err(StoreError::NotFound), "too late");
    let other = put(&store, a_room(), a_user(), 6).await;
    let mut all = store.files.get_all(&[other.id, no_file(), row.id]).await.expect("a read");
    all.sort_by_key(|row| row.at);
    assert_eq!(all, [gone, other]);
    assert_eq!(store.files.get_all(&[]).await, Ok(Vec::new()));
    store.files.forget(row.id).await.expect("forgotten");
    assert_eq!(store.files.get(row.id).await, Ok(None));
    assert_eq!(store.files.drop_file(no_file()).await, Err(StoreError::NotFound));
    assert_eq!(store.files.complete(&file(a_room(), a_user(), 1), Quota::NONE).await, Err(StoreError::NotFound));
}

pub async fn lists_of_files_come_in_order(store: Store) {
    let room = a_room();
    let mut log_writer = LogWriter::new(&store, LogId::Room(room)).await;
    let user = log_writer.by;
    let (mut sent, mut unsent) = (Vec::new(), Vec::new());
    for number in 0..9 {
        // Some of the same millisecond.
        let row = complete(&store, room, user, 100 + number / 2).await;
        if number % 3 == 0 { unsent.push(row) } else { sent.push(send(&mut log_writer, &row).await) }
    }
    complete(&store, a_room(), a_user(), 103).await;
    unsent.push(put(&store, room, user, 104).await);
    sent.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
    unsent.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
    for limit in 1..=7 {
        let (mut found, mut before): (Vec<File>, Option<(Timestamp, FileId)>) = (Vec::new(), None);
        loop {
            let page = store.files.room_files(room, before, limit).await.expect("a page");
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            before = Some((last.at, last.id));
            found.extend(page);
        }
        assert_eq!(found, sent, "by {limit}");
    }
    assert_eq!(store.files.user_unsent(user, 10).await, Ok(unsent.clone()));
    assert_eq!(store.files.user_unsent(user, 2).await, Ok(unsent[..2].to_vec()));
    assert_eq!(store.files.user_unsent(a_user(), 2).await, Ok(Vec::new()));
}

pub async fn old_and_dropped_files_expire(store: Store) {
    let room = a_room();
    let mut log_writer = LogWriter::new(&store, LogId::Room(room)).await;
    let user = log_writer.by;
    let stuck = put(&store, room, user, 10).await;
    let unsent = complete(&store, room, user, 11).await;
    let kept = complete(&store, room, user, 12).await;
    send(&mut log_writer, &kept).await;
    let dropped = complete(&store, room, user, 90).await;
    store.files.drop_file(dropped.id).await.expect("dropped");
    complete(&store, room, user, 50).await;
    put(&store, room, user, 50).await;
    let mut expired = store.files.expired(Timestamp(50), 10).await.expect("a list");
    expired.sort_by_key(|row| row.at);
    assert_eq!(expired.iter().map(|row| row.id).collect::<Vec<_>>(), [stuck.id, unsent.id, dropped.id]);
    assert_eq!(store.files.expired(Timestamp(50), 2).await.expect("a list").len(), 2);
}

pub async fn a_sent_file_is_not_taken_by_a_sweep(store: Store) {
    let room = a_room();
    let mut log_writer = LogWriter::new(&store, LogId::Room(room)).await;
    let (sent, unsent) =
        (complete(&store, room, log_writer.by, 1).await, complete(&store, room, log_writer.by, 2).await);
    let sent = send(&mut log_writer, &sent).await;
    assert_eq!(store.files.drop_unsent(sent.id).await, Ok(false));
    assert_eq!(store.files.get(sent.id).await, Ok(Some(sent)));
    assert_eq!(store.files.drop_unsent(unsent.id).await, Ok(true));
    assert_eq!(store.files.get(unsent.id).await.expect("a read").map(|row| row.state), Some(FileState::Dropped));
    assert_eq!(store.files.drop_unsent(no_file()).await, Ok(false));
}

/// Returns a file of so many bytes whose upload begins.
fn sized(user: UserId, size: u64) -> File {
    File { size, ..file(a_room(), user, 5) }
}

pub async fn bytes_count_until_their_row_is_forgotten(store: Store) {
    let (ada, eve) = (a_user(), a_user());
    let usage = async |user| store.files.usage(user).await.expect("a read");
    assert_eq!(usage(ada).await, Usage::default());

    let row = sized(ada, 100);
    assert_eq!(store.files.put(&row, Quota::NONE).await, Ok(Charged::Done));
    assert_eq!(store.files.put(&row, Quota::NONE).await, Ok(Charged::Done), "a retry counts once");
    assert_eq!(store.files.put(&sized(eve, 7), Quota::NONE).await, Ok(Charged::Done));
    assert_eq!((usage(ada).await, usage(eve).await), (Usage { user: 100, all: 107 }, Usage { user: 7, all: 107 }));

    for size in [70, 70, 250] {
        let done = File { size, state: FileState::Unsent, ..row.clone() };
        assert_eq!(store.files.complete(&done, Quota::NONE).await, Ok(Charged::Done));
        assert_eq!(usage(ada).await, Usage { user: size, all: size + 7 });
    }
    store.files.drop_file(row.id).await.expect("dropped");
    assert_eq!(usage(ada).await.user, 250, "its bytes are still there");
    store.files.forget(row.id).await.expect("forgotten");
    store.files.forget(row.id).await.expect("a retry");
    assert_eq!(usage(ada).await, Usage { user: 0, all: 7 });

    // A file of an earlier release was never counted.
    let old = File { counted: false, ..sized(eve, 1_000) };
    assert_eq!(store.files.put(&old, Quota::NONE).await, Ok(Charged::Done));
    store.files.drop_file(old.id).await.expect("dropped");
    store.files.forget(old.id).await.expect("forgotten");
    assert_eq!(usage(eve).await, Usage { user: 7, all: 7 });
}

pub async fn a_sent_file_counts_until_it_is_forgotten(store: Store) {
    let room = a_room();
    let mut log_writer = LogWriter::new(&store, LogId::Room(room)).await;
    let user = log_writer.by;
    let row = File { size: 40, ..file(room, user, 1) };
    assert_eq!(store.files.put(&row, Quota::NONE).await, Ok(Charged::Done));
    assert_eq!(store.files.complete(&row, Quota::NONE).await, Ok(Charged::Done));
    let sent = send(&mut log_writer, &row).await;
    assert_eq!(store.files.usage(user).await, Ok(Usage { user: 40, all: 40 }));
    log_writer.row_writes(&[RowWrite::FileDropped { file: sent.id }]).await;
    assert_eq!(store.files.usage(user).await, Ok(Usage { user: 40, all: 40 }));
    store.files.forget(sent.id).await.expect("forgotten");
    assert_eq!(store.files.usage(user).await, Ok(Usage::default()));
}

pub async fn what_does_not_fit_into_a_quota_is_not_written(store: Store) {
    let (ada, eve) = (a_user(), a_user());
    let quota = Quota { user: 100, all: 150 };
    let put = async |row: &File| store.files.put(row, quota).await.expect("a write");
    let first = sized(ada, 60);
    assert_eq!(put(&first).await, Charged::Done);
    let large = sized(ada, 41);
    assert_eq!(put(&large).await, Charged::UserFull);
    assert_eq!(store.files.get(large.id).await, Ok(None));
    assert_eq!(put(&sized(eve, 101)).await, Charged::UserFull);
    assert_eq!(put(&sized(ada, 40)).await, Charged::Done, "the last byte fits");
    assert_eq!(put(&sized(ada, 0)).await, Charged::UserFull, "a file whose size is not known needs a byte");
    assert_eq!(put(&first).await, Charged::Done, "a retry needs no further room");

    let other = sized(eve, 50);
    assert_eq!(put(&sized(eve, 51)).await, Charged::AllFull);
    assert_eq!(put(&other).await, Charged::Done);
    assert_eq!(put(&sized(a_user(), 0)).await, Charged::AllFull);

    let complete = async |row: &File, size| store.files.complete(&File { size, ..row.clone() }, quota).await;
    assert_eq!(complete(&first, 61).await, Ok(Charged::UserFull));
    assert_eq!(complete(&other, 51).await, Ok(Charged::AllFull));
    let row = store.files.get(first.id).await.expect("a read").expect("is there");
    assert_eq!((row.size, row.state), (60, FileState::Uploading), "nothing was written");
    assert_eq!(complete(&first, 60).await, Ok(Charged::Done), "no further room is needed");
    assert_eq!(complete(&first, 50).await, Ok(Charged::Done));
    assert_eq!(complete(&other, 60).await, Ok(Charged::Done), "what another user gave back");
    assert_eq!(store.files.usage(eve).await, Ok(Usage { user: 60, all: 150 }));

    // A quota that was lowered below the usage lets nothing in, and everything out.
    let lower = Quota { user: 10, all: 10 };
    assert_eq!(store.files.put(&sized(ada, 1), lower).await, Ok(Charged::UserFull));
    assert_eq!(store.files.complete(&File { size: 40, ..first.clone() }, lower).await, Ok(Charged::Done));
    assert_eq!(store.files.put(&sized(a_user(), 11), lower).await, Ok(Charged::UserFull), "more than the whole quota");
}

pub async fn concurrent_uploads_never_exceed_a_quota(store: Store) {
    let user = a_user();
    let quota = Quota { user: 100, all: u64::MAX };
    let rows: Vec<File> = (0..8).map(|_| sized(user, 30)).collect();
    let puts = rows.iter().map(|row| store.files.put(row, quota));
    let charged = futures_util::future::join_all(puts).await;
    let done = charged.iter().filter(|charged| **charged == Ok(Charged::Done)).count();
    assert_eq!(done, 3, "{charged:?}");
    assert_eq!(store.files.usage(user).await.map(|usage| usage.user), Ok(90));
}
