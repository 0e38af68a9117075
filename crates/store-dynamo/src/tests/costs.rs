//! Measures what operations cost: the table of the README, line by line.

use std::time::Duration;

use conformance::suite::world::{
    LogWriter, a_room, a_room_with, a_user, emoji, member, message, own_room, plain_room, text,
};
use domain::{
    Body, LogId, MemberState, Notification, NotificationKey, NotificationKind, Reaction, Role, RoomId, RoomKind,
    RowWrite, Timestamp, UserId,
};
use service::ports::Store;

use super::world::on_dynamodb_local;
use crate::{DynamoSettings, DynamoStore, Hints, Units, create_table};

/// Dollars for a million units, on demand in us-east-1.
const WRITE_DOLLARS: f64 = 0.625;
const READ_DOLLARS: f64 = 0.125;

/// Measures one operation after the other.
struct Bill {
    dynamo: DynamoStore,
    store: Store,
    lines: Vec<String>,
}

impl Bill {
    async fn open() -> Bill {
        // The hint of a head is one write a minute and room: a line of its own.
        let settings = DynamoSettings { hints: Hints::WhenAsked, ..on_dynamodb_local() };
        create_table(&settings).await.expect("a table");
        let dynamo = DynamoStore::open(settings).await.expect("the table is there");
        Bill { store: dynamo.store(), dynamo, lines: Vec::new() }
    }

    /// What was used since `before`, at most this: a line of the table, for `share` things at once.
    fn line(&mut self, what: &str, before: Units, most: Units, share: f64) {
        let after = self.dynamo.units();
        let used = Units { write: after.write - before.write, read: after.read - before.read };
        let dollars = (used.write * WRITE_DOLLARS + used.read * READ_DOLLARS) / share;
        self.lines.push(format!("| {what} | {} | {} | {dollars:.2} |", used.write, used.read));
        assert!(used.write <= most.write && used.read <= most.read, "{what}: {used:?}, not {most:?}");
    }

    fn units(&self) -> Units {
        self.dynamo.units()
    }

    /// A log with an entry, whose hint is written.
    async fn room(&self) -> LogWriter {
        let mut log_writer = LogWriter::new(&self.store, LogId::Room(a_room())).await;
        log_writer.say("begins").await;
        log_writer
    }
}

fn units(write: f64, read: f64) -> Units {
    Units { write, read }
}

fn of_200_bytes() -> Body {
    text(&"tea ".repeat(50))
}

/// A short one: some thirteen of them fill a chunk.
fn messages(count: usize) -> Vec<Body> {
    (0..count).map(|_| of_200_bytes()).collect()
}

async fn edited(store: &Store, log: LogId, target: u64, rev: u64, delete: bool) -> RowWrite {
    let mut entry = store.log.messages(log, &[target]).await.expect("a read").remove(0);
    if delete {
        entry.body.blank();
    }
    if let Body::Message(content) = &mut entry.body {
        content.rev = rev;
        if !delete {
            content.text = message(&"TEA ".repeat(50)).text;
        }
    }
    RowWrite::Message(entry)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_cost_what_the_table_says() {
    let mut bill = Bill::open().await;
    let store = bill.store.clone();

    let mut log_writer = bill.room().await;
    let before = bill.units();
    log_writer.write(messages(1), &[]).await;
    bill.line("plain message of 200 B", before, units(1.0, 0.0), 1.0);

    for (count, most) in [(13, 4.0), (20, 6.0)] {
        let before = bill.units();
        log_writer.write(messages(count), &[]).await;
        bill.line(&format!("{count} messages that commit together, each"), before, units(most, 0.0), count as f64);
    }

    let mut log_writer = bill.room().await;
    let alone = log_writer.write(messages(1), &[]).await;
    let chunked = log_writer.write(messages(13), &[]).await;
    for (what, target, most) in [("alone", alone, 4.0), ("in a chunk of 13", chunked, 10.0)] {
        for (change, delete) in [("edit", false), ("delete", true)] {
            let row_write = edited(&store, log_writer.log, target, log_writer.tip.seq() + 1, delete).await;
            let body = if delete { Body::delete(target) } else { Body::edit(target) };
            let before = bill.units();
            log_writer.write(vec![body], &[row_write]).await;
            bill.line(&format!("{change}, {what}"), before, units(most, 1.0), 1.0);
        }
    }

    let (room, user) = (plain_room(a_room(), RoomKind::Private), a_user());
    let mut log_writer = a_room_with(&store, &room, &[]).await;
    let mut own = LogWriter::new(&store, LogId::User(user)).await;
    own.write(vec![Body::SessionEnded { session: None }], &[]).await;
    let before = bill.units();
    let joined = Body::Member { user, state: MemberState::Joined, role: Role::Member, muted_until: None, why: None };
    log_writer.write(vec![joined], &[RowWrite::Member(member(user, MemberState::Joined))]).await;
    bill.line("join", before, units(4.0, 0.0), 1.0);
    let before = bill.units();
    let row = own_room(room.id, MemberState::Joined, log_writer.tip.seq());
    store.rooms.user_room(user, room.id).await.expect("a read");
    own.write(vec![Body::UserRoom(row.clone())], &[RowWrite::UserRoom(row)]).await;
    bill.line("its own-log entry with the ROOM row", before, units(4.0, 1.0), 1.0);

    let before = bill.units();
    store.marks.mark_read(user, room.id, 2, 1).await.expect("marked");
    bill.line("read mark", before, units(1.0, 0.0), 1.0);

    let before = bill.units();
    let new = mention(room.id, user);
    store.notifications.known(user, new.key).await.expect("a read");
    own.write(vec![Body::NotificationAdded(new.clone())], &[RowWrite::Notification(new.clone())]).await;
    bill.line("mention: own-log entry with its row", before, units(4.0, 1.0), 1.0);

    let before = bill.units();
    let new = Notification { rev: 9, ..new };
    store.notifications.get(user, new.key).await.expect("a read");
    own.write(vec![Body::NotificationChanged(new.clone())], &[RowWrite::NotificationChanged(new.clone())]).await;
    bill.line("its message is edited: own-log entry with its row", before, units(4.0, 1.0), 1.0);
    let before = bill.units();
    store.notifications.get(user, new.key).await.expect("a read");
    let gone = RowWrite::NotificationDropped { key: new.key, expires: Timestamp(1_900_000_000_000) };
    own.write(vec![Body::NotificationGone { key: new.key }], &[gone]).await;
    bill.line("its message is deleted: own-log entry with its row", before, units(4.0, 1.0), 1.0);

    notifications(&mut bill).await;

    pages(&mut bill).await;
    welcome(&mut bill).await;

    println!("| operation | WRU | RRU | $ per million |\n|---|---|---|---|\n{}", bill.lines.join("\n"));
}

/// A page of 50 notifications, with what their messages say, of one room and of 50.
async fn notifications(bill: &mut Bill) {
    let store = bill.store.clone();
    for (what, count, most) in [("one room", 1, 12.0), ("50 rooms", 50, 106.0)] {
        let user = a_user();
        let (mut rooms, mut places) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let room = plain_room(a_room(), RoomKind::Private);
            let mut log_writer = a_room_with(&store, &room, &[user]).await;
            for _ in 0..50 / count {
                places.push((room.id, log_writer.write(messages(1), &[]).await));
            }
            rooms.push(room.id);
        }
        let mut own = LogWriter::new(&store, LogId::User(user)).await;
        for (room, seq) in &places {
            let key = NotificationKey { at: Timestamp(1_800_000_000_000), room: room.0, seq: *seq };
            let new = Notification { key, seq: Some(*seq), ..mention(*room, user) };
            own.write(vec![Body::NotificationAdded(new.clone())], &[RowWrite::Notification(new)]).await;
        }
        let before = bill.units();
        assert_eq!(store.notifications.list(user, false, None, 50).await.expect("a page").items.len(), 50);
        assert_eq!(store.log.messages_of(&places).await.expect("a read").len(), 50);
        assert_eq!(store.rooms.memberships(user, &rooms).await.expect("a read").len(), count);
        bill.line(&format!("page of 50 notifications of {what}"), before, units(0.0, most), 1.0);
    }
}

