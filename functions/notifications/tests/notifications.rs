//! Tests the notification routes as a caller sees them, on the store in memory.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use axum::{Extension, Router};
use domain::limits::{Limits, NOTIFICATION_TITLE_CHARS};
use domain::name::UserName;
use domain::{Actor, Notification, NotificationKey, NotificationKind, RowWrite, Timestamp, User, UserId, UserRole};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use service::limits::UNREAD_NOTIFICATIONS;
use service::ports::NewUser;
use service::{Clock, Logs, ManualClock, Notifications, UserCache};
use store_memory::MemoryStore;
use tower::ServiceExt;
use uuid::Uuid;

const ADA: UserId = UserId(Uuid::from_u128(1));
const BOB: UserId = UserId(Uuid::from_u128(2));

struct World {
    memory: MemoryStore,
    notifications: Arc<Notifications>,
    clock: Arc<ManualClock>,
}

async fn world() -> World {
    let memory = MemoryStore::new();
    let store = memory.store();
    for (id, name) in [(ADA, "ada"), (BOB, "bob")] {
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
    let clock = Arc::new(ManualClock::new(service::SystemClock.now()));
    let logs = Logs::new(store.clone(), clock.clone(), Limits::default());
    let user_cache = UserCache::new(store.clone(), clock.clone());
    let notifications = Notifications::new(store, logs, user_cache, clock.clone(), service::Ids::system());
    World { memory, notifications, clock }
}

impl World {
    /// Returns the function as called by `user`. The layers of `web::mount` store the caller in the request.
    fn router(&self, user: Option<UserId>) -> Router {
        let router = notifications::router(self.notifications.clone());
        match user {
            Some(user) => router.layer(Extension(Actor { user, session: None, admin: user == ADA, guest: false })),
            None => router,
        }
    }

    async fn call(&self, user: Option<UserId>, request: Request<Body>) -> (StatusCode, Value) {
        let answer = self.router(user).oneshot(request).await.expect("a router answers");
        let status = answer.status();
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn ask(&self, user: UserId, method: Method, path: &str) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).expect("valid");
        self.call(Some(user), request).await
    }

    async fn get(&self, user: UserId, path: &str) -> Value {
        let (status, body) = self.ask(user, Method::GET, path).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }

    async fn post(&self, user: Option<UserId>, key: Option<&str>, body: &Value) -> (StatusCode, Value) {
        let mut request = Request::post("/api/notifications").header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        self.call(user, request.body(Body::from(body.to_string())).expect("valid")).await
    }

    /// Posts to Bob, and returns the notification's key.
    async fn posted(&self, title: &str) -> String {
        let (status, body) = self.post(Some(ADA), None, &json!({ "user_id": BOB.to_string(), "title": title })).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        body["key"].as_str().expect("a key").to_owned()
    }
}

