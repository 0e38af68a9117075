//! Tests the presence routes as a caller sees them, on the store in memory and the presence of one process.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use axum::{Extension, Router};
use bus::{Broker, InProcessPresence};
use domain::limits::{Limits, PRESENCE_LIFE, TYPING_LIFE, WATCHED_USERS};
use domain::name::{RoomName, UserName};
use domain::{
    Actor, Change, Code, Intent, LogId, PresenceStatus, Role, Room, RoomId, RoomKind, Timestamp, User, UserId, UserRole,
};
use http_body_util::BodyExt;
use parking_lot::Mutex;
use serde_json::{Value, json};
use service::feed::{Batch, Consumer, OwnRooms, Requests};
use service::ports::{Bus, BusMessage, Heard, NewUser, Typing};
use service::{Access, Ids, Logs, ManualClock, Presence, RoomKinds, TypingListener, UserCache};
use store_memory::MemoryStore;
use tokio::sync::mpsc;
use tower::ServiceExt;
use uuid::Uuid;

const ADA: UserId = UserId(Uuid::from_u128(1));
const BOB: UserId = UserId(Uuid::from_u128(2));
const EVE: UserId = UserId(Uuid::from_u128(3));

struct World {
    memory: MemoryStore,
    logs: Arc<Logs>,
    presence: Arc<Presence>,
    clock: Arc<ManualClock>,
    /// The bus endpoint of another node.
    other: Arc<dyn Bus>,
    heard: Mutex<mpsc::Receiver<Heard>>,
}

