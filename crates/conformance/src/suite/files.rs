//! `Files`: the states of a row, lists, expiry.

use domain::{File, FileId, FileState, LogId, Picture, RoomId, RowWrite, Timestamp, UserId};
use service::ports::{Store, StoreError};
use uuid::Uuid;

use super::world::{LogWriter, a_room, a_user, file, text};

async fn put(store: &Store, room: RoomId, user: UserId, at: i64) -> File {
    let row = file(room, user, at);
    store.files.put(&row).await.expect("a row");
    row
}

async fn complete(store: &Store, room: RoomId, user: UserId, at: i64) -> File {
    let row = put(store, room, user, at).await;
    store.files.complete(&row).await.expect("complete");
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
    store.files.put(&File { name: "other".into(), ..row.clone() }).await.expect("a retry");
    let done = File {
        content_type: "image/png".into(),
        size: 1 << 33,
        digest: "ab".repeat(32),
        picture: Some(Picture { width: 640, height: 480, thumbnail: true }),
        state: FileState::Unsent,
        ..row.clone()
    };
    store.files.complete(&done).await.expect("complete");
    store.files.complete(&done).await.expect("a retry");
    assert_eq!(store.files.get(row.id).await, Ok(Some(done.clone())));
    store.files.forget(row.id).await.expect("nothing to do yet");
    assert_eq!(store.files.get(row.id).await, Ok(Some(done.clone())), "only a dropped row is removed");
    store.files.drop_file(row.id).await.expect("dropped");
    let gone = File { state: FileState::Dropped, ..done };
    assert_eq!(store.files.get(row.id).await, Ok(Some(gone.clone())));
    assert_eq!(store.files.complete(&row).await, Err(StoreError::NotFound), "too late");
    let other = put(&store, a_room(), a_user(), 6).await;
    let mut all = store.files.get_all(&[other.id, no_file(), row.id]).await.expect("a read");
    all.sort_by_key(|row| row.at);
    assert_eq!(all, [gone, other]);
    assert_eq!(store.files.get_all(&[]).await, Ok(Vec::new()));
    store.files.forget(row.id).await.expect("forgotten");
    assert_eq!(store.files.get(row.id).await, Ok(None));
    assert_eq!(store.files.drop_file(no_file()).await, Err(StoreError::NotFound));
    assert_eq!(store.files.complete(&file(a_room(), a_user(), 1)).await, Err(StoreError::NotFound));
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
