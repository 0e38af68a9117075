//! Row writes: the rows that an append writes, as defined by `domain::RowWrite`.

use std::sync::Arc;

use domain::{
    Body, FileState, Level, LogId, MemberState, Notification, NotificationKey, NotificationKind, Role, RoomKind,
    RowWrite, Timestamp, UserRoom,
};
use service::ports::{AppendError, Charged, Quota, Store};
use tokio::sync::Barrier;

use super::model;
use super::world::{
    LogWriter, a_room, a_room_with, a_user, emoji, file, member, message, own_room, plain_room, public_room, slug, text,
};

/// Makes random appends to a few logs, on the store and on the model: all rows are equal afterwards.
pub async fn rows_equal_those_of_the_model(store: Store) {
    for seed in 1..=3 {
        model::compare(&store, seed, 150).await;
    }
}

pub async fn a_message_takes_its_new_content(store: Store) {
    let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    log_writer.write(vec![text("one"), text("two")], &[]).await;
    let mut two = store.log.read(log_writer.log, 2, 2).await.expect("a read").remove(0);
    let Body::Message(content) = &mut two.body else { panic!("a message") };
    content.text = message("2").text;
    content.rev = 3;
    content.edited_at = Some(Timestamp(77));
    content.reactions = vec![domain::Reaction { emoji: emoji("🍵"), n: 1, users: vec![a_user()] }];
    log_writer.write(vec![Body::edit(2)], &[RowWrite::Message(two.clone())]).await;
    assert_eq!(store.log.messages(log_writer.log, &[2]).await, Ok(vec![two.clone()]));
    assert_eq!(store.log.read_back(log_writer.log, 3, 1).await, Ok(vec![two]));
    let one = store.log.read(log_writer.log, 1, 1).await.expect("a read");
    assert_eq!(one[0].message().map(|m| m.text.as_str()), Some("one"));
}

pub async fn a_deleted_message_stays_deleted(store: Store) {
    let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    log_writer.say("secret").await;
    let mut gone = store.log.read(log_writer.log, 1, 1).await.expect("a read").remove(0);
    let kept = gone.clone();
    gone.body.blank();
    log_writer.write(vec![Body::delete(1)], &[RowWrite::Message(gone.clone())]).await;
    assert_eq!(store.log.read(log_writer.log, 1, 1).await, Ok(vec![gone.clone()]));
    assert_eq!((gone.by, gone.id), (kept.by, kept.id), "retries are still recognised");
    log_writer.write(vec![Body::edit(1)], &[RowWrite::Message(kept)]).await;
    assert_eq!(store.log.read(log_writer.log, 1, 1).await, Ok(vec![gone]), "nothing brings it back");
}

pub async fn a_member_row_keeps_its_level(store: Store) {
    let (room, user) = (plain_room(a_room(), RoomKind::Private), a_user());
    let mut log_writer = a_room_with(&store, &room, &[user]).await;
    let mut own = LogWriter::new(&store, LogId::User(user)).await;
    own.row_writes(&[RowWrite::RoomSettings {
        room: room.id,
        level: Level::Mentions,
        quiet_until: Some(Timestamp(7)),
        hidden: true,
    }])
    .await;
    let mut changed = member(user, MemberState::Joined);
    changed.role = Role::Moderator;
    changed.muted_until = Some(Timestamp(99));
    changed.from_seq = 4;
    changed.to_seq = Some(9);
    changed.rev = 2;
    changed.level = Level::None;
    changed.quiet_until = Some(Timestamp(8));
    log_writer.row_writes(&[RowWrite::Member(changed.clone())]).await;
    changed.level = Level::Mentions;
    changed.quiet_until = Some(Timestamp(7));
    assert_eq!(store.rooms.member(room.id, user).await, Ok(Some(changed)));
    let other_user = LogWriter::new(&store, LogId::User(a_user())).await;
    let mut other_user = other_user;
    other_user
        .row_writes(&[RowWrite::RoomSettings { room: room.id, level: Level::None, quiet_until: None, hidden: true }])
        .await;
    assert_eq!(store.rooms.user_room(other_user.by, room.id).await, Ok(None), "settings create no row");
}

