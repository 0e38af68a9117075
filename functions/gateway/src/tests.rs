//! Tests the function on a store in memory: events in, posts out. The API that holds the sockets is a fake; `tests/`
//! runs the function against the real one.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use blobs::FolderBlobs;
use bus::{Broker, InProcessPresence};
use bytes::Bytes;
use domain::name::{RoomName, UserName};
use domain::{Actor, Change, Intent, LogId, RoomId, RoomKind, Seq};
use serde_json::{Value, json};
use service::auth::{AuthSettings, Device, SigningKeys};
use service::ports::PushError;
use service::rooms::ChangeRequest;
use service::{NewRoom, OsRandom, Ports, Running, ServiceSettings, Services, SystemClock};
use store_memory::MemoryStore;

use super::*;

/// The frames that the API was asked to post, by connection; none for one that was closed.
#[derive(Default)]
struct Api {
    posted: Mutex<HashMap<String, Option<Vec<Value>>>>,
    /// A socket that accepts no frames, and that the API does not close.
    stuck: Mutex<Option<String>>,
    next: AtomicU64,
}

impl Api {
    fn sticks(&self, id: &str) -> Result<(), PushError> {
        match self.stuck.lock().expect("no holder panics").as_deref() {
            Some(stuck) if stuck == id => Err(PushError::Unavailable("its buffer is full".into())),
            _ => Ok(()),
        }
    }

    fn stick(&self, id: Option<&str>) {
        *self.stuck.lock().expect("no holder panics") = id.map(str::to_owned);
    }

    fn take(&self, id: &str) -> Vec<Value> {
        let mut posted = self.posted.lock().expect("no holder panics");
        posted.get_mut(id).and_then(Option::as_mut).map(std::mem::take).unwrap_or_default()
    }

    fn is_closed(&self, id: &str) -> bool {
        self.posted.lock().expect("no holder panics").get(id).is_none_or(Option::is_none)
    }
}

#[async_trait]
impl ConnectionPush for Api {
    async fn post(&self, connection: &Connection, frame: Bytes) -> Result<(), PushError> {
        assert!(frame.len() <= FRAME_BYTES, "a frame of {} bytes", frame.len());
        assert_eq!(connection.node, "https://api.test/live");
        self.sticks(&connection.id)?;
        let mut posted = self.posted.lock().expect("no holder panics");
        let frames = posted.get_mut(&connection.id).and_then(Option::as_mut).ok_or(PushError::Gone)?;
        match serde_json::from_slice(&frame).expect("JSON") {
            Value::Array(some) => frames.extend(some),
            one => frames.push(one),
        }
        Ok(())
    }

    async fn close(&self, connection: &Connection) -> Result<(), PushError> {
        self.sticks(&connection.id)?;
        let closed = self.posted.lock().expect("no holder panics").insert(connection.id.clone(), None);
        closed.flatten().map(drop).ok_or(PushError::Gone)
    }
}

/// The page's origin.
const PAGE: &str = "https://chat.test";

fn event(route: &str, id: &str, body: Option<String>, query: Option<(&str, &str)>) -> Event {
    let kind = match route {
        "$connect" => "CONNECT",
        "$disconnect" => "DISCONNECT",
        _ => "MESSAGE",
    };
    event_of(kind, route, id, body, query)
}

fn event_of(kind: &str, route: &str, id: &str, body: Option<String>, query: Option<(&str, &str)>) -> Event {
    let context = json!({
        "eventType": kind, "routeKey": route, "connectionId": id, "domainName": "api.test", "stage": "live",
    });
    let event = json!({
        "requestContext": context,
        "queryStringParameters": query.map(|(key, value)| json!({key: value})),
        "body": body,
        "isBase64Encoded": false,
    });
    serde_json::from_value(event).expect("an event")
}

struct Rig {
    gateway: Arc<Gateway>,
    api: Arc<Api>,
    services: Services,
    memory: MemoryStore,
    _running: Running,
    _files: tempfile::TempDir,
}

#[derive(Clone)]
struct Person {
    actor: Actor,
    token: String,
}

