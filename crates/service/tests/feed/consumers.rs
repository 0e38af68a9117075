//! What consumers do with entries that arrive late or repeatedly.

use domain::limits::REQUESTS_LISTED;
use domain::{Epoch, MemberState, Request};
use service::feed::{Batch, Stopped};

use super::*;

async fn log_of(store: &Store, room: RoomId) -> (Epoch, Vec<domain::Entry>) {
    let tip = store.log.tip(LogId::Room(room)).await.expect("reads");
    let entries = store.log.read(LogId::Room(room), 1, tip.seq()).await.expect("reads");
    (tip.epoch(), entries)
}

#[tokio::test(start_paused = true)]
async fn a_row_never_goes_back_to_an_older_entry() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::new(&memory, "a");
    let room = node.room(RoomKind::Public, &[]).await;
    node.does(BOB, room, Intent::Join).await;
    let left = node.does(BOB, room, Intent::Leave).await;
    let last = node.does(BOB, room, Intent::Join).await;
    let (epoch, entries) = log_of(&store, room).await;
    let give = async |entries: &[domain::Entry]| {
        node.own_rooms.consume(&Batch { room, epoch, entries }).await.expect("the store answers");
        let row = store.rooms.user_room(BOB, room).await.expect("reads");
        row.map(|row| (row.state, row.rev))
    };
    assert_eq!(give(&entries).await, Some((MemberState::Joined, last)));
    // Again from the beginning, one by one, backwards: as after a crash, and as two readers would.
    for entry in entries.iter().chain(entries.iter().rev()) {
        assert_eq!(give(std::slice::from_ref(entry)).await, Some((MemberState::Joined, last)));
    }
    let (_, rooms) = announced(&store, BOB).await;
    assert_eq!(rooms, [(room, left), (room, last)], "each once; the leave, since it makes the join one");
}

async fn mark(store: &Store, user: UserId, room: RoomId) -> (Seq, u64) {
    let row = store.rooms.user_room(user, room).await.expect("reads").expect("the room is listed");
    (row.read_seq, row.read_n)
}

#[tokio::test(start_paused = true)]
async fn earlier_messages_count_as_read_for_a_new_member() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::new(&memory, "a");
    let room = node.room(RoomKind::Public, &[]).await;
    node.says(ADA, room, "one").await;
    node.says(ADA, room, "two").await;
    let joined = node.does(BOB, room, Intent::Join).await;
    node.says(ADA, room, "three").await;
    // A later change of the membership, read in the same batch, is not a join.
    node.does(ADA, room, Intent::SetRole { user: BOB, role: Role::Moderator }).await;
    assert_eq!(node.catch_up.rooms(&[room]).await, []);
    assert_eq!(mark(&store, BOB, room).await, (joined, 2), "only the third message is unread");

    node.does(ADA, room, Intent::SetRole { user: BOB, role: Role::Member }).await;
    assert_eq!(node.catch_up.rooms(&[room]).await, []);
    assert_eq!(mark(&store, BOB, room).await, (joined, 2), "nor is one in a batch of its own");

    // Left and rejoined within one batch.
    node.does(BOB, room, Intent::Leave).await;
    node.says(ADA, room, "four").await;
    let again = node.does(BOB, room, Intent::Join).await;
    assert_eq!(node.catch_up.rooms(&[room]).await, []);
    assert_eq!(mark(&store, BOB, room).await, (again, 4));
    store.marks.mark_read(BOB, room, again + 7, 9).await.expect("a mark");
    let (epoch, entries) = log_of(&store, room).await;
    node.own_rooms.consume(&Batch { room, epoch, entries: &entries }).await.expect("the store answers");
    assert_eq!(mark(&store, BOB, room).await, (again + 7, 9), "a repeat lowers nothing");
}

#[tokio::test(start_paused = true)]
async fn an_invitation_marks_nothing_until_it_is_accepted() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::new(&memory, "a");
    let room = node.room(RoomKind::Private, &[]).await;
    node.says(ADA, room, "one").await;
    node.does(ADA, room, invite(BOB)).await;
    assert_eq!(node.catch_up.rooms(&[room]).await, []);
    assert_eq!(mark(&store, BOB, room).await, (0, 0));
    node.says(ADA, room, "two").await;
    let joined = node.does(BOB, room, Intent::Join).await;
    assert_eq!(node.catch_up.rooms(&[room]).await, []);
    assert_eq!(mark(&store, BOB, room).await, (joined, 2));
    let direct = node.direct(EVE).await;
    assert_eq!(node.catch_up.rooms(&[direct]).await, []);
    assert!(mark(&store, EVE, direct).await.0 > 0, "both begin at the head");
    assert!(mark(&store, ADA, direct).await.0 > 0);
}