pub async fn own_rows_keep_marks_and_settings(store: Store) {
    let (room, user) = (a_room(), a_user());
    let mut own = LogWriter::new(&store, LogId::User(user)).await;
    let given = UserRoom {
        level: Level::None,
        quiet_until: Some(Timestamp(5)),
        hidden: true,
        mentions: vec![9],
        ..own_room(room, MemberState::Invited, 1)
    };
    own.row_writes(&[RowWrite::UserRoom(given)]).await;
    let bare = own_room(room, MemberState::Invited, 1);
    assert_eq!(store.rooms.user_room(user, room).await, Ok(Some(bare)), "a new row has none");
    own.row_writes(&[RowWrite::RoomSettings {
        room,
        level: Level::Mentions,
        quiet_until: Some(Timestamp(9)),
        hidden: true,
    }])
    .await;
    store.marks.mark_read(user, room, 5, 4).await.expect("marked");
    store.marks.add_mention(user, room, 7).await.expect("mentioned");
    let removed = UserRoom { why: Some("noise".into()), ..own_room(room, MemberState::Kicked, 8) };
    own.row_writes(&[RowWrite::UserRoom(removed.clone())]).await;
    let kept = UserRoom {
        level: Level::Mentions,
        quiet_until: Some(Timestamp(9)),
        hidden: true,
        read_seq: 5,
        read_n: 4,
        mentions: vec![7],
        ..removed
    };
    assert_eq!(store.rooms.user_room(user, room).await, Ok(Some(kept.clone())));
    own.row_writes(&[RowWrite::RoomSettings { room, level: Level::All, quiet_until: None, hidden: false }]).await;
    let loud = UserRoom { level: Level::All, quiet_until: None, hidden: false, ..kept };
    assert_eq!(store.rooms.user_room(user, room).await, Ok(Some(loud)), "a quiet time can end");
}

pub async fn a_join_raises_the_mark(store: Store) {
    let (room, user) = (a_room(), a_user());
    let mut own = LogWriter::new(&store, LogId::User(user)).await;
    let joined = |rev, read_seq, read_n| UserRoom { read_seq, read_n, ..own_room(room, MemberState::Joined, rev) };
    let mark = async || {
        let row = store.rooms.user_room(user, room).await.expect("a read").expect("the row");
        let mut marks = store.marks.marks(room, &[user]).await.expect("a read");
        let mark = marks.pop().expect("the row").1;
        assert_eq!((row.read_seq, row.read_n, &row.mentions), (mark.read_seq, mark.read_n, &mark.mentions));
        (row.rev, mark.read_seq, mark.read_n, mark.mentions)
    };

    own.row_writes(&[RowWrite::UserRoom(joined(4, 4, 3))]).await;
    assert_eq!(mark().await, (4, 4, 3, vec![]), "a new row has the given mark");
    for seq in [7, 20] {
        store.marks.add_mention(user, room, seq).await.expect("a mention");
    }
    own.row_writes(&[RowWrite::UserRoom(joined(8, 0, 0))]).await;
    assert_eq!(mark().await, (8, 4, 3, vec![7, 20]), "no mark raises nothing");
    own.row_writes(&[RowWrite::UserRoom(joined(12, 12, 9))]).await;
    assert_eq!(mark().await, (12, 12, 9, vec![20]), "mentions up to it are read");
    store.marks.mark_read(user, room, 15, 11).await.expect("a mark");
    own.row_writes(&[RowWrite::UserRoom(joined(13, 13, 10))]).await;
    assert_eq!(mark().await, (13, 15, 11, vec![20]), "a higher one stays, and the row is still written");
    own.row_writes(&[RowWrite::UserRoom(joined(5, 30, 30))]).await;
    assert_eq!(mark().await, (13, 15, 11, vec![20]), "an older row has no effect");
}

pub async fn an_older_own_row_is_ignored(store: Store) {
    let (room, user) = (a_room(), a_user());
    let mut own = LogWriter::new(&store, LogId::User(user)).await;
    own.row_writes(&[RowWrite::UserRoom(own_room(room, MemberState::Banned, 9))]).await;
    own.row_writes(&[RowWrite::UserRoom(own_room(room, MemberState::Joined, 4))]).await;
    let row = store.rooms.user_room(user, room).await.expect("a read").expect("the row");
    assert_eq!((row.state, row.rev), (MemberState::Banned, 9));
}

pub async fn a_slug_has_one_room(store: Store) {
    let (tea, coffee) = (public_room(a_room(), "tea", "Tea"), public_room(a_room(), "coffee", "Coffee"));
    let mut tea_log = a_room_with(&store, &tea, &[]).await;
    let mut coffee_log = a_room_with(&store, &coffee, &[]).await;
    let claim = public_room(coffee.id, "tea", "Coffee");
    let refused = coffee_log.try_write(vec![Body::Room(claim.clone())], &[RowWrite::Room(claim.clone())]).await;
    assert_eq!(refused, Err(AppendError::Taken("slug")));
    let moved = public_room(tea.id, "green-tea", "Tea");
    tea_log.row_writes(&[RowWrite::Room(moved.clone())]).await;
    coffee_log.row_writes(&[RowWrite::Room(claim.clone())]).await;
    assert_eq!(store.rooms.room_by_slug(&slug("tea")).await, Ok(Some(claim)));
    assert_eq!(store.rooms.room_by_slug(&slug("green-tea")).await, Ok(Some(moved)));
    assert_eq!(store.rooms.room_by_slug(&slug("coffee")).await, Ok(None));
}

