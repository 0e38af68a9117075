//! Measures, in units, the reads that a user waits for, on realistic tables.

use domain::{LogId, MemberState, RoomKind, RowWrite, UserId};
use service::ports::Store;

use super::world::{TestStore, on_dynamodb_local};
use conformance::suite::row_writes::a_notification;
use conformance::suite::world::{LogWriter, a_room, a_user, member, own_room, plain_room, public_room, text};
use domain::Body;

/// Returns what was read meanwhile.
async fn read<T>(opened: &TestStore, what: impl Future<Output = T>) -> (T, f64) {
    let before = opened.dynamo.units().read;
    let answer = what.await;
    (answer, opened.dynamo.units().read - before)
}

/// Creates a room with one more member, and their row.
async fn joined(store: &Store, number: usize, user: UserId) {
    let room = match number % 2 {
        0 => public_room(a_room(), &format!("room-{number}"), "A room of some name"),
        _ => plain_room(a_room(), RoomKind::Private),
    };
    let mut log_writer = LogWriter::new(store, LogId::Room(room.id)).await;
    let row_writes = [RowWrite::Room(room.clone()), RowWrite::Member(member(user, MemberState::Joined))];
    log_writer.write(vec![Body::Room(room.clone()), text("hello")], &row_writes).await;
    let mut own = LogWriter::new(store, LogId::User(user)).await;
    own.row_writes(&[RowWrite::UserRoom(own_room(room.id, MemberState::Joined, 1))]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_welcome_with_a_hundred_rooms() {
    let opened = TestStore::open(on_dynamodb_local()).await.expect("the store opens");
    let (store, user) = (opened.store(), a_user());
    for number in 0..100 {
        joined(&store, number, user).await;
    }
    let (lines, units) = read(&opened, store.rooms.user_rooms(user, None, 100)).await;
    let lines = lines.expect("a list");
    assert_eq!(lines.len(), 100);
    assert!(lines.iter().all(|line| line.head.seq == 2 && line.head.n == 1));
    println!("a welcome with 100 rooms: {units} RRU");
    assert!(units <= 55.0, "{units}");
    let (count, units) = read(&opened, store.rooms.user_room_count(user)).await;
    assert_eq!(count, Ok(100));
    println!("counting 100 rooms: {units} RRU");
    assert!(units <= 6.0, "{units}");
    let other = a_user();
    joined(&store, 200, other).await;
    let (shared, units) = read(&opened, store.rooms.share_a_room(user, other, None)).await;
    assert_eq!(shared, Ok(false));
    println!("two who share no room: {units} RRU");
    assert!(units <= 4.0, "{units}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_notifications() {
    let opened = TestStore::open(on_dynamodb_local()).await.expect("the store opens");
    let (store, user) = (opened.store(), a_user());
    let mut own = LogWriter::new(&store, LogId::User(user)).await;
    for number in 0..30 {
        let new: Vec<RowWrite> =
            (0..10).map(|part| RowWrite::Notification(a_notification(1_000 + number * 10 + part, 7))).collect();
        own.row_writes(&new).await;
    }
    let (page, units) = read(&opened, store.notifications.list(user, false, None, 50)).await;
    assert_eq!(page.expect("a page").items.len(), 50);
    println!("a page of 50 notifications: {units} RRU");
    assert!(units <= 8.0, "{units}");
    let (unread, units) = read(&opened, store.notifications.unread(user, 1)).await;
    assert_eq!(unread, Ok(1));
    println!("whether there is an unread one: {units} RRU");
    assert!(units <= 3.0, "{units}");
    let (unread, units) = read(&opened, store.notifications.unread(user, 1_000)).await;
    assert_eq!(unread, Ok(300));
    println!("counting 300 unread: {units} RRU");
    assert!(units <= 45.0, "{units}");
    own.row_writes(&[RowWrite::NotificationRead { key: None, at: domain::Timestamp(9_000) }]).await;
    let (unread, units) = read(&opened, store.notifications.unread(user, 1)).await;
    assert_eq!(unread, Ok(0));
    println!("none unread among 300 read ones: {units} RRU");
    assert!(units <= 45.0, "{units}");
}
