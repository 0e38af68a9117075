//! `Marks`: they only rise, and mentions are bounded.

use domain::limits::MENTIONS_PER_ROW;
use domain::{RoomId, RoomKind, UserId};
use service::ports::{MarkRow, Store, StoreError};

use super::world::{a_room, a_room_with, a_user, plain_room};

async fn a_reader(store: &Store) -> (UserId, RoomId) {
    let (room, user) = (plain_room(a_room(), RoomKind::Private), a_user());
    a_room_with(store, &room, &[user]).await;
    (user, room.id)
}

fn mark(read_seq: u64, read_n: u64, mentions: &[u64]) -> MarkRow {
    MarkRow { read_seq, read_n, mentions: mentions.to_vec() }
}

pub async fn a_mark_only_rises(store: Store) {
    let (user, room) = a_reader(&store).await;
    assert_eq!(store.marks.mark_read(user, room, 5, 3).await, Ok(mark(5, 3, &[])));
    assert_eq!(store.marks.mark_read(user, room, 4, 9).await, Ok(mark(5, 3, &[])), "a lower one has no effect");
    assert_eq!(store.marks.mark_read(user, room, 9, 6).await, Ok(mark(9, 6, &[])));
    let row = store.rooms.user_room(user, room).await.expect("a read").expect("the row");
    assert_eq!((row.read_seq, row.read_n), (9, 6));
    let rising: Vec<_> = (10..40)
        .map(|seq| {
            let store = store.clone();
            tokio::spawn(async move { store.marks.mark_read(user, room, seq, seq - 3).await })
        })
        .collect();
    for marked in rising {
        assert!(marked.await.expect("it ends").expect("a mark").read_seq >= 10);
    }
    assert_eq!(store.marks.marks(room, &[user]).await, Ok(vec![(user, mark(39, 36, &[]))]), "in whatever order");
}

pub async fn a_mark_needs_a_row(store: Store) {
    let (user, room) = (a_user(), a_room());
    assert_eq!(store.marks.mark_read(user, room, 5, 3).await, Err(StoreError::NotFound));
    assert_eq!(store.marks.add_mention(user, room, 5).await, Ok(()));
    assert_eq!(store.rooms.user_room(user, room).await, Ok(None));
}

pub async fn mentions_are_a_bounded_set(store: Store) {
    let (user, room) = a_reader(&store).await;
    store.marks.mark_read(user, room, 10, 10).await.expect("a mark");
    for seq in [30, 12, 12, 10, 3, 20, 30] {
        store.marks.add_mention(user, room, seq).await.expect("a mention");
    }
    assert_eq!(store.marks.marks(room, &[user]).await, Ok(vec![(user, mark(10, 10, &[12, 20, 30]))]));
    assert_eq!(store.marks.mark_read(user, room, 20, 15).await, Ok(mark(20, 15, &[30])), "read ones are removed");
    let adding: Vec<_> = (100..100 + 2 * MENTIONS_PER_ROW as u64)
        .map(|seq| {
            let store = store.clone();
            tokio::spawn(async move { store.marks.add_mention(user, room, seq).await })
        })
        .collect();
    for added in adding {
        added.await.expect("it ends").expect("a mention");
    }
    let full = store.marks.marks(room, &[user]).await.expect("a read").remove(0).1;
    assert_eq!(full.mentions.len(), MENTIONS_PER_ROW);
    assert!(full.mentions.is_sorted() && full.mentions.contains(&30));
}

pub async fn a_mention_is_taken_back(store: Store) {
    let (user, room) = a_reader(&store).await;
    for seq in [3, 5, 8] {
        store.marks.add_mention(user, room, seq).await.expect("a mention");
    }
    for _ in 0..2 {
        assert_eq!(store.marks.drop_mention(user, room, 5).await, Ok(()));
        assert_eq!(store.marks.marks(room, &[user]).await, Ok(vec![(user, mark(0, 0, &[3, 8]))]));
    }
    for seq in [3, 4, 8] {
        assert_eq!(store.marks.drop_mention(user, room, seq).await, Ok(()));
    }
    assert_eq!(store.marks.marks(room, &[user]).await, Ok(vec![(user, mark(0, 0, &[]))]));
    assert_eq!(store.marks.drop_mention(a_user(), room, 3).await, Ok(()), "if there is no row");
    assert_eq!(store.marks.marks(room, &[user]).await.expect("a read").len(), 1, "and none was created");
}

pub async fn marks_of_several_users(store: Store) {
    let (room, users) = (plain_room(a_room(), RoomKind::Private), [a_user(), a_user(), a_user()]);
    a_room_with(&store, &room, &users).await;
    for (seq, user) in (1..).zip(users) {
        store.marks.mark_read(user, room.id, seq, seq).await.expect("a mark");
    }
    let mut found = store.marks.marks(room.id, &[users[2], a_user(), users[0]]).await.expect("a read");
    found.sort_by_key(|(_, mark)| mark.read_seq);
    assert_eq!(found, [(users[0], mark(1, 1, &[])), (users[2], mark(3, 3, &[]))]);
    assert_eq!(store.marks.marks(room.id, &[]).await, Ok(Vec::new()));
}