async fn world() -> World {
    let memory = MemoryStore::new();
    let store = memory.store();
    for (id, name) in [(ADA, "ada"), (BOB, "bob"), (EVE, "eve")] {
        let name = UserName::parse(name).expect("valid");
        let role = UserRole::User;
        let user = User {
            id,
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
    }
    let clock = Arc::new(ManualClock::new(Timestamp(1_790_000_000_000)));
    let logs = Logs::new(store.clone(), clock.clone(), Limits { joins_per_minute: 10_000, ..Limits::default() });
    let broker = Broker::new();
    let (bus, other) = (Arc::new(broker.endpoint()), Arc::new(broker.endpoint()));
    let heard = Mutex::new(other.listen().expect("taken once"));
    let access = Access::new(store.clone());
    let user_cache = UserCache::new(store.clone(), clock.clone());
    let state = Arc::new(InProcessPresence::new());
    let presence = Presence::new(store, state, access, user_cache, bus, clock.clone());
    World { memory, logs, presence, clock, other, heard }
}

fn actor(user: UserId) -> Actor {
    Actor { user, session: None, admin: false, guest: false }
}

impl World {
    async fn does(&self, by: UserId, room: RoomId, intent: Intent) {
        let change = Change { by: actor(by), id: Ids::system().entry(), seen: None, epoch: None, intent };
        self.logs.submit(LogId::Room(room), change).await.expect("accepted");
        self.feed(room).await;
    }

    /// Does what the feed does with a room's entries.
    async fn feed(&self, room: RoomId) {
        let store = self.memory.store();
        let tip = store.log.tip(LogId::Room(room)).await.expect("reads");
        let entries = store.log.read(LogId::Room(room), 1, tip.seq()).await.expect("reads");
        let batch = Batch { room, epoch: tip.epoch(), entries: &entries };
        let user_cache = UserCache::new(store.clone(), self.clock.clone());
        let requests = Requests::new(store.clone(), self.logs.clone(), user_cache, RoomKinds::new(store.clone()));
        OwnRooms::new(store.clone(), self.logs.clone(), requests).consume(&batch).await.expect("the store answers");
    }

    /// Creates a private room of Ada's with these members.
    async fn room(&self, people: &[UserId]) -> RoomId {
        let id = Ids::system().room();
        let room = Room {
            id,
            kind: RoomKind::Private,
            slug: None,
            name: Some(RoomName::parse("Garden").expect("valid")),
            description: String::new(),
            archived: false,
            hides_past: false,
            slow_mode_s: 0,
            pair: None,
            rev: 0,
        };
        self.does(ADA, id, Intent::Create { room: Box::new(room), people: people.to_vec() }).await;
        for user in people {
            self.does(*user, id, Intent::Join).await;
        }
        id
    }

    fn router(&self, user: Option<UserId>) -> Router {
        let router = presence::router(self.presence.clone());
        match user {
            Some(user) => router.layer(Extension(actor(user))),
            None => router,
        }
    }

    async fn call(&self, user: Option<UserId>, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let answer = self.router(user).oneshot(request.body(body).expect("valid")).await.expect("a router answers");
        let status = answer.status();
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn ask(&self, user: UserId, method: Method, path: &str) -> (StatusCode, Value) {
        self.call(Some(user), method, path, None).await
    }

    async fn beat(&self, user: UserId, body: Value) -> (StatusCode, Value) {
        self.call(Some(user), Method::POST, "/api/presence/me/heartbeat", Some(body)).await
    }

    async fn status(&self, watcher: UserId, of: UserId) -> Value {
        let (status, body) = self.ask(watcher, Method::GET, &format!("/api/presence/{of}")).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body["status"].clone()
    }

    async fn typists(&self, user: UserId, room: RoomId) -> Vec<Value> {
        let (status, body) = self.ask(user, Method::GET, &format!("/api/presence/rooms/{room}/typing")).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body["items"].as_array().expect("items").iter().map(|user| user["name"].clone()).collect()
    }
}

#[tokio::test]
async fn a_heartbeat_expires_and_the_best_client_wins() {
    let world = world().await;
    world.room(&[BOB]).await;
    assert_eq!(world.status(ADA, BOB).await, "offline");
    let (status, body) = world.beat(BOB, json!({ "client": "phone" })).await;
    assert_eq!((status, &body["status"], &body["user"]), (StatusCode::OK, &json!("online"), &json!(BOB.to_string())));
    assert!(body["last_seen"].is_string());
    world.beat(BOB, json!({ "status": "away", "client": "desk" })).await;
    assert_eq!(world.status(ADA, BOB).await, "online");
    world.clock.advance(PRESENCE_LIFE - Duration::from_secs(1));
    world.beat(BOB, json!({ "status": "away", "client": "desk" })).await;
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(world.status(ADA, BOB).await, "away", "the phone's heartbeat expired");
    world.clock.advance(PRESENCE_LIFE);
    assert_eq!(world.status(ADA, BOB).await, "offline");
}

#[tokio::test]
async fn a_heartbeat_needs_no_body_and_cannot_be_offline() {
    let world = world().await;
    let (status, body) = world.call(Some(BOB), Method::POST, &format!("/api/presence/{BOB}/heartbeat"), None).await;
    assert_eq!((status, &body["status"]), (StatusCode::OK, &json!("online")));
    for body in [json!({ "status": "offline" }), json!({ "status": "busy" }), json!({ "client": "x".repeat(65) })] {
        let (status, problem) = world.beat(BOB, body.clone()).await;
        assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("bad_request")), "{body}");
    }
    assert_eq!(world.ask(BOB, Method::DELETE, "/api/presence/me").await.0, StatusCode::NO_CONTENT);
    assert_eq!(world.status(BOB, BOB).await, "offline");
}

#[tokio::test]
async fn users_only_set_their_own_presence() {
    let world = world().await;
    let room = world.room(&[BOB]).await;
    world.beat(BOB, json!({})).await;
    for (method, path) in [
        (Method::POST, format!("/api/presence/{BOB}/heartbeat")),
        (Method::DELETE, format!("/api/presence/{BOB}")),
        (Method::POST, format!("/api/presence/{BOB}/typing?room_id={room}")),
        (Method::DELETE, format!("/api/presence/{BOB}/typing?room_id={room}")),
        (Method::POST, format!("/api/presence/nobody/typing?room_id={room}")),
    ] {
        let (status, problem) = world.ask(ADA, method, &path).await;
        assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("forbidden")), "{path}");
    }
    assert_eq!(world.status(ADA, BOB).await, "online");
    assert!(world.typists(ADA, room).await.is_empty());
}