pub async fn concurrent_claims_of_a_slug_have_one_winner(store: Store) {
    for round in 0..5 {
        let name = format!("race-{round}");
        let begin = Arc::new(Barrier::new(8));
        let claims: Vec<_> = (0..8)
            .map(|_| {
                let (store, begin, name) = (store.clone(), begin.clone(), name.clone());
                tokio::spawn(async move {
                    let room = public_room(a_room(), &name, "Race");
                    let mut log_writer = LogWriter::new(&store, LogId::Room(room.id)).await;
                    begin.wait().await;
                    log_writer
                        .try_write(vec![Body::Room(room.clone())], &[RowWrite::Room(room.clone())])
                        .await
                        .map(|_| room)
                })
            })
            .collect();
        let mut winners = Vec::new();
        for claim in claims {
            match claim.await.expect("a claim ends") {
                Ok(room) => winners.push(room),
                Err(refused) => assert_eq!(refused, AppendError::Taken("slug")),
            }
        }
        assert_eq!(winners.len(), 1, "one of them");
        assert_eq!(store.rooms.room_by_slug(&slug(&name)).await, Ok(winners.pop()));
    }
}

pub async fn a_refused_slug_writes_nothing(store: Store) {
    a_room_with(&store, &public_room(a_room(), "tea", "Tea"), &[]).await;
    let (room, user) = (public_room(a_room(), "tea", "Mine"), a_user());
    let mut log_writer = LogWriter::new(&store, LogId::Room(room.id)).await;
    let row_writes = [RowWrite::Member(member(user, MemberState::Joined)), RowWrite::Room(room.clone())];
    let refused = log_writer.try_write(vec![Body::Room(room.clone())], &row_writes).await;
    assert_eq!(refused, Err(AppendError::Taken("slug")));
    assert_eq!(store.log.tip(log_writer.log).await, Ok(log_writer.tip));
    assert_eq!(store.rooms.member(room.id, user).await, Ok(None));
    assert_eq!(store.rooms.room(room.id).await, Ok(None));
    assert_eq!(store.log.read(log_writer.log, 1, 9).await, Ok(Vec::new()));
}

pub async fn a_file_is_sent_once_and_by_its_owner(store: Store) {
    let room = a_room();
    let mut log_writer = LogWriter::new(&store, LogId::Room(room)).await;
    let mine = file(room, log_writer.by, 1);
    let others = file(room, a_user(), 2);
    let elsewhere = file(a_room(), log_writer.by, 3);
    let unfinished = file(room, log_writer.by, 4);
    for row in [&mine, &others, &elsewhere, &unfinished] {
        assert_eq!(store.files.put(row, Quota::NONE).await, Ok(Charged::Done), "a row");
    }
    for row in [&mine, &others, &elsewhere] {
        assert_eq!(store.files.complete(row, Quota::NONE).await, Ok(Charged::Done), "complete");
    }
    let all = [mine.id, others.id, elsewhere.id, unfinished.id];
    let sent: Vec<RowWrite> = all.iter().map(|file| RowWrite::FileSent { file: *file, seq: 1 }).collect();
    log_writer.write(vec![text("look")], &sent).await;
    let again: Vec<RowWrite> = all.iter().map(|file| RowWrite::FileSent { file: *file, seq: 2 }).collect();
    log_writer.write(vec![text("again")], &again).await;
    let state = async |id| {
        let row = store.files.get(id).await.expect("a read").expect("the row");
        (row.state, row.seq)
    };
    assert_eq!(state(mine.id).await, (FileState::Sent, Some(1)));
    assert_eq!(state(others.id).await, (FileState::Unsent, None));
    assert_eq!(state(elsewhere.id).await, (FileState::Unsent, None));
    assert_eq!(state(unfinished.id).await, (FileState::Uploading, None));
    log_writer.row_writes(&all.map(|file| RowWrite::FileDropped { file })).await;
    assert_eq!(state(mine.id).await, (FileState::Dropped, Some(1)));
    assert_eq!(state(elsewhere.id).await, (FileState::Unsent, None), "it is of another room");
}

pub async fn all_read_spares_new_notifications(store: Store) {
    let user = a_user();
    let mut own = LogWriter::new(&store, LogId::User(user)).await;
    let (old, new) = (a_notification(1, 5), a_notification(2, 6));
    own.row_writes(&[RowWrite::Notification(old.clone())]).await;
    own.row_writes(&[RowWrite::Notification(new.clone()), RowWrite::NotificationRead { key: None, at: Timestamp(50) }])
        .await;
    let read = store.notifications.get(user, old.key).await.expect("a read").expect("there");
    assert_eq!(read.read_at, Some(Timestamp(50)));
    assert_eq!(
        store.notifications.get(user, new.key).await,
        Ok(Some(new)),
        "its own row write sets whether it was read"
    );
}

/// Returns a mention.
pub fn a_notification(at: i64, seq: u64) -> Notification {
    let room = a_room();
    Notification {
        key: NotificationKey { at: Timestamp(at), room: room.0, seq },
        kind: NotificationKind::Mention,
        notif_type: None,
        room: Some(room),
        seq: Some(seq),
        from: Some(a_user()),
        title: "ada in tea".into(),
        body: "hi".into(),
        rev: 0,
        read_at: None,
    }
}
