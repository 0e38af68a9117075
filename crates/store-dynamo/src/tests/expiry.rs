//! Rows that expire: the table's time to live removes them, and until then they are ignored. With today's times: rows
//! that expired five years ago are kept, on AWS as on its emulator.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::{LogId, RowWrite, Timestamp};
use service::ports::{Connection, NodeRow, SessionRecord, SocketState, Ticket};
use tokio::time::Instant;

use super::world::{TestStore, settings};
use conformance::suite::row_writes::a_notification;
use conformance::suite::world::{LogWriter, a_room, a_session, a_user};

/// DynamoDB Local looks every ten seconds; AWS takes up to days.
const WITHIN: Duration = Duration::from_secs(120);

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970");
    Timestamp(since.as_millis() as i64)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_rows_are_removed_and_others_are_not() {
    // A server of its own: it looks through one table after the other.
    let server = local_servers::DynamoDbLocal::start();
    let opened = TestStore::open(settings(server.endpoint())).await.expect("the store opens");
    let store = opened.store();
    let (user, room) = (a_user(), a_room());
    let over = Timestamp(now().0 - 10_000);
    let later = now() + Duration::from_secs(3_600);
    let session = |expires_at| SessionRecord {
        id: a_session(),
        user,
        current: [1; 32],
        previous: None,
        previous_expires_at: None,
        rotated_at: over,
        created_at: over,
        expires_at,
        revoked: false,
        signed_out: false,
        device: String::new(),
    };
    let (old, new) = (session(over), session(later));
    let key = a_notification(now().0, 5).key;
    let mut own = LogWriter::new(&store, LogId::User(user)).await;
    own.row_writes(&[RowWrite::NotificationDropped { key, expires: over }]).await;
    for (hash, row) in [(1, &old), (2, &new)] {
        store.sessions.open(row).await.expect("opened");
        let ticket = Ticket { hash: [hash; 32], session: row.id, user, expires_at: row.expires_at };
        store.sessions.put_ticket(&ticket).await.expect("put");
        let id = hash.to_string();
        let socket = SocketState { id: id.clone(), state: "{}".into(), expires_at: row.expires_at };
        store.nodes.keep_socket(&socket, None).await.expect("kept");
        let connection = Connection { id, user, node: "a".into(), room: Some(room), expires_at: row.expires_at };
        store.nodes.put_connection(&connection).await.expect("put");
    }
    for (name, at) in [("gone", Timestamp(over.0 - 24 * 3_600_000)), ("here", now())] {
        let node = NodeRow { node: name.into(), endpoint: String::new(), at };
        store.nodes.beat(&node).await.expect("a beat");
    }
    assert_eq!(store.sessions.list(user, now()).await, Ok(vec![new.clone()]), "an expired session is ignored");
    assert_eq!(store.nodes.connections(user, now()).await.map(|list| list.len()), Ok(1));

    let until = Instant::now() + WITHIN;
    loop {
        // As far as their times go, all of these would be there in 1970.
        let then = Timestamp(0);
        let gone = [
            store.sessions.get(old.id).await == Ok(None),
            store.sessions.take_ticket([1; 32], then).await == Ok(None),
            store.nodes.socket("1", then).await == Ok(None),
            store.nodes.connections(user, then).await.map(|list| list.len()) == Ok(1),
            store.nodes.connections_in(room, then).await.map(|list| list.len()) == Ok(1),
            store.nodes.nodes(then, Duration::MAX).await.map(|list| list.len()) == Ok(1),
            store.notifications.known(user, key).await == Ok(false),
        ];
        if gone == [true; 7] {
            break;
        }
        assert!(Instant::now() < until, "{gone:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(store.sessions.get(new.id).await, Ok(Some(new)));
    assert!(store.sessions.take_ticket([2; 32], now()).await.expect("an answer").is_some());
    assert!(store.nodes.socket("2", now()).await.expect("an answer").is_some());
}
