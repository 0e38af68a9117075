//! What operators and admins do, on the in-memory store: what is left after failures, and who owns a room afterwards.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use domain::limits::Limits;
use domain::name::{RoomName, UserName};
use domain::{
    Actor, AuditOutcome, Change, Intent, LogId, MemberState, Role, RoomId, RoomKind, RowWrite, Timestamp, User, UserId,
    UserRole, UserRoom,
};
use service::auth::{AuthSettings, Device, FirstAccount, Password, Registration, SigningKeys};
use service::limits::DELETION_SETTLES;
use service::rooms::ChangeRequest;
use service::{
    Access, Admin, Approaches, Auth, Ids, Logs, ManualClock, NewRoom, Requester, RoomRules, Rooms, UserCache,
};
use service::{OwnRooms, Requests, RoomKinds};
use store_memory::MemoryStore;

struct Fixture {
    memory: MemoryStore,
    clock: Arc<ManualClock>,
    logs: Arc<Logs>,
    auth: Arc<Auth>,
    rooms: Arc<Rooms>,
    admin: Arc<Admin>,
}

fn fixture() -> Fixture {
    let memory = MemoryStore::new();
    let (store, clock) = (memory.store(), Arc::new(ManualClock::new(Timestamp(1_790_000_000_000))));
    let limits = Limits { joins_per_minute: 1_000, sends_per_10s: 10_000, ..Limits::default() };
    let logs = Logs::new(store.clone(), clock.clone(), limits.clone());
    let user_cache = UserCache::new(store.clone(), clock.clone());
    let settings = AuthSettings { sign_ins_per_minute: 0, ..AuthSettings::default() };
    let (keys, ids) = (SigningKeys::generate(), Ids::system());
    let auth =
        Auth::new(store.clone(), logs.clone(), user_cache.clone(), clock.clone(), ids.clone(), keys, settings, None);
    let admin = Admin::new(store.clone(), logs.clone(), auth.clone(), user_cache.clone(), clock.clone(), ids.clone());
    let access = Access::new(store.clone());
    let approaches = Approaches::new(&limits, None, clock.clone());
    let rules = RoomRules { limits, ..RoomRules::default() };
    let kinds = RoomKinds::new(store.clone());
    let requests = Requests::new(store.clone(), logs.clone(), user_cache.clone(), kinds);
    let own_rooms = OwnRooms::new(store.clone(), logs.clone(), requests);
    let rooms = Rooms::new(store, logs.clone(), access, user_cache, ids, rules, approaches, own_rooms);
    Fixture { memory, clock, logs, auth, rooms, admin }
}

impl Fixture {
    async fn user(&self, name: &str) -> User {
        let name = UserName::parse(name).expect("valid");
        let password = Password::parse("correct horse battery".into()).expect("valid");
        let registration = Registration { name, password, email: None, display_name: None };
        let device = Device::new("a test", IpAddr::V4(Ipv4Addr::LOCALHOST));
        let signed_in = self.auth.accounts.register(None, registration, &device, &FirstAccount::Local).await;
        signed_in.expect("free").user
    }

    async fn room(&self, owner: &User) -> RoomId {
        let name = RoomName::parse("Garden").expect("valid");
        let new = NewRoom { slug: None, name, description: String::new(), kind: RoomKind::Public, hides_past: false };
        let room = self.rooms.create(&actor(owner), new, ChangeRequest::default()).await.expect("made").room.id;
        self.list(owner, room).await;
        room
    }

    async fn change(&self, by: &User, room: RoomId, intent: Intent) {
        let change = Change { by: actor(by), id: Ids::system().entry(), seen: None, epoch: None, intent };
        self.logs.submit(LogId::Room(room), change).await.expect("accepted");
    }

    async fn join(&self, user: &User, room: RoomId) {
        self.change(user, room, Intent::Join).await;
        self.list(user, room).await;
    }

    /// Writes the user's row of a room, as the event feed does.
    async fn list(&self, user: &User, room: RoomId) {
        let log = LogId::User(user.id);
        let store = self.memory.store();
        let tip = store.log.tip(log).await.expect("up");
        let row = UserRoom {
            room,
            state: MemberState::Joined,
            role: Role::Member,
            rev: 1,
            level: domain::Level::All,
            quiet_until: None,
            hidden: false,
            why: None,
            request: None,
            read_seq: 0,
            read_n: 0,
            mentions: Vec::new(),
        };
        let body = domain::Body::UserRoom(row.clone());
        let entries = conformance::suite::world::entries_after(&tip, user.id, vec![body]);
        store.log.append(log, &tip, &entries, &[RowWrite::UserRoom(row)]).await.expect("appended");
    }

    async fn role(&self, room: RoomId, user: &User) -> Option<Role> {
        let member = self.memory.store().rooms.member(room, user.id).await.expect("up")?;
        member.is_joined().then_some(member.role)
    }
}

fn actor(user: &User) -> Actor {
    Actor { user: user.id, session: None, admin: user.role == UserRole::Admin, guest: user.guest }
}

