//! Measures, in units, what a change costs on its way through `service::Logs` when its appender has just started.

use std::sync::Arc;

use conformance::suite::world::{LogWriter, a_room, a_room_with, an_entry, own_room, person, plain_room, text};
use domain::limits::Limits;
use domain::{Actor, Body, Change, Code, Intent, LogId, MemberState, OwnChange, RoomKind, Seq, UserId};
use service::limits::REPLAY_BYTES;
use service::ports::Store;
use service::{Logs, SystemClock};

use super::world::{TestStore, on_dynamodb_local};
use crate::Units;

struct Table {
    opened: TestStore,
    store: Store,
    user: UserId,
}

impl Table {
    async fn open() -> Table {
        let opened = TestStore::open(on_dynamodb_local()).await.expect("the store opens");
        let (store, new) = (opened.dynamo.store(), person("ada"));
        store
            .users
            .create_user(&service::ports::UserRecord {
                user: new.user.clone(),
                email: None,
                sign_in_email: None,
                password_hash: None,
            })
            .await
            .expect("a user");
        Table { opened, store, user: new.user.id }
    }

    /// Creates a room of the user with messages of 200 bytes.
    async fn room(&self, messages: usize) -> LogWriter {
        let mut log_writer = a_room_with(&self.store, &plain_room(a_room(), RoomKind::Private), &[self.user]).await;
        let all: Vec<Body> = (0..messages).map(|_| text(&"tea ".repeat(50))).collect();
        for some in all.chunks(500) {
            log_writer.write(some.to_vec(), &[]).await;
        }
        log_writer
    }

    fn logs(&self, limits: Limits) -> Arc<Logs> {
        Logs::new(self.store.clone(), Arc::new(SystemClock), limits)
    }

    fn send(&self, seen: Option<Seq>) -> Change {
        let by = Actor { user: self.user, session: None, admin: false, guest: false };
        let words = "tea ".repeat(50).try_into().expect("valid");
        let intent = Intent::Send { text: words, reply_to: None, thread: None, files: Vec::new() };
        Change { by, id: an_entry(), seen, epoch: None, intent }
    }

    /// Returns what a change costs on a node that has just started.
    async fn cost(&self, what: &str, log: LogId, change: Change) -> Units {
        let logs = self.logs(Limits::default());
        let before = self.opened.dynamo.units();
        let answer = logs.submit(log, change).await;
        assert!(answer.is_ok(), "{what}: {answer:?}");
        let after = self.opened.dynamo.units();
        let used = Units { write: after.write - before.write, read: after.read - before.read };
        println!("{what}: {} WRU, {} RRU", used.write, used.read);
        used
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_in_a_quiet_room_costs_its_write_and_three_reads() {
    let table = Table::open().await;
    let log_writer = table.room(1_000).await;
    let head = log_writer.tip.seq();
    let used = table.cost("a message of one who has seen all", log_writer.log, table.send(Some(head))).await;
    assert!(used.write <= 1.0 && used.read <= 3.0, "{used:?}");
    let used = table.cost("a message of one who does not say", log_writer.log, table.send(None)).await;
    assert!(used.write <= 1.0 && used.read <= 3.0, "{used:?}");
    let used = table.cost("a message of one who has missed five", log_writer.log, table.send(Some(head - 3))).await;
    assert!(used.write <= 1.0 && used.read <= 6.0, "{used:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_a_user_log_reads_its_end_and_its_row() {
    let table = Table::open().await;
    let room = a_room();
    let mut own = LogWriter::new(&table.store, LogId::User(table.user)).await;
    for _ in 0..12 {
        let note = Body::Setting { name: "note".into(), value: "tea ".repeat(40).into() };
        own.write((0..50).map(|_| note.clone()).collect(), &[]).await;
    }
    let row = own_room(room, MemberState::Joined, 7);
    let change = Change { by: Actor::SYSTEM, intent: Intent::Own(OwnChange::Room { row }), ..table.send(None) };
    let used = table.cost("a room for a user's list", own.log, change).await;
    assert!(used.write <= 4.0 && used.read <= 2.0, "{used:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_is_charged_to_its_user_by_its_units() {
    let table = Table::open().await;
    let (long, short) = (table.room(4_000).await, table.room(700).await);
    let scan = |log_writer: &LogWriter| (log_writer.log, table.send(Some(2)));
    let (log, change) = scan(&long);
    let used = table.cost("a scan of 4,000 entries", log, change).await;
    assert!(used.read > 200.0, "{used:?}");

    // It counts as four scans: one, and one more for each 64 units.
    let logs = table.logs(Limits { scans_per_10s: 2, ..Limits::default() });
    let (log, change) = scan(&long);
    assert!(logs.submit(log, change).await.is_ok());
    let (log, change) = scan(&short);
    assert_eq!(logs.submit(log, change).await.expect_err("too expensive").code, Code::RateLimited);

    let logs = table.logs(Limits { scans_per_10s: 2, ..Limits::default() });
    for _ in 0..2 {
        let (log, change) = scan(&short);
        assert!(logs.submit(log, change).await.is_ok(), "a short one counts as one");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_of_a_frame_costs_little_more_than_its_bytes() {
    let table = Table::open().await;
    // 64 KiB are 16 units. The store may read as much again.
    for (what, bytes, together) in [("alone", 2_000, 1), ("in chunks", 200, 13), ("in chunks of long ones", 1_500, 2)] {
        let mut log_writer = LogWriter::new(&table.store, LogId::Room(a_room())).await;
        for _ in 0..400 / together {
            log_writer.write((0..together).map(|_| text(&"x".repeat(bytes))).collect(), &[]).await;
        }
        let before = table.opened.dynamo.units().read;
        let read =
            table.store.log.read_within(log_writer.log, 8, log_writer.tip.seq(), REPLAY_BYTES).await.expect("a read");
        let used = table.opened.dynamo.units().read - before;
        println!("{} entries of {bytes} bytes, {what}: {used} RRU", read.len());
        assert!(used <= 33.0, "{what}: {used}");
        assert!(read.len() * (bytes + 250) >= REPLAY_BYTES * 3 / 4, "{}", read.len());
    }
}