#[tokio::test]
async fn a_posted_notification_is_listed_read_and_deleted() {
    let world = world().await;
    let body = json!({ "user_id": BOB.to_string(), "title": "Maintenance", "body": "At nine", "notif_type": "system",
        "room_id": Uuid::from_u128(9).to_string() });
    let (status, made) = world.post(Some(ADA), None, &body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!(
        (&made["kind"], &made["notif_type"], &made["from"]["name"]),
        (&json!("posted"), &json!("system"), &json!("ada"))
    );
    assert_eq!(world.get(BOB, "/api/notifications/me").await, json!({ "items": [made], "next": null }));

    let key = made["key"].as_str().expect("a key");
    let (read, deleted) = (format!("/api/notifications/{key}/read"), format!("/api/notifications/{key}"));
    let (status, noted) = world.ask(BOB, Method::PATCH, &read).await;
    assert_eq!((status, &noted["seq"], &noted["noop"]), (StatusCode::OK, &json!(2), &json!(false)));
    assert_eq!(world.ask(BOB, Method::PATCH, &read).await.1["noop"], true);
    assert_eq!(world.get(BOB, "/api/notifications/me").await["items"][0]["read"], true);
    assert_eq!(world.get(BOB, "/api/notifications/me?unread_only=true").await["items"], json!([]));
    assert_eq!(world.ask(BOB, Method::DELETE, &deleted).await.0, StatusCode::OK);
    assert_eq!(world.get(BOB, "/api/notifications/me").await["items"], json!([]));
    assert_eq!(world.ask(BOB, Method::DELETE, &deleted).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_retry_with_the_same_key_posts_once() {
    let world = world().await;
    let key = Uuid::now_v7().to_string();
    let body = json!({ "user_id": BOB.to_string(), "title": "Once" });
    let (status, first) = world.post(Some(ADA), Some(&key), &body).await;
    assert_eq!(status, StatusCode::CREATED, "{first}");
    world.clock.advance(std::time::Duration::from_secs(7 * 24 * 3600));
    let (status, second) = world.post(Some(ADA), Some(&format!("\"{key}\"")), &body).await;
    assert_eq!((status, &second), (StatusCode::OK, &first), "a week later, and quoted");
    assert_eq!(world.get(BOB, "/api/notifications/me/unread-count").await, json!({ "unread": 1 }));
    // A deleted notification does not come back.
    world.ask(BOB, Method::DELETE, &format!("/api/notifications/{}", first["key"].as_str().expect("a key"))).await;
    assert_eq!(world.post(Some(ADA), Some(&key), &body).await.0, StatusCode::OK);
    assert_eq!(world.get(BOB, "/api/notifications/me").await["items"], json!([]));
}

#[tokio::test]
async fn a_retry_with_any_uuid_posts_once() {
    let world = world().await;
    let body = json!({ "user_id": BOB.to_string(), "title": "Once" });
    let late = world.clock.now().0 as u64 + 3_600_000;
    let in_an_hour = Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, late / 1_000, 0));
    let long_ago = Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, 1_500_000_000, 0));
    for key in [Uuid::new_v4(), Uuid::nil(), in_an_hour, long_ago] {
        let key = key.to_string();
        let (status, first) = world.post(Some(ADA), Some(&key), &body).await;
        assert_eq!(status, StatusCode::CREATED, "{key}: {first}");
        world.clock.advance(std::time::Duration::from_secs(60));
        assert_eq!(world.post(Some(ADA), Some(&key), &body).await, (StatusCode::OK, first.clone()), "{key}");
        assert_eq!(world.get(BOB, "/api/notifications/me").await["items"], json!([first]), "{key}");
        // A deleted notification does not come back.
        world.ask(BOB, Method::DELETE, &format!("/api/notifications/{}", first["key"].as_str().expect("a key"))).await;
        assert_eq!(world.post(Some(ADA), Some(&key), &body).await.0, StatusCode::OK, "{key}");
        assert_eq!(world.get(BOB, "/api/notifications/me").await["items"], json!([]), "{key}");
    }
    assert_eq!(world.post(Some(ADA), Some("none"), &body).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn only_admins_post_and_only_valid_notifications() {
    let world = world().await;
    let to_ada = json!({ "user_id": ADA.to_string(), "title": "Hello" });
    assert_eq!(world.post(Some(BOB), None, &to_ada).await.0, StatusCode::FORBIDDEN);
    let (status, problem) = world.post(None, None, &to_ada).await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &json!("unauthenticated")));
    let unknown = json!({ "user_id": Uuid::from_u128(77).to_string(), "title": "Hello" });
    assert_eq!(world.post(Some(ADA), None, &unknown).await.0, StatusCode::NOT_FOUND);
    for room in ["no-such-room", "no slug"] {
        let about = json!({ "user_id": BOB.to_string(), "title": "Hello", "room_id": room });
        assert_eq!(world.post(Some(ADA), None, &about).await.0, StatusCode::NOT_FOUND, "{room}");
    }
    for body in [
        json!({ "user_id": "bob", "title": "Hello" }),
        json!({ "user_id": BOB.to_string(), "title": " " }),
        json!({ "user_id": BOB.to_string(), "title": "x".repeat(NOTIFICATION_TITLE_CHARS + 1) }),
        json!({ "user_id": BOB.to_string(), "title": "Hello", "body": "x".repeat(1_001) }),
        json!({ "user_id": BOB.to_string(), "title": "Hello", "notif_type": "x".repeat(65) }),
        json!({ "user_id": BOB.to_string(), "title": "a\u{0}b" }),
        json!({ "user_id": BOB.to_string() }),
    ] {
        let (status, problem) = world.post(Some(ADA), None, &body).await;
        assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("bad_request")), "{body}");
    }
    assert_eq!(world.get(BOB, "/api/notifications/me").await["items"], json!([]));
}

