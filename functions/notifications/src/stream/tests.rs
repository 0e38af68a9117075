use domain::limits::Limits;
use domain::name::UserName;
use domain::{Actor, Change as Asked, Intent, MemberState, Room, RoomKind, Timestamp, User, UserId, UserRole};
use parking_lot::Mutex;
use serde_json::{Value, json};
use service::feed::{Consumer, OwnRooms, Requests};
use service::ports::{Heard, NewUser, StoreError};
use service::{Clock, Ids, Logs, RoomKinds, SystemClock, UserCache};
use store_dynamo::HEAD_ATTRIBUTE;
use store_memory::MemoryStore;
use uuid::Uuid;

use super::*;

const ADA: UserId = UserId(Uuid::from_u128(1));

/// Records the rows that nodes would read; or a store that does not answer.
#[derive(Default)]
struct Rows {
    written: Mutex<Vec<(LogId, Seq)>>,
    away: bool,
}

#[async_trait]
impl ChangedRows for Rows {
    async fn write(&self, _: &str, heads: &[(LogId, Seq)]) -> StoreResult<()> {
        if self.away {
            return Err(StoreError::Unavailable { why: "away".into(), retry_ms: 1 });
        }
        self.written.lock().extend(heads);
        Ok(())
    }
}

struct World {
    memory: MemoryStore,
    logs: Arc<Logs>,
    rows: Arc<Rows>,
    heard: tokio::sync::mpsc::Receiver<Heard>,
    node: bus::InProcessBus,
    dispatcher: Dispatcher,
}

async fn world(away: bool) -> World {
    let memory = MemoryStore::new();
    let store = memory.store();
    let name = UserName::parse("ada").expect("valid");
    let role = UserRole::User;
    let user = User {
        id: ADA,
        name,
        display_name: None,
        guest: false,
        role,
        banned: false,
        deleted: false,
        created_at: Timestamp(0),
    };
    store
        .users
        .create_user(&NewUser { user, email: None, sign_in_email: None, password_hash: None })
        .await
        .expect("free");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let logs = Logs::new(store.clone(), clock.clone(), Limits::default());
    let (user_cache, kinds) = (UserCache::new(store.clone(), clock.clone()), RoomKinds::new(store.clone()));
    let requests = Requests::new(store.clone(), logs.clone(), user_cache, kinds);
    let consumers: Vec<Arc<dyn Consumer>> = vec![OwnRooms::new(store.clone(), logs.clone(), requests)];
    let catch_up = CatchUp::new(store.clone(), clock, consumers, "lambda".into());
    let broker = bus::Broker::new();
    let node = broker.endpoint();
    let heard = node.listen().expect("taken once");
    let rows = Arc::new(Rows { away, ..Rows::default() });
    let dispatcher = Dispatcher {
        name: "lambda".into(),
        log: store.log,
        catch_up,
        bus: Arc::new(broker.endpoint()),
        rows: rows.clone(),
    };
    World { memory, logs, rows, heard, node, dispatcher }
}

impl World {
    /// Creates a room of Ada's that no feed has seen.
    async fn room(&self) -> RoomId {
        let id = Ids::system().room();
        let room = Room {
            id,
            kind: RoomKind::Private,
            slug: None,
            name: Some(domain::name::RoomName::parse("Garden").expect("valid")),
            description: String::new(),
            archived: false,
            hides_past: false,
            slow_mode_s: 0,
            pair: None,
            rev: 0,
        };
        let intent = Intent::Create { room: Box::new(room), people: Vec::new() };
        let by = Actor { user: ADA, session: None, admin: false, guest: false };
        let change = Asked { by, id: Ids::system().entry(), seen: None, epoch: None, intent };
        self.logs.submit(LogId::Room(id), change).await.expect("accepted");
        id
    }

    async fn is_listed(&self, room: RoomId) -> bool {
        let row = self.memory.store().rooms.user_room(ADA, room).await.expect("reads");
        row.is_some_and(|row| row.state == MemberState::Joined)
    }
}

/// Returns a record as Lambda sends it; the keys and fields are those of `aws_lambda_events`' own fixture.
fn record(number: u64, name: &str, pk: &str, head: Option<u64>) -> Value {
    // An entry's sort key is its seq, with leading zeros.
    let sk = head.map_or("x".into(), |head| format!("{head:016}"));
    let mut image = json!({ "pk": { "S": pk }, "sk": { "S": sk }, "b": { "B": "AAEqQQ==" } });
    if let Some(head) = head {
        image[HEAD_ATTRIBUTE] = json!({ "N": head.to_string() });
    }
    json!({
        "eventID": "f07f8ca4b0b26cb9c4e5e77e69f274ee",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "userIdentity": { "type": "Service", "principalId": "dynamodb.amazonaws.com" },
        "dynamodb": {
            "ApproximateCreationDateTime": 1_480_642_020,
            "Keys": { "pk": { "S": pk }, "sk": { "S": sk } },
            "NewImage": image,
            "SequenceNumber": format!("140540000000000206328{number:04}"),
            "SizeBytes": 54,
            "StreamViewType": "NEW_IMAGE"
        },
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/palaver/stream/2016-12-01T00:00:00.000"
    })
}