#[tokio::test(start_paused = true)]
async fn entries_given_one_by_one_announce_each_change() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::new(&memory, "a");
    let room = node.room(RoomKind::Public, &[]).await;
    let seqs = [node.does(BOB, room, Intent::Join).await, node.does(BOB, room, Intent::Leave).await];
    let (epoch, entries) = log_of(&store, room).await;
    for entry in &entries {
        let batch = Batch { room, epoch, entries: std::slice::from_ref(entry) };
        node.own_rooms.consume(&batch).await.expect("the store answers");
    }
    assert_eq!(announced(&store, BOB).await.1, seqs.map(|seq| (room, seq)));
    assert_eq!(store.rooms.user_rooms(BOB, None, 10).await.expect("reads"), []);
}

#[tokio::test(start_paused = true)]
async fn a_notification_is_not_announced_again() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::new(&memory, "a");
    let room = node.room(RoomKind::Public, &[]).await;
    node.does(BOB, room, Intent::Join).await;
    for _ in 0..3 {
        node.says(ADA, room, "@bob").await;
    }
    let (epoch, entries) = log_of(&store, room).await;
    for _ in 0..3 {
        node.own_rooms.consume(&Batch { room, epoch, entries: &entries }).await.expect("the store answers");
        node.notify.consume(&Batch { room, epoch, entries: &entries }).await.expect("the store answers");
    }
    assert_eq!(announced(&store, BOB).await.0.len(), 3);
    // A deleted one does not come back either.
    let key = notifications(&store, BOB).await[0].key;
    node.ask(BOB, LogId::User(BOB), Intent::Own(OwnChange::NotificationDrop(key))).await.expect("there");
    node.notify.consume(&Batch { room, epoch, entries: &entries }).await.expect("the store answers");
    assert_eq!(notifications(&store, BOB).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_reports_where_it_stopped() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::new(&memory, "a");
    let room = node.room(RoomKind::Public, &[]).await;
    let joined = node.does(BOB, room, Intent::Join).await;
    let (epoch, entries) = log_of(&store, room).await;
    memory.set_down(true);
    let later = &entries[joined as usize - 1..];
    let stopped = node.own_rooms.consume(&Batch { room, epoch, entries: later }).await.expect_err("the store is down");
    assert!(
        matches!(&stopped, Stopped { done, refusal } if *done == joined - 1 && refusal.code.is_transient()),
        "{stopped:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn entries_of_another_epoch_change_nothing() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::new(&memory, "a");
    let room = node.room(RoomKind::Public, &[]).await;
    let backup = memory.snapshot();
    node.does(BOB, room, Intent::Join).await;
    let (epoch, entries) = log_of(&store, room).await;
    memory.restore(&backup);
    let given = node.own_rooms.consume(&Batch { room, epoch, entries: &entries }).await;
    assert!(given.is_err(), "the entries are not of this store");
    assert_eq!(store.rooms.user_room(BOB, room).await.expect("reads"), None);
}

#[tokio::test(start_paused = true)]
async fn a_direct_room_is_a_request_until_it_is_answered_whatever_is_repeated() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::new(&memory, "a");
    let room = node.direct(BOB).await;
    let first = node.says(ADA, room, "hello").await;
    let (epoch, created) = log_of(&store, room).await;
    assert_eq!(node.catch_up.rooms(&[room]).await, []);
    let request = async |user| store.rooms.user_room(user, room).await.expect("reads").expect("listed").request;
    assert!(matches!(request(BOB).await, Some(Request::Pending { .. })));
    assert_eq!(request(ADA).await, None, "the user who opened the room has no request");

    node.does(BOB, room, Intent::React { target: first, emoji: thumb(), on: true }).await;
    assert_eq!(node.catch_up.rooms(&[room]).await, []);
    assert_eq!(request(BOB).await, None);
    node.own_rooms.consume(&Batch { room, epoch, entries: &created }).await.expect("the store answers");
    assert_eq!(request(BOB).await, None, "the room's creation is consumed again");
}

#[tokio::test(start_paused = true)]
async fn the_oldest_requests_beyond_the_limit_are_ignored() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::new(&memory, "a");
    let mut rooms = Vec::new();
    for _ in 0..REQUESTS_LISTED + 3 {
        let room = node.room(RoomKind::Private, &[]).await;
        node.does(ADA, room, invite(BOB)).await;
        assert_eq!(node.catch_up.rooms(&[room]).await, []);
        rooms.push(room);
    }
    let pending = store.rooms.requests(BOB).await.expect("reads");
    assert_eq!(pending.len(), REQUESTS_LISTED);
    let ignored = async |room| store.rooms.user_room(BOB, room).await.expect("reads").expect("a row").request;
    let mut states = Vec::new();
    for room in &rooms {
        states.push(ignored(*room).await == Some(Request::Ignored));
    }
    assert_eq!(states.iter().filter(|ignored| **ignored).count(), 3);
    assert!(!states[states.len() - 1], "the newest is listed");
}