impl Rig {
    async fn new() -> Rig {
        Rig::with(Limits { sends_per_10s: 100_000, sign_ins_per_minute: 10_000, ..Limits::default() }).await
    }

    async fn with(limits: Limits) -> Rig {
        let memory = MemoryStore::new();
        let files = tempfile::tempdir().expect("a folder");
        let ports = Ports {
            store: memory.store(),
            blobs: Arc::new(FolderBlobs::open(files.path().to_owned()).await.expect("a folder")),
            bus: Arc::new(Broker::new().endpoint()),
            presence: Arc::new(InProcessPresence::new()),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            limits: None,
        };
        let settings = ServiceSettings {
            node: "gateway".into(),
            limits: limits.clone(),
            auth: AuthSettings { sign_ins_per_minute: 10_000, ..AuthSettings::default() },
            keys: SigningKeys::generate(),
            default_rooms: Vec::new(),
            direct: Default::default(),
            offers: Default::default(),
            compat: Default::default(),
        };
        let services = Services::new(ports, settings);
        let running = services.start();
        let api = Arc::new(Api::default());
        let origins = Origins::parse([PAGE]).expect("an origin");
        let gateway = Gateway::new(services.clone(), api.clone(), "gateway".into(), &limits, origins, None);
        Rig { gateway, api, services, memory, _running: running, _files: files }
    }

    async fn guest(&self, name: &str) -> Person {
        let device = Device::new("test", [127, 0, 0, 1].into());
        let name = UserName::parse(name).expect("a name");
        let token = self
            .services
            .auth
            .accounts
            .guest(&name.clone().into(), &device)
            .await
            .expect("guests may come")
            .access_token;
        Person { actor: self.services.auth.sessions.verify(&token).expect("fresh"), token }
    }

    async fn room(&self, owner: &Person, kind: RoomKind, hides_past: bool) -> RoomId {
        let name = RoomName::parse("Garden").expect("a name");
        let new = NewRoom { slug: None, name, description: String::new(), kind, hides_past };
        self.services.rooms.create(&owner.actor, new, ChangeRequest::default()).await.expect("made").room.id
    }

    async fn ask(&self, person: &Person, room: RoomId, intent: Intent) -> Seq {
        let change = Change { by: person.actor, id: service::Ids::system().entry(), seen: None, epoch: None, intent };
        let ack = self.services.logs.submit(LogId::Room(room), change).await.expect("taken in");
        ack.seq.expect("it changes something")
    }

    async fn say(&self, person: &Person, room: RoomId, text: &str) -> Seq {
        let text = text.to_owned().try_into().expect("valid");
        self.ask(person, room, Intent::Send { text, reply_to: None, thread: None, files: Vec::new() }).await
    }

    async fn deliver(&self, room: RoomId, from: Seq, to: Seq) {
        self.gateway.deliver(LogId::Room(room), from, to).await.expect("delivered");
    }

    async fn event(&self, route: &str, id: &str, body: Option<String>, query: Option<(&str, &str)>) {
        assert_eq!(self.gateway.handle(&event(route, id, body, query)).await, Ok(Answer::OK));
    }

    async fn connect(&self, query: Option<(&str, &str)>) -> String {
        // Connection ids as API Gateway makes them: base64, with any of its characters.
        let id = format!("L0S/{}cI=", self.api.next.fetch_add(1, Ordering::Relaxed));
        self.api.posted.lock().expect("no holder panics").insert(id.clone(), Some(Vec::new()));
        self.event("$connect", &id, None, query).await;
        id
    }

    async fn frame(&self, id: &str, frame: Value) -> Vec<Value> {
        self.event("$default", id, Some(frame.to_string()), None).await;
        self.api.take(id)
    }

    /// Returns a socket that is signed in and has read the room list.
    async fn sign_in(&self, person: &Person) -> String {
        let id = self.connect(None).await;
        let frames = self.frame(&id, json!({"t": "hello", "v": 1, "token": person.token, "batch": true})).await;
        assert_eq!((&frames[0]["t"], &frames[1]["t"]), (&json!("welcome"), &json!("rooms")), "{frames:?}");
        id
    }

