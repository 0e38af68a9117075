//! The event feed on the in-memory store: a few users, one node or two, and virtual time.

mod catch_up;
mod changed;
mod consumers;
mod crashes;
mod failing;
mod notified;

use std::sync::Arc;
use std::time::Duration;

use domain::limits::Limits;
use domain::name::{RoomName, Slug, UserName};
use domain::text::Emoji;
use domain::{
    Ack, Actor, Body, Change, Intent, LogId, Notification, OwnChange, Refusal, Role, Room, RoomId, RoomKind, Seq,
    Timestamp, User, UserId, UserRole,
};
use service::feed::{CatchUp, Consumer, Feed, FeedSettings, Notify, OwnRooms, Requests};
use service::ports::{NewUser, Store};
use service::{Clock, Ids, Logs, RoomKinds, Supervisor, UserCache};
use store_memory::MemoryStore;
use tokio::time::Instant;
use uuid::Uuid;

const ADA: UserId = UserId(Uuid::from_u128(1));
const BOB: UserId = UserId(Uuid::from_u128(2));
const EVE: UserId = UserId(Uuid::from_u128(3));

/// A clock on the test runtime's time, which jumps ahead whenever all tasks wait.
struct VirtualClock(Instant);

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Timestamp(1_790_000_000_000) + self.0.elapsed()
    }
}

/// A node: its logs and its feed.
struct Node {
    logs: Arc<Logs>,
    feed: Arc<Feed>,
    notify: Arc<Notify>,
    own_rooms: Arc<OwnRooms>,
    catch_up: Arc<CatchUp>,
    supervisor: Supervisor,
}

impl Node {
    /// Creates a node whose feed does not run yet.
    fn new(memory: &MemoryStore, owner: &str) -> Node {
        let clock = Arc::new(VirtualClock(Instant::now()));
        let limits = Limits { sends_per_10s: 1_000_000, joins_per_minute: 1_000_000, ..Limits::default() };
        let logs = Logs::new(memory.store(), clock.clone(), limits);
        let user_cache = UserCache::new(memory.store(), clock.clone());
        let kinds = RoomKinds::new(memory.store());
        let requests = Requests::new(memory.store(), logs.clone(), user_cache.clone(), kinds);
        let notify = Notify::new(logs.clone(), memory.store(), user_cache, requests.clone());
        let own_rooms = OwnRooms::new(memory.store(), logs.clone(), requests);
        let consumers: Vec<Arc<dyn Consumer>> = vec![own_rooms.clone(), notify.clone()];
        let settings = FeedSettings { owner: owner.to_owned(), changes_every: Duration::from_secs(1) };
        let catch_up = CatchUp::new(memory.store(), clock.clone(), consumers.clone(), owner.to_owned());
        let feed = Feed::new(memory.store(), clock, consumers, settings);
        Node { logs, feed, notify, own_rooms, catch_up, supervisor: Supervisor::new() }
    }

    fn start(memory: &MemoryStore, owner: &str) -> Node {
        let node = Node::new(memory, owner);
        node.feed.start(&node.logs, &node.supervisor);
        node
    }

    async fn ask(&self, by: UserId, log: LogId, intent: Intent) -> Result<Ack, Refusal> {
        let change = Change { by: actor(by), id: Ids::system().entry(), seen: None, epoch: None, intent };
        self.logs.submit(log, change).await
    }

    async fn does(&self, by: UserId, room: RoomId, intent: Intent) -> Seq {
        let ack = self.ask(by, LogId::Room(room), intent).await.expect("accepted");
        ack.seq.expect("it changes something")
    }

    /// Creates a room of Ada's.
    async fn room(&self, kind: RoomKind, people: &[UserId]) -> RoomId {
        let id = Ids::system().room();
        let room = Box::new(a_room(id, kind));
        self.does(ADA, id, Intent::Create { room, people: people.to_vec() }).await;
        id
    }

    async fn direct(&self, other: UserId) -> RoomId {
        let id = RoomId::direct(ADA, other);
        let room = Box::new(Room { pair: Some((ADA, other)), name: None, ..a_room(id, RoomKind::Direct) });
        self.does(ADA, id, Intent::Create { room, people: vec![other] }).await;
        id
    }