#[tokio::test]
async fn another_users_notifications_are_not_found() {
    let world = world().await;
    let key = world.posted("For Bob").await;
    for (method, path) in [
        (Method::GET, format!("/api/notifications/{BOB}")),
        (Method::GET, format!("/api/notifications/{BOB}/unread-count")),
        (Method::PATCH, format!("/api/notifications/{BOB}/read-all")),
        (Method::PATCH, format!("/api/notifications/{key}/read")),
        (Method::DELETE, format!("/api/notifications/{key}")),
    ] {
        let (status, problem) = world.ask(ADA, method, &path).await;
        assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("not_found")), "{path}");
    }
    assert_eq!(world.get(BOB, &format!("/api/notifications/{BOB}/unread-count")).await["unread"], 1);
    for key in ["x", "..", "1.2.3", "-1.00000000000000000000000000000009.0", "99999999999999999999.a.1"] {
        let (status, _) = world.ask(BOB, Method::DELETE, &format!("/api/notifications/{key}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{key}");
    }
}

#[tokio::test]
async fn a_list_is_paged_newest_first() {
    let world = world().await;
    let mut keys = Vec::new();
    for number in 0..5 {
        keys.push(world.posted(&format!("Number {number}")).await);
    }
    keys.sort();
    keys.reverse();
    let mut seen = Vec::new();
    let mut path = "/api/notifications/me?limit=2".to_owned();
    loop {
        let page = world.get(BOB, &path).await;
        let items = page["items"].as_array().expect("items");
        assert!(!items.is_empty() && items.len() <= 2);
        seen.extend(items.iter().map(|one| one["key"].as_str().expect("a key").to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/notifications/me?limit=2&before={next}");
    }
    assert_eq!(seen, keys);
    let (status, _) = world.ask(BOB, Method::GET, "/api/notifications/me?before=yesterday").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, _) = world.ask(BOB, Method::GET, "/api/notifications/me?limit=many").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn all_are_marked_read_at_once_and_the_count_is_bounded() {
    let world = world().await;
    let store = world.memory.store();
    let log = domain::LogId::User(BOB);
    for number in 0..UNREAD_NOTIFICATIONS as u128 + 5 {
        let key = NotificationKey { at: Timestamp(1 + number as i64), room: Uuid::from_u128(number), seq: 0 };
        let one = Notification {
            key,
            kind: NotificationKind::Posted,
            notif_type: None,
            room: None,
            seq: None,
            from: None,
            title: "x".into(),
            body: String::new(),
            rev: 0,
            read_at: None,
        };
        let tip = store.log.tip(log).await.expect("reads");
        let entry = domain::Entry {
            v: 1,
            seq: tip.seq() + 1,
            n: 0,
            by: UserId::SYSTEM,
            id: domain::EntryId(Uuid::from_u128(number)),
            at: Timestamp(1),
            body: domain::Body::NotificationAdded(one.clone()),
        };
        store.log.append(log, &tip, &[entry], &[RowWrite::Notification(one)]).await.expect("appends");
    }
    assert_eq!(world.get(BOB, "/api/notifications/me/unread-count").await["unread"], UNREAD_NOTIFICATIONS);
    assert_eq!(world.get(BOB, "/api/notifications/me?limit=100000").await["items"].as_array().map(Vec::len), Some(100));
    let (status, noted) = world.ask(BOB, Method::PATCH, "/api/notifications/me/read-all").await;
    assert_eq!((status, &noted["noop"]), (StatusCode::OK, &json!(false)));
    assert_eq!(world.get(BOB, "/api/notifications/me/unread-count").await["unread"], 0);
    assert_eq!(world.ask(BOB, Method::PATCH, "/api/notifications/me/read-all").await.1["noop"], true);
}

#[tokio::test]
async fn without_a_store_the_answer_says_when_to_retry() {
    let world = world().await;
    world.memory.set_down(true);
    let (status, problem) = world.ask(BOB, Method::GET, "/api/notifications/me").await;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("unavailable")));
    assert!(problem["retry_ms"].as_u64().is_some_and(|ms| ms > 0));
}

#[test]
fn every_route_is_described() {
    let document = serde_json::to_value(notifications::openapi()).expect("a document");
    let paths = document["paths"].as_object().expect("paths");
    let mut found: Vec<&str> = paths.keys().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "/api/notifications",
            "/api/notifications/{key}",
            "/api/notifications/{key}/read",
            "/api/notifications/{key}/read-all",
            "/api/notifications/{key}/unread-count",
        ]
    );
}