    /// Makes a socket live in a room from now on.
    async fn live(&self, person: &Person, room: RoomId) -> String {
        let id = self.sign_in(person).await;
        let frames = self.frame(&id, json!({"t": "resume", "id": "r", "cursors": {room.to_string(): null}})).await;
        assert_eq!(frames[0]["status"], "reset", "{frames:?}");
        id
    }
}

#[tokio::test]
async fn a_page_of_another_origin_gets_no_socket() {
    let rig = Rig::new().await;
    let connect = async |headers: Value| {
        let context = json!({
            "eventType": "CONNECT", "routeKey": "$connect", "connectionId": "c=", "domainName": "api.test", "stage": "live",
        });
        let event = json!({"requestContext": context, "headers": headers});
        rig.gateway.handle(&serde_json::from_value(event).expect("an event")).await
    };
    assert_eq!(connect(json!({"Host": "api.test", "Origin": PAGE})).await, Ok(Answer::OK));
    assert_eq!(connect(json!({"Host": "api.test"})).await, Ok(Answer::OK), "no browser");
    for origin in ["https://evil.test", "null", "https://chat.test.evil.test", "http://chat.test"] {
        assert_eq!(connect(json!({"Origin": origin})).await, Ok(Answer::FORBIDDEN), "{origin}");
        assert_eq!(connect(json!({"origin": origin})).await, Ok(Answer::FORBIDDEN), "{origin}");
    }
}

#[tokio::test]
async fn a_frame_that_names_a_route_is_still_a_frame() {
    let rig = Rig::new().await;
    let ada = rig.guest("ada").await;
    let room = rig.room(&ada, RoomKind::Public, false).await;
    let socket = rig.live(&ada, room).await;
    for route in ["$connect", "$disconnect", "$default", "ping", ""] {
        let ping = json!({"t": "ping", "id": route}).to_string();
        let frame = event_of("MESSAGE", route, &socket, Some(ping), None);
        assert_eq!(rig.gateway.handle(&frame).await, Ok(Answer::OK), "{route}");
        let answers = rig.api.take(&socket);
        assert!(answers.iter().any(|answer| answer["t"] == "pong" && answer["id"] == route), "{route}: {answers:?}");
    }
    let context = json!({"eventType": "OTHER", "routeKey": "$connect", "connectionId": "c="});
    let unknown = serde_json::from_value::<Event>(json!({ "requestContext": context }));
    assert!(unknown.is_err(), "nothing is guessed from an event of an unknown type");
}

#[tokio::test]
async fn a_change_is_acked_and_reaches_followers() {
    let rig = Rig::new().await;
    let (ada, bob) = (rig.guest("ada").await, rig.guest("bob").await);
    let room = rig.room(&ada, RoomKind::Public, false).await;
    rig.ask(&bob, room, Intent::Join).await;
    let (a, b) = (rig.live(&ada, room).await, rig.live(&bob, room).await);
    let id = service::Ids::system().entry().to_string();
    let send = json!({"t": "send", "id": id, "room": room.to_string(), "text": "hi", "seen": 2});
    let acked = rig.frame(&a, send.clone()).await;
    assert_eq!((&acked[0]["t"], &acked[0]["dup"]), (&json!("ack"), &json!(false)), "{acked:?}");
    let seq = acked[0]["seq"].as_u64().expect("a seq");
    assert_eq!(rig.frame(&a, send).await[0]["dup"], json!(true), "a retry is a duplicate");

    rig.deliver(room, seq, seq).await;
    for socket in [&a, &b] {
        let events = rig.api.take(socket);
        assert_eq!((&events[0]["text"], &events[0]["by"]["id"]), (&json!("hi"), &json!(ada.actor.user.to_string())));
    }
}