#[tokio::test]
async fn a_deletion_that_was_interrupted_is_finished_later_with_what_came_last() {
    let fixture = fixture();
    let (ada, bob) = (fixture.user("ada").await, fixture.user("bob").await);
    let (early, late) = (fixture.room(&ada).await, fixture.room(&ada).await);
    fixture.join(&bob, early).await;
    // The feed has not written this row yet.
    fixture.change(&bob, late, Intent::Join).await;
    let text = "from bob".to_owned().try_into().expect("a text");
    fixture.change(&bob, late, Intent::Send { text, reply_to: None, thread: None, files: Vec::new() }).await;

    fixture.admin.delete_account(Requester::CLI, &bob, true).await.expect("deleted");
    assert_eq!(fixture.role(early, &bob).await, None);
    assert_eq!(fixture.role(late, &bob).await, Some(Role::Member), "not known yet");
    fixture.list(&bob, late).await;
    assert_eq!(fixture.admin.finish_deletions().await.expect("up"), 0, "too early");

    fixture.clock.advance(DELETION_SETTLES);
    fixture.memory.set_down(true);
    assert!(fixture.admin.finish_deletions().await.is_err());
    fixture.memory.set_down(false);
    assert_eq!(fixture.admin.finish_deletions().await.expect("up"), 1);
    assert_eq!(fixture.admin.finish_deletions().await.expect("up"), 0);
    assert_eq!(fixture.role(late, &bob).await, None);
    let store = fixture.memory.store();
    let written = store.log.read(LogId::Room(late), 1, 99).await.expect("up");
    let message = written.iter().find_map(|entry| entry.message()).expect("it keeps its place");
    assert!(message.deleted && message.text.is_blank());
    assert!(store.deletions.rooms_ever(bob.id, None, 9).await.expect("up").is_empty());
    let own = store.log.read(LogId::User(bob.id), 1, 99).await.expect("up");
    assert!(!format!("{own:?}").contains("bob"), "the profile that was announced is blank");
}

#[tokio::test]
async fn a_room_passes_to_the_highest_role_and_to_a_guest_last() {
    let fixture = fixture();
    let (ada, bob) = (fixture.user("ada").await, fixture.user("bob").await);
    let (eve, max) = (fixture.user("eve").await, fixture.user("max").await);
    let device = Device::new("a test", IpAddr::V4(Ipv4Addr::LOCALHOST));
    let name = UserName::parse("gus").expect("valid");
    let guest = fixture.auth.accounts.guest(&name.clone().into(), &device).await.expect("allowed").user;

    let ranked = fixture.room(&bob).await;
    for user in [&guest, &eve, &max] {
        fixture.join(user, ranked).await;
    }
    fixture.change(&bob, ranked, Intent::SetRole { user: max.id, role: Role::Moderator }).await;
    let equal = fixture.room(&bob).await;
    for user in [&guest, &max, &eve] {
        fixture.join(user, equal).await;
    }
    let shared = fixture.room(&bob).await;
    fixture.join(&eve, shared).await;
    fixture.change(&bob, shared, Intent::SetRole { user: eve.id, role: Role::Owner }).await;
    fixture.join(&max, shared).await;
    let with_guest = fixture.room(&bob).await;
    fixture.join(&guest, with_guest).await;
    let alone = fixture.room(&bob).await;

    fixture.admin.delete_own_account(Requester::rest(actor(&bob)), None, false).await.expect_err("no password");
    fixture.admin.delete_account(Requester::rest(actor(&ada)), &bob, false).await.expect("deleted");
    for room in [ranked, equal, shared, with_guest, alone] {
        assert_eq!(fixture.role(room, &bob).await, None);
    }
    assert_eq!(fixture.role(ranked, &max).await, Some(Role::Owner), "the moderator");
    assert_eq!(fixture.role(ranked, &eve).await, Some(Role::Member));
    assert_eq!(fixture.role(equal, &max).await, Some(Role::Owner), "the one who joined first, except the guest");
    assert_eq!(fixture.role(shared, &max).await, Some(Role::Member), "another owner is left");
    assert_eq!(fixture.role(with_guest, &guest).await, Some(Role::Owner), "nobody else is left");
}

#[tokio::test]
async fn an_action_whose_end_is_unknown_stays_begun() {
    let fixture = fixture();
    let (ada, bob) = (fixture.user("ada").await, fixture.user("bob").await);
    fixture.memory.set_down(true);
    assert!(fixture.admin.sign_out(Requester::CLI, &bob).await.is_err(), "without a record nothing is done");
    fixture.memory.set_down(false);
    assert!(fixture.admin.audit(Requester::CLI, None, 9).await.expect("up").records.is_empty());

    fixture.memory.fail_next_append(store_memory::Fault::Panic);
    assert!(fixture.admin.sign_out(Requester::CLI, &bob).await.is_err());
    fixture.admin.sign_out(Requester::rest(actor(&ada)), &bob).await.expect("done");
    let records = fixture.admin.audit(Requester::CLI, None, 9).await.expect("up").records;
    let seen: Vec<_> = records.iter().map(|record| (record.by, record.outcome)).collect();
    assert_eq!(seen, [(Some(ada.id), AuditOutcome::Done), (None, AuditOutcome::Begun)]);
    let bob_asks = Requester::rest(actor(&bob));
    assert!(
        fixture.admin.audit(bob_asks, None, 9).await.is_err() && fixture.admin.find(bob_asks, "ada").await.is_err()
    );
    let nobody = Actor { user: UserId::SYSTEM, session: None, admin: false, guest: false };
    assert!(fixture.admin.list(Requester::rest(nobody), "", None, 9).await.is_err());
}