    async fn says(&self, by: UserId, room: RoomId, text: &str) -> Seq {
        self.does(by, room, say(text)).await
    }

    async fn replies(&self, by: UserId, room: RoomId, to: Seq, text: &str) -> Seq {
        let text = text.to_owned().try_into().expect("valid");
        self.does(by, room, Intent::Send { text, reply_to: Some(to), thread: None, files: vec![] }).await
    }

    async fn edits(&self, by: UserId, room: RoomId, target: Seq, text: &str) -> Seq {
        let text = text.to_owned().try_into().expect("valid");
        self.does(by, room, Intent::Edit { target, text }).await
    }

    async fn deletes(&self, by: UserId, room: RoomId, target: Seq) -> Seq {
        self.does(by, room, Intent::Delete { target }).await
    }

    async fn settings(&self, user: UserId, room: RoomId, level: domain::Level) {
        let change = OwnChange::RoomSettings { room, level: Some(level), quiet_s: None, hidden: None };
        self.ask(user, LogId::User(user), Intent::Own(change)).await.expect("the room is in the list");
    }
}

fn actor(user: UserId) -> Actor {
    Actor { user, session: None, admin: false, guest: false }
}

fn say(text: &str) -> Intent {
    Intent::Send { text: text.to_owned().try_into().expect("valid"), reply_to: None, thread: None, files: vec![] }
}

fn thumb() -> Emoji {
    Emoji::try_from("👍".to_owned()).expect("an emoji")
}

fn a_room(id: RoomId, kind: RoomKind) -> Room {
    Room {
        id,
        kind,
        slug: (kind == RoomKind::Public).then(|| Slug::parse(&format!("r-{}", id.0.simple())).expect("valid")),
        name: Some(RoomName::parse("Garden").expect("valid")),
        description: String::new(),
        archived: false,
        hides_past: false,
        slow_mode_s: 0,
        pair: None,
        rev: 0,
    }
}

/// Creates a store with Ada, Bob and Eve.
async fn world() -> MemoryStore {
    let memory = MemoryStore::new();
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
        let new = NewUser { user, email: None, sign_in_email: None, password_hash: None };
        memory.store().users.create_user(&new).await.expect("free");
    }
    memory
}

/// Waits until something holds; virtual time runs while all tasks wait.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(300);
    while !holds().await {
        assert!(Instant::now() < deadline, "timed out: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits long enough for everything that a feed could still do.
async fn quiet() {
    tokio::time::sleep(Duration::from_secs(90)).await;
}

async fn notifications(store: &Store, user: UserId) -> Vec<Notification> {
    let mut all = Vec::new();
    let mut before = None;
    loop {
        let page = store.notifications.list(user, false, before, 100).await.expect("reads");
        all.extend(page.items);
        before = page.next;
        if before.is_none() {
            all.reverse();
            return all;
        }
    }
}

/// Returns what a user log announced: the seqs of notifications, and `(room, rev)` of rooms.
async fn announced(store: &Store, user: UserId) -> (Vec<(RoomId, Seq)>, Vec<(RoomId, Seq)>) {
    let log = LogId::User(user);
    let tip = store.log.tip(log).await.expect("reads");
    let entries = store.log.read(log, 1, tip.seq()).await.expect("reads");
    let (mut added, mut rooms) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry.body {
            Body::NotificationAdded(one) => added.push((one.room.expect("of a room"), one.key.seq)),
            Body::UserRoom(row) => rooms.push((row.room, row.rev)),
            _ => {}
        }
    }
    (added, rooms)
}

async fn is_listed(store: &Store, user: UserId, room: RoomId) -> bool {
    store.rooms.user_room(user, room).await.expect("reads").is_some_and(|row| row.state == domain::MemberState::Joined)
}

/// Creates a room of Ada's with Bob in it, in both lists.
async fn garden(node: &Node, store: &Store) -> RoomId {
    let room = node.room(RoomKind::Public, &[]).await;
    node.does(BOB, room, Intent::Join).await;
    until("the room in Bob's list", async || is_listed(store, BOB, room).await).await;
    room
}

fn invite(user: UserId) -> Intent {
    Intent::Invite { user, role: Role::Member }
}