#[tokio::test]
async fn missed_entries_arrive_in_pages_that_fit_a_frame() {
    let rig = Rig::new().await;
    let ada = rig.guest("ada").await;
    let room = rig.room(&ada, RoomKind::Private, false).await;
    let mut last = 0;
    for _ in 0..120 {
        last = rig.say(&ada, room, &"x".repeat(900)).await;
    }
    let socket = rig.sign_in(&ada).await;
    let mut page =
        rig.frame(&socket, json!({"t": "resume", "id": "r", "cursors": {room.to_string(): 1}})).await.remove(0);
    let (mut seen, mut pages) = (Vec::new(), 1);
    loop {
        seen.extend(
            page["events"].as_array().expect("events").iter().map(|event| event["seq"].as_u64().expect("a seq")),
        );
        if page["status"] == "ok" {
            break;
        }
        let fill = json!({"t": "fill", "id": "f", "room": room.to_string(), "after": page["through"]});
        page = rig.frame(&socket, fill).await.remove(0);
        pages += 1;
    }
    assert_eq!(seen, (2..=last).collect::<Vec<_>>());
    assert!(pages > 3, "a page of {FRAME_BYTES} bytes does not hold them all");
}

#[tokio::test]
async fn a_removed_member_receives_the_removal_and_nothing_after() {
    let rig = Rig::new().await;
    let (ada, bob) = (rig.guest("ada").await, rig.guest("bob").await);
    let room = rig.room(&ada, RoomKind::Public, false).await;
    rig.ask(&bob, room, Intent::Join).await;
    let socket = rig.live(&bob, room).await;
    let kicked = rig.ask(&ada, room, Intent::Kick { user: bob.actor.user, why: None }).await;
    let after = rig.say(&ada, room, "without bob").await;
    rig.deliver(room, kicked, after).await;
    let heard = rig.api.take(&socket);
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(heard[0]["state"], "kicked");
    let next = rig.say(&ada, room, "still without").await;
    rig.deliver(room, next, next).await;
    assert!(rig.api.take(&socket).is_empty());
    let refused = rig.frame(&socket, json!({"t": "resume", "id": "r", "cursors": {room.to_string(): after}})).await;
    assert_eq!(refused[0]["status"], "forbidden", "{refused:?}");
}

#[tokio::test]
async fn an_edit_of_a_hidden_message_has_no_text() {
    let rig = Rig::new().await;
    let (ada, bob) = (rig.guest("ada").await, rig.guest("bob").await);
    let room = rig.room(&ada, RoomKind::Private, true).await;
    let old = rig.say(&ada, room, "before bob").await;
    rig.ask(&ada, room, Intent::Invite { user: bob.actor.user, role: domain::Role::Member }).await;
    rig.ask(&bob, room, Intent::Join).await;
    let (a, b) = (rig.live(&ada, room).await, rig.live(&bob, room).await);
    let text = "a secret".to_owned().try_into().expect("valid");
    let edit = rig.ask(&ada, room, Intent::Edit { target: old, text }).await;
    rig.deliver(room, edit, edit).await;
    assert_eq!(rig.api.take(&a)[0]["text"], "a secret");
    assert_eq!(rig.api.take(&b)[0]["text"], "");
}

#[tokio::test]
async fn the_rows_of_a_closed_socket_are_removed() {
    let rig = Rig::new().await;
    let ada = rig.guest("ada").await;
    let room = rig.room(&ada, RoomKind::Public, false).await;
    let (gone, closed) = (rig.live(&ada, room).await, rig.live(&ada, room).await);
    rig.api.posted.lock().expect("no holder panics").insert(gone.clone(), None);
    rig.event("$disconnect", &closed, None, None).await;
    rig.api.posted.lock().expect("no holder panics").insert(closed, None);
    let seq = rig.say(&ada, room, "anybody?").await;
    rig.deliver(room, seq, seq).await;
    let (nodes, now) = (&rig.services.ports.store.nodes, rig.gateway.now());
    assert_eq!(nodes.connections_in(room, now).await, Ok(Vec::new()));
    assert_eq!(nodes.connections(ada.actor.user, now).await, Ok(Vec::new()));
    assert_eq!(nodes.socket(&gone, now).await, Ok(None));
}