fn event(records: &[Value]) -> StreamEvent {
    let event = json!({ "Records": records });
    // Checks that other parsers read it in the same way.
    let theirs: aws_lambda_events::dynamodb::Event = serde_json::from_value(event.clone()).expect("as Lambda sends it");
    assert_eq!(theirs.records.len(), records.len());
    serde_json::from_value(event).expect("an event")
}

fn again(answer: &StreamAnswer) -> Value {
    serde_json::to_value(answer).expect("plain data")
}

fn pk(room: RoomId) -> String {
    format!("LOG#{}", LogId::Room(room))
}

#[tokio::test]
async fn a_batch_notifies_the_nodes_and_feeds_its_rooms() {
    let mut world = world(false).await;
    let room = world.room().await;
    let me = LogId::User(ADA);
    world.node.subscribe(LogId::Room(room)).await;
    world.node.subscribe(me).await;
    let records = [
        record(1, "INSERT", &pk(room), Some(1)),
        record(2, "INSERT", &pk(room), Some(2)),
        record(3, "MODIFY", &pk(room), Some(9)),
        record(4, "INSERT", &format!("LOG#{me}"), Some(7)),
        record(5, "INSERT", "USER#somebody", None),
    ];
    let answer = world.dispatcher.event(event(&records)).await;
    assert_eq!(again(&answer), json!({ "batchItemFailures": [] }));
    assert!(world.is_listed(room).await);
    let mut written = world.rows.written.lock().clone();
    written.sort();
    let mut wanted = vec![(LogId::Room(room), 2), (me, 7)];
    wanted.sort();
    assert_eq!(written, wanted);
    let mut heads = Vec::new();
    while let Ok(Heard { message, .. }) = world.heard.try_recv() {
        if let BusMessage::Head { log, head, .. } = message {
            heads.push((log, head));
        }
    }
    heads.sort();
    assert_eq!(heads, wanted, "the users' logs too");
}

#[tokio::test]
async fn a_repeated_batch_has_no_further_effect() {
    let world = world(false).await;
    let room = world.room().await;
    let records = [record(1, "INSERT", &pk(room), Some(1))];
    for _ in 0..2 {
        world.dispatcher.event(event(&records)).await;
    }
    let own = world.memory.store().log.tip(LogId::User(ADA)).await.expect("reads");
    assert_eq!(own.seq(), 1);
}

#[tokio::test(start_paused = true)]
async fn only_rooms_that_could_not_be_fed_are_retried() {
    let world = world(false).await;
    let feed = world.memory.store().feed;
    let (mut held, mut free) = (Vec::new(), Vec::new());
    while held.is_empty() || free.is_empty() {
        let room = world.room().await;
        let shard = (room.0.as_u128() as usize) % service::limits::FEED_SHARDS;
        if shard == 0 { held.push(room) } else { free.push(room) }
    }
    // Another reader holds the first shard and is alive.
    let life = std::time::Duration::from_secs(3_600);
    feed.lease("feed/0", "another", SystemClock.now(), life).await.expect("answers").expect("it was free");
    let rooms: Vec<RoomId> = free.iter().chain(&held).copied().collect();
    let records: Vec<Value> =
        (1..).zip(&rooms).map(|(number, room)| record(number, "INSERT", &pk(*room), Some(1))).collect();
    let answer = world.dispatcher.event(event(&records)).await;
    let first_held = format!("140540000000000206328{:04}", free.len() + 1);
    assert_eq!(again(&answer)["batchItemFailures"][0], json!({ "itemIdentifier": first_held }));
    assert_eq!(again(&answer)["batchItemFailures"].as_array().expect("a list").len(), held.len());
    for room in free {
        assert!(world.is_listed(room).await);
    }
}

#[tokio::test]
async fn a_batch_whose_rows_could_not_be_written_is_retried_from_its_start() {
    let world = world(true).await;
    let room = world.room().await;
    let records = [record(1, "INSERT", "ROOM#x", None), record(2, "INSERT", &pk(room), Some(1))];
    let answer = world.dispatcher.event(event(&records)).await;
    assert_eq!(again(&answer), json!({ "batchItemFailures": [{ "itemIdentifier": "1405400000000002063280002" }] }));
}

#[tokio::test]
async fn a_schedule_finds_rooms_whose_records_were_lost() {
    let world = world(false).await;
    let rooms = [world.room().await, world.room().await];
    // As EventBridge sends it.
    let event = json!({
        "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event",
        "source": "aws.events", "account": "123456789012", "time": "2026-11-21T08:00:00Z", "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:123456789012:rule/palaver-sweep"], "detail": {}
    });
    let event: FeedEvent = serde_json::from_value(event).expect("an event of ours");
    assert_eq!(serde_json::to_value(world.dispatcher.answer(event).await).unwrap(), json!({ "batchItemFailures": [] }));
    for room in rooms {
        assert!(world.is_listed(room).await);
    }
    assert!(serde_json::from_value::<FeedEvent>(json!({ "detail-type": "EC2 Instance State-change" })).is_err());
}