/// A page of history, of messages that were committed alone and of chunks.
async fn pages(bill: &mut Bill) {
    let store = bill.store.clone();
    for (what, together, most) in [("alone", 1, 5.0), ("in chunks", 13, 6.0)] {
        let mut log_writer = bill.room().await;
        for _ in 0..(78 / together) {
            log_writer.write(messages(together), &[]).await;
        }
        let before = bill.units();
        let page = store.log.read_back(log_writer.log, 76, 50).await.expect("a page");
        assert_eq!(page.len(), 50);
        bill.line(&format!("page of 50, {what}"), before, units(0.0, most), 1.0);
    }
    let mut log_writer = bill.room().await;
    let mut liked = message(&"tea ".repeat(50));
    liked.reactions = vec![Reaction { emoji: emoji("🍵"), n: 3, users: vec![a_user(), a_user(), a_user()] }];
    for _ in 0..52 {
        log_writer.write(vec![Body::Message(liked.clone())], &[]).await;
    }
    let before = bill.units();
    assert_eq!(store.log.read_back(log_writer.log, 52, 50).await.expect("a page").len(), 50);
    bill.line("page of 50, each with three reactions", before, units(0.0, 8.0), 1.0);
}

/// What the welcome of a user with many rooms reads.
async fn welcome(bill: &mut Bill) {
    let store = bill.store.clone();
    let user = a_user();
    for number in 0..100 {
        let room = conformance::suite::world::public_room(a_room(), &format!("room-{number}"), "A room of some name");
        a_room_with(&store, &room, &[user]).await;
    }
    let before = bill.units();
    assert_eq!(store.rooms.user_rooms(user, None, 100).await.expect("a list").len(), 100);
    bill.line("welcome with 100 rooms", before, units(0.0, 60.0), 1.0);
}

fn mention(room: RoomId, from: UserId) -> Notification {
    Notification {
        key: NotificationKey { at: Timestamp(1_800_000_000_000), room: room.0, seq: 7 },
        kind: NotificationKind::Mention,
        notif_type: None,
        room: Some(room),
        seq: Some(7),
        from: Some(from),
        title: "ada in tea".into(),
        body: String::new(),
        rev: 7,
        read_at: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_log_writes_chunks() {
    let settings = DynamoSettings { pace: Duration::from_millis(50), ..on_dynamodb_local() };
    let pace = settings.pace;
    create_table(&settings).await.expect("a table");
    let store = DynamoStore::open(settings).await.expect("the table is there").store();
    let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    log_writer.say("begins").await;
    let begun = std::time::Instant::now();
    for _ in 0..6 {
        log_writer.say("busy").await;
    }
    assert!(begun.elapsed() >= pace * 5, "commits begin {pace:?} apart: six took {:?}", begun.elapsed());
    // It does not delay other logs.
    let others = (0..20).map(|_| async {
        let mut quiet = LogWriter::new(&store, LogId::Room(a_room())).await;
        quiet.say("quiet").await
    });
    assert_eq!(futures_util::future::join_all(others).await, vec![1; 20]);
}