#[tokio::test]
async fn sockets_end_with_their_session() {
    let rig = Rig::new().await;
    let ada = rig.guest("ada").await;
    let room = rig.room(&ada, RoomKind::Public, false).await;
    let (socket, own) = (rig.live(&ada, room).await, LogId::User(ada.actor.user));
    let other = rig.sign_in(&rig.guest("bob").await).await;
    rig.services.auth.sessions.logout(Some(ada.actor), None).await.expect("signed out");
    let head = rig.services.ports.store.log.tip(own).await.expect("up").seq();
    rig.gateway.deliver(own, 1, head).await.expect("delivered");
    assert!(rig.api.is_closed(&socket));
    assert!(!rig.api.is_closed(&other));
    rig.event("$default", &socket, Some(r#"{"t":"ping","id":"1"}"#.into()), None).await;
}

#[tokio::test]
async fn a_socket_that_accepts_no_frames_does_not_delay_others() {
    let rig = Rig::new().await;
    let (ada, bob) = (rig.guest("ada").await, rig.guest("bob").await);
    let room = rig.room(&ada, RoomKind::Public, false).await;
    rig.ask(&bob, room, Intent::Join).await;
    let (a, b) = (rig.live(&ada, room).await, rig.live(&bob, room).await);
    rig.api.stick(Some(&b));
    let seq = rig.say(&ada, room, "hi").await;
    // Delivered: the stream continues, whatever one reader does.
    rig.deliver(room, seq, seq).await;
    assert_eq!(rig.api.take(&a)[0]["text"], "hi");
    let rows = rig.memory.store().nodes.connections(bob.actor.user, rig.gateway.now()).await.expect("reads");
    assert!(rows.is_empty(), "nothing is posted to it any more: {rows:?}");
    // The API could not close it either; its next frame closes it.
    rig.api.stick(None);
    assert!(!rig.api.is_closed(&b));
    rig.frame(&b, json!({"t": "pong"})).await;
    assert!(rig.api.is_closed(&b));
}

#[tokio::test]
async fn a_session_that_ends_during_hello_gets_no_socket() {
    let rig = Rig::new().await;
    let ada = rig.guest("ada").await;
    let (joining, known) = (rig.connect(None).await, rig.sign_in(&ada).await);
    // The row is written, the session is not stored yet.
    let until = rig.gateway.now() + CONNECTION_LIFE;
    let row = rig.gateway.connection(&joining, ada.actor.user, "https://api.test/live", until);
    rig.memory.store().nodes.put_connection(&row).await.expect("written");
    rig.services.auth.sessions.logout(Some(ada.actor), None).await.expect("signed out");
    let own = LogId::User(ada.actor.user);
    let head = rig.memory.store().log.tip(own).await.expect("reads").seq();
    rig.gateway.deliver(own, 1, head).await.expect("delivered");
    assert!(rig.api.is_closed(&joining) && rig.api.is_closed(&known));
}

#[tokio::test]
async fn a_change_of_role_requires_a_new_sign_in() {
    let rig = Rig::new().await;
    let ada = rig.guest("ada").await;
    let socket = rig.sign_in(&ada).await;
    let record = rig.memory.store().users.user(ada.actor.user).await.expect("reads").expect("is there");
    rig.services.auth.accounts.set_role(&record.user.name, domain::UserRole::Admin).await.expect("given");
    let own = LogId::User(ada.actor.user);
    let head = rig.memory.store().log.tip(own).await.expect("reads").seq();
    rig.gateway.deliver(own, head, head).await.expect("delivered");
    assert!(rig.api.is_closed(&socket));
}

#[tokio::test]
async fn sockets_of_another_epoch_are_closed() {
    let rig = Rig::new().await;
    let ada = rig.guest("ada").await;
    let room = rig.room(&ada, RoomKind::Public, false).await;
    let socket = rig.live(&ada, room).await;
    let fresh = rig.connect(None).await;
    rig.memory.restore(&rig.memory.snapshot());
    assert!(rig.frame(&socket, json!({"t": "ping", "id": "1"})).await.is_empty());
    assert!(rig.api.is_closed(&socket));
    let welcome = rig.frame(&fresh, json!({"t": "hello", "v": 1, "token": ada.token})).await.remove(0);
    let epoch = rig.services.ports.store.log.epoch().await.expect("up").to_string();
    assert_eq!((&welcome["t"], &welcome["epoch"]), (&json!("welcome"), &json!(epoch)));
}

#[tokio::test]
async fn a_ticket_in_the_url_signs_in_once() {
    let rig = Rig::new().await;
    let ada = rig.guest("ada").await;
    let ticket = rig.services.auth.tickets.issue(&ada.actor).await.expect("a ticket");
    let first = rig.connect(Some(("ticket", &ticket))).await;
    assert_eq!(rig.frame(&first, json!({"t": "hello", "v": 1})).await[0]["t"], "welcome");
    let second = rig.connect(Some(("ticket", &ticket))).await;
    rig.frame(&second, json!({"t": "hello", "v": 1})).await;
    assert!(rig.api.is_closed(&second));
}

#[tokio::test]
async fn a_protocol_violation_closes_the_socket() {
    let rig = Rig::with(Limits { frames_per_60s: 3, ..Limits::default() }).await;
    let ada = rig.guest("ada").await;
    let nobody = rig.connect(None).await;
    rig.frame(&nobody, json!({"t": "ping", "id": "1"})).await;
    assert!(rig.api.is_closed(&nobody), "the first frame must be hello");
    let flood = rig.sign_in(&ada).await;
    for n in 0..3 {
        assert_eq!(rig.frame(&flood, json!({"t": "ping", "id": n.to_string()})).await[0]["t"], "pong");
    }
    rig.frame(&flood, json!({"t": "ping", "id": "4"})).await;
    assert!(rig.api.is_closed(&flood), "the budget is kept between frames");
}

#[tokio::test]
async fn concurrent_frames_all_count_against_the_budget() {
    let rig = Rig::with(Limits { frames_per_60s: 4, ..Limits::default() }).await;
    let ada = rig.guest("ada").await;
    let socket = rig.sign_in(&ada).await;
    let ping = |n: u32| event("$default", &socket, Some(json!({"t": "ping", "id": n.to_string()}).to_string()), None);
    let pings = [ping(1), ping(2), ping(3)];
    let mut turns = Vec::new();
    for ping in &pings {
        let (mut turn, record) = rig.gateway.begin(ping).await.expect("up").expect("is there");
        turn.take(ping).await;
        turns.push((turn, record));
    }
    for (turn, record) in turns {
        turn.end(record).await.expect("stored");
    }
    assert_eq!(rig.api.take(&socket).len(), 3);
    assert_eq!(rig.frame(&socket, json!({"t": "ping", "id": "4"})).await[0]["t"], "pong");
    rig.frame(&socket, json!({"t": "ping", "id": "5"})).await;
    assert!(rig.api.is_closed(&socket), "none of the first three was lost");
}

#[tokio::test]
async fn a_frame_does_not_undo_a_concurrent_close_or_renewal() {
    let rig = Rig::new().await;
    let ada = rig.guest("ada").await;
    let (renewed, closed) = (rig.sign_in(&ada).await, rig.sign_in(&ada).await);
    let ping = |socket: &str| event("$default", socket, Some(json!({"t": "ping", "id": "1"}).to_string()), None);
    let pings = [ping(&renewed), ping(&closed)];
    let mut turns = Vec::new();
    for ping in &pings {
        let (mut turn, record) = rig.gateway.begin(ping).await.expect("up").expect("is there");
        turn.take(ping).await;
        turns.push((turn, record));
    }
    let (mut record, until) = rig.gateway.stored(&renewed).await.expect("up").expect("is there");
    let mut session: Value = serde_json::from_str(&record.session).expect("JSON");
    session["state"]["Open"]["expires_at"] = json!(until);
    record.session = session.to_string();
    assert_eq!(rig.gateway.store(&renewed, &record, None, until).await, Ok(true));
    rig.event("$disconnect", &closed, None, None).await;
    for (turn, record) in turns {
        turn.end(record).await.expect("up");
    }
    let (record, _) = rig.gateway.stored(&renewed).await.expect("up").expect("is there");
    let session: Value = serde_json::from_str(&record.session).expect("JSON");
    assert_eq!(session["state"]["Open"]["expires_at"], json!(until));
    assert!(rig.gateway.stored(&closed).await.expect("up").is_none());
}

#[tokio::test]
async fn a_socket_receives_frames_until_its_token_expires() {
    let rig = Rig::new().await;
    let device = Device::new("test", [127, 0, 0, 1].into());
    let auth = &rig.services.auth;
    let signed_in =
        auth.accounts.guest(&UserName::parse("ada").expect("a name").into(), &device).await.expect("guests may come");
    let actor = auth.sessions.verify(&signed_in.access_token).expect("fresh");
    let ada = Person { actor, token: signed_in.access_token };
    let room = rig.room(&ada, RoomKind::Public, false).await;
    let socket = rig.live(&ada, room).await;
    let ends = async |token: &str| {
        let rows = rig.memory.store().nodes.connections(actor.user, rig.gateway.now()).await.expect("reads");
        let until = auth.sessions.grant(token).expect("fresh").expires_at;
        assert!(rows.len() == 2 && rows.iter().all(|row| row.expires_at == until), "{until:?}: {rows:?}");
        until
    };
    let first = ends(&ada.token).await;
    // Tokens count in seconds.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let refreshed = auth.sessions.refresh(&signed_in.refresh_token.expect("one")).await.expect("renewed").access_token;
    rig.frame(&socket, json!({"t": "auth", "id": "a", "token": refreshed})).await;
    assert!(ends(&refreshed).await > first);
}

#[tokio::test]
async fn typing_and_marks_are_shown_to_the_others() {
    let rig = Rig::new().await;
    let (ada, bob) = (rig.guest("ada").await, rig.guest("bob").await);
    let room = rig.room(&ada, RoomKind::Public, false).await;
    rig.ask(&bob, room, Intent::Join).await;
    let seq = rig.say(&ada, room, "read me").await;
    let (a, phone, desk) = (rig.live(&ada, room).await, rig.live(&bob, room).await, rig.live(&bob, room).await);
    let typing = json!({"t": "typing", "room": room.to_string(), "on": true});
    assert_eq!(rig.frame(&phone, typing).await, Vec::<Value>::new());
    assert_eq!(rig.api.take(&a)[0]["by"]["id"], bob.actor.user.to_string());
    assert!(rig.api.take(&desk).is_empty(), "users do not see their own typing");
    rig.frame(&phone, json!({"t": "read", "room": room.to_string(), "seq": seq})).await;
    assert_eq!((&rig.api.take(&desk)[0]["n"], &rig.api.take(&a)[0]["n"]), (&json!(1), &Value::Null));
}

#[test]
fn sockets_saved_by_every_release_are_restored() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    let releases = std::fs::read_dir(folder).expect("there are fixtures").map(|entry| entry.expect("it can be read"));
    let files = releases.filter(|entry| entry.path().is_dir()).map(|entry| entry.path().join("gateway-sessions.jsonl"));
    let settings = Arc::new(realtime::protocol::Settings { node: "n".into(), limits: Default::default() });
    let (mut waiting, mut signed_in) = (0, 0);
    for file in files {
        for row in std::fs::read_to_string(file).expect("each release has it").lines() {
            let row: serde_json::Value = serde_json::from_str(row).expect("it is JSON");
            let record: SocketRecord =
                stored::from_json(row["bd"]["S"].as_str().expect("a body")).expect("it is understood");
            let record: ProtocolRecord = stored::from_json(&record.session).expect("it is understood");
            let protocol = Protocol::restore(settings.clone(), "c".into(), &record);
            match protocol.actor() {
                Some(actor) => {
                    signed_in += 1;
                    assert!(actor.session.is_some() && protocol.epoch().is_some() && protocol.expires_at().is_some());
                }
                None => waiting += 1,
            }
        }
    }
    assert!(waiting > 0 && waiting == signed_in, "{waiting} wait for their hello, {signed_in} are signed in");
}
