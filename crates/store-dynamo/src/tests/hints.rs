//! Hints of heads: rarely written, and yet a list shows the last appends of this node, and of a node that has ended.

use std::time::Duration;

use domain::{LogId, MemberState, RoomKind, RowWrite};

use super::world::on_dynamodb_local;
use crate::{DynamoSettings, DynamoStore, Hints, create_table};
use conformance::suite::world::{LogWriter, a_room, a_user, own_room, plain_room};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_show_heads_whose_hint_is_not_written_yet() {
    let rare = DynamoSettings { hints: Hints::Every(Duration::from_secs(3_600)), ..on_dynamodb_local() };
    create_table(&rare).await.expect("a table");
    let node = DynamoStore::open(rare.clone()).await.expect("the store opens");
    let (store, user, room) = (node.store(), a_user(), plain_room(a_room(), RoomKind::Private));
    let mut log_writer = LogWriter::new(&store, LogId::Room(room.id)).await;
    log_writer.row_writes(&[RowWrite::Room(room.clone())]).await;
    let mut own = LogWriter::new(&store, LogId::User(user)).await;
    own.row_writes(&[RowWrite::UserRoom(own_room(room.id, MemberState::Joined, 1))]).await;
    for _ in 0..3 {
        log_writer.say("hi").await;
    }
    let lines = store.rooms.user_rooms(user, None, 10).await.expect("a list");
    assert_eq!((lines[0].head.seq, lines[0].head.n), (4, 3), "what this node appended");

    let other = DynamoStore::open(rare).await.expect("the store opens").store();
    let lines = other.rooms.user_rooms(user, None, 10).await.expect("a list");
    assert_eq!(lines[0].head.seq, 1, "another node has the hint only");
    node.write_hints().await;
    let lines = other.rooms.user_rooms(user, None, 10).await.expect("a list");
    assert_eq!((lines[0].head.seq, lines[0].head.n), (4, 3), "it was written at the end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sweep_repairs_the_hint_of_a_crashed_node() {
    let asked = on_dynamodb_local();
    create_table(&asked).await.expect("a table");
    let [gone, sweeps, looks] = [(); 3].map(|()| DynamoStore::open(asked.clone()));
    let (gone, sweeps, looks) = tokio::try_join!(gone, sweeps, looks).expect("the stores open");
    let (store, room) = (gone.store(), plain_room(a_room(), RoomKind::Private));
    let mut log_writer = LogWriter::new(&store, LogId::Room(room.id)).await;
    log_writer.row_writes(&[RowWrite::Room(room.clone())]).await;
    gone.write_hints().await;
    log_writer.say("the last word").await;
    // The node crashes without having written the hint.
    let hint = async || looks.store().rooms.head_hints(&[room.id]).await.expect("a hint")[0].1.seq;
    assert_eq!(hint().await, 1);
    sweeps.store().feed.behind("mail", None, 10).await.expect("a step");
    sweeps.write_hints().await;
    assert_eq!(hint().await, 2);
}