#[tokio::test]
async fn users_who_share_no_room_are_neither_found_nor_listed() {
    let world = world().await;
    let room = world.room(&[BOB]).await;
    for user in [ADA, BOB, EVE] {
        world.beat(user, json!({})).await;
    }
    for path in
        [format!("/api/presence/{EVE}"), format!("/api/presence/{}", Uuid::from_u128(99)), "/api/presence/x".into()]
    {
        let (status, problem) = world.ask(ADA, Method::GET, &path).await;
        assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("not_found")), "{path}");
    }
    let (_, list) = world.ask(ADA, Method::GET, "/api/presence").await;
    let users: Vec<&Value> = list["items"].as_array().expect("items").iter().map(|one| &one["user"]).collect();
    assert_eq!(users, [&json!(ADA.to_string()), &json!(BOB.to_string())]);
    // A user who left no longer shares the room.
    world.does(BOB, room, Intent::Leave).await;
    assert_eq!(world.ask(ADA, Method::GET, &format!("/api/presence/{BOB}")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(world.ask(BOB, Method::GET, "/api/presence").await.1["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(world.call(None, Method::GET, "/api/presence", None).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_invited_user_sees_no_members_yet() {
    let world = world().await;
    let room = world.room(&[BOB]).await;
    world.beat(BOB, json!({})).await;
    world.does(ADA, room, Intent::Invite { user: EVE, role: Role::Member }).await;
    assert_eq!(world.ask(EVE, Method::GET, &format!("/api/presence/{BOB}")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(world.ask(EVE, Method::GET, "/api/presence").await.1["items"], json!([]));
    let typing = format!("/api/presence/rooms/{room}/typing");
    assert_eq!(world.ask(EVE, Method::GET, &typing).await.0, StatusCode::FORBIDDEN);
    assert_eq!(
        world.ask(EVE, Method::POST, &format!("/api/presence/me/typing?room_id={room}")).await.0,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn users_who_just_joined_a_room_see_each_other() {
    let world = world().await;
    let room = world.room(&[BOB]).await;
    let change = Change {
        by: actor(ADA),
        id: Ids::system().entry(),
        seen: None,
        epoch: None,
        intent: Intent::Invite { user: EVE, role: Role::Member },
    };
    world.logs.submit(LogId::Room(room), change).await.expect("accepted");
    let change = Change { by: actor(EVE), id: Ids::system().entry(), seen: None, epoch: None, intent: Intent::Join };
    world.logs.submit(LogId::Room(room), change).await.expect("accepted");
    // Eve's own row of the room does not exist yet: the feed is a little behind.
    let path = format!("/api/presence/{EVE}");
    let (asked, ()) = tokio::join!(world.ask(BOB, Method::GET, &path), async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        world.feed(room).await;
    });
    assert_eq!(asked.0, StatusCode::OK, "{}", asked.1);
}

#[tokio::test]
async fn a_list_is_paged() {
    let world = world().await;
    world.room(&[BOB, EVE]).await;
    for user in [ADA, BOB, EVE] {
        world.beat(user, json!({})).await;
    }
    let (_, first) = world.ask(ADA, Method::GET, "/api/presence?limit=2").await;
    let next = first["next"].as_str().expect("another page");
    let (_, second) = world.ask(ADA, Method::GET, &format!("/api/presence?limit=2&after={next}")).await;
    assert_eq!((&second["items"][0]["user"], &second["next"]), (&json!(EVE.to_string()), &Value::Null));
    assert_eq!(world.ask(ADA, Method::GET, "/api/presence?after=x").await.0, StatusCode::BAD_REQUEST);
}

/// Asserts on what a listener of the node received.
#[derive(Default)]
struct Ear(Mutex<Vec<Typing>>);

impl TypingListener for Ear {
    fn typing(&self, typing: &Typing) {
        self.0.lock().push(typing.clone());
    }
}

#[tokio::test]
async fn typing_is_sent_locally_and_on_the_bus_and_expires() {
    let world = world().await;
    let room = world.room(&[BOB]).await;
    let ear = Arc::new(Ear::default());
    world.presence.add_listener(ear.clone());
    world.other.subscribe(LogId::Room(room)).await;
    let path = format!("/api/presence/me/typing?room_id={room}");
    assert_eq!(world.ask(BOB, Method::POST, &path).await.0, StatusCode::NO_CONTENT);
    assert_eq!(world.typists(ADA, room).await, ["bob"]);
    let typing = Typing { room, user: BOB, on: true };
    assert_eq!(*ear.0.lock(), std::slice::from_ref(&typing));
    let heard = world.heard.lock().try_recv().expect("the other node receives it");
    assert_eq!(heard, Heard { log: LogId::Room(room), message: BusMessage::Typing(typing) });
    assert_eq!(world.ask(BOB, Method::DELETE, &path).await.0, StatusCode::NO_CONTENT);
    assert!(world.typists(ADA, room).await.is_empty());
    world.ask(BOB, Method::POST, &path).await;
    world.clock.advance(TYPING_LIFE);
    assert!(world.typists(ADA, room).await.is_empty());
}

#[tokio::test]
async fn only_users_who_may_send_are_shown_typing() {
    let world = world().await;
    let room = world.room(&[BOB]).await;
    let path = format!("/api/presence/me/typing?room_id={room}");
    assert_eq!(world.ask(EVE, Method::POST, &path).await.0, StatusCode::NOT_FOUND);
    assert_eq!(
        world.ask(EVE, Method::GET, &format!("/api/presence/rooms/{room}/typing")).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(world.ask(BOB, Method::POST, "/api/presence/me/typing").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(world.ask(BOB, Method::POST, "/api/presence/me/typing?room_id=../x").await.0, StatusCode::NOT_FOUND);
    let until = Timestamp(1_790_000_000_000) + Duration::from_secs(60);
    world.does(ADA, room, Intent::Mute { user: BOB, until, why: None }).await;
    let (status, problem) = world.ask(BOB, Method::POST, &path).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("muted")));
    world.does(ADA, room, Intent::Unmute { user: BOB }).await;
    world.does(ADA, room, Intent::SetRole { user: BOB, role: Role::ReadOnly }).await;
    assert_eq!(world.ask(BOB, Method::POST, &path).await.1["code"], "forbidden");
    world.does(ADA, room, Intent::Kick { user: BOB, why: None }).await;
    assert_eq!(world.ask(BOB, Method::POST, &path).await.0, StatusCode::NOT_FOUND);
    assert!(world.typists(ADA, room).await.is_empty());
}

#[tokio::test]
async fn users_watch_themselves_and_those_who_share_a_room() {
    let world = world().await;
    world.room(&[BOB]).await;
    let asked = [EVE, BOB, ADA, BOB];
    assert_eq!(world.presence.watchable(&actor(ADA), &asked).await.expect("few enough"), [ADA, BOB]);
    assert_eq!(world.presence.watchable(&actor(EVE), &asked).await.expect("few enough"), [EVE]);
    let many: Vec<UserId> = (0..=WATCHED_USERS as u128).map(|number| UserId(Uuid::from_u128(100 + number))).collect();
    let refused = world.presence.watchable(&actor(ADA), &many).await.expect_err("too many");
    assert_eq!(refused.code, Code::BadRequest);
}

#[tokio::test]
async fn the_tier_learns_who_came_and_went() {
    let world = world().await;
    world.presence.connected(BOB, "n1-1").await;
    world.presence.connected(BOB, "n1-2").await;
    let changed = world.presence.changed().await;
    assert_eq!(changed.iter().map(|one| (one.user, one.status)).collect::<Vec<_>>(), [(BOB, PresenceStatus::Online)]);
    assert_eq!(world.presence.online().await, 1);
    world.presence.disconnected(BOB, "n1-1").await;
    assert!(world.presence.changed().await.is_empty(), "another socket is connected");
    world.presence.refresh(&[(BOB, "n1-2".into(), PresenceStatus::Away)]).await;
    assert_eq!(world.presence.changed().await[0].status, PresenceStatus::Away);
    world.presence.disconnected(BOB, "n1-2").await;
    assert_eq!(world.presence.changed().await[0].status, PresenceStatus::Offline);
    assert!(world.presence.check().await);
}

#[test]
fn every_route_is_described() {
    let document = serde_json::to_value(presence::openapi()).expect("a document");
    let paths = document["paths"].as_object().expect("paths");
    let mut found: Vec<&str> = paths.keys().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "/api/presence",
            "/api/presence/rooms/{room}/typing",
            "/api/presence/{user}",
            "/api/presence/{user}/heartbeat",
            "/api/presence/{user}/typing",
        ]
    );
}
