//! Accounts, sign-in and sessions on the in-memory store, with a clock that the test moves.

mod names;
mod sign_in;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use domain::limits::Limits;
use domain::name::UserName;
use domain::{Actor, Code, LogId, Refusal, Timestamp, UserRole};
use service::auth::{AuthSettings, Device, FirstAccount, Password, ProfilePatch, Registration, SignedIn, SigningKeys};
use service::limits::{SESSION_LIFE, TICKET_LIFE};
use service::{Auth, Ids, Logs, ManualClock, UserCache};
use store_memory::MemoryStore;

const PASSWORD: &str = "correct horse battery";

struct Fixture {
    auth: Arc<Auth>,
    clock: Arc<ManualClock>,
    memory: MemoryStore,
    logs: Arc<Logs>,
    keys: String,
}

fn fixture() -> Fixture {
    with(AuthSettings { sign_ins_per_minute: 0, ..AuthSettings::default() })
}

fn with(settings: AuthSettings) -> Fixture {
    let memory = MemoryStore::new();
    let clock = Arc::new(ManualClock::new(Timestamp(1_790_000_000_000)));
    let logs = Logs::new(memory.store(), clock.clone(), Limits::default());
    let user_cache = UserCache::new(memory.store(), clock.clone());
    let keys = SigningKeys::generate();
    let pem = keys.to_pem();
    let auth = Auth::new(memory.store(), logs.clone(), user_cache, clock.clone(), Ids::system(), keys, settings, None);
    Fixture { auth, clock, memory, logs, keys: pem }
}

fn device() -> Device {
    Device::new("a test", IpAddr::V4(Ipv4Addr::LOCALHOST))
}

fn name(text: &str) -> UserName {
    UserName::parse(text).expect("valid")
}

fn registration(text: &str) -> Registration {
    Registration {
        name: name(text),
        password: Password::parse(PASSWORD.into()).expect("valid"),
        email: None,
        display_name: None,
    }
}

impl Fixture {
    async fn register(&self, name: &str) -> SignedIn {
        self.auth.accounts.register(None, registration(name), &device(), &FirstAccount::Local).await.expect("free")
    }

    fn actor(&self, signed_in: &SignedIn) -> Actor {
        self.auth.sessions.verify(&signed_in.access_token).expect("fresh")
    }
}

fn code<T>(result: Result<T, Refusal>) -> Option<Code> {
    result.err().map(|refusal| refusal.code)
}

fn refresh_token(signed_in: &SignedIn) -> &str {
    signed_in.refresh_token.as_deref().expect("it was replaced")
}

#[tokio::test]
async fn the_first_registered_user_becomes_admin_even_after_a_guest() {
    let fixture = fixture();
    let guest = fixture.auth.accounts.guest(&name("eve").into(), &device()).await.expect("guests are allowed");
    assert!(guest.user.guest && fixture.actor(&guest).guest);
    assert_eq!(fixture.register("ada").await.user.role, UserRole::Admin);
    assert_eq!(fixture.register("bob").await.user.role, UserRole::User);
}

#[tokio::test]
async fn the_first_account_needs_the_token_unless_it_is_local() {
    let fixture = fixture();
    let accounts = &fixture.auth.accounts;
    let token = accounts.first_token().await.expect("the store is up").expect("there is no account").to_owned();
    let register = async |guest: Option<Actor>, name: &str, token: Option<&str>| {
        let first = FirstAccount::Token(token.map(str::to_owned));
        accounts.register(guest, registration(name), &device(), &first).await
    };
    for wrong in [None, Some(""), Some("0000-0000-0000-0000-0000")] {
        assert_eq!(code(register(None, "eve", wrong).await), Some(Code::Forbidden), "{wrong:?}");
    }
    let guest = accounts.guest(&name("eve").into(), &device()).await.expect("guests need no token");
    let guest = fixture.actor(&guest);
    assert_eq!(code(register(Some(guest), "eve", None).await), Some(Code::Forbidden), "nor is a guest the first");

    let ada = register(None, "ada", Some(&token)).await.expect("the token is right");
    assert_eq!(ada.user.role, UserRole::Admin);
    assert_eq!(accounts.first_token().await, Ok(None));
    let eve = register(Some(guest), "eve", None).await.expect("nobody else needs a token");
    assert_eq!(eve.user.role, UserRole::User);
    assert_eq!(register(None, "bob", Some("wrong")).await.expect("a wrong one does no harm").user.role, UserRole::User);
}

#[tokio::test]
async fn a_guest_who_registers_keeps_the_id_and_the_session() {
    let fixture = fixture();
    let guest = fixture.auth.accounts.guest(&name("ada").into(), &device()).await.expect("guests are allowed");
    let actor = fixture.actor(&guest);
    let ada = fixture
        .auth
        .accounts
        .register(Some(actor), registration("ada"), &device(), &FirstAccount::Local)
        .await
        .expect("free");
    assert_eq!((ada.user.id, ada.user.guest, ada.user.name.as_str()), (guest.user.id, false, "ada"));
    assert_eq!(fixture.actor(&ada), Actor { guest: false, admin: true, ..actor });
    fixture.auth.sessions.refresh(refresh_token(&ada)).await.expect("the new one is good");
    let again = fixture
        .auth
        .accounts
        .register(Some(fixture.actor(&ada)), registration("ada2"), &device(), &FirstAccount::Local)
        .await;
    assert_eq!(code(again), Some(Code::Conflict), "no guest any more");
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_can_be_repeated_until_the_token_expires() {
    let fixture = fixture();
    let first = fixture.auth.accounts.guest(&name("ada").into(), &device()).await.expect("guests are allowed");
    fixture.clock.advance(SESSION_LIFE / 2);
    let second = fixture.auth.sessions.refresh(refresh_token(&first)).await.expect("rotated");
    assert_ne!(refresh_token(&second), refresh_token(&first));
    for lost in
        [Duration::from_secs(31), Duration::from_secs(24 * 3600), SESSION_LIFE / 2 - Duration::from_secs(90_000)]
    {
        fixture.clock.advance(lost);
        let repeated = fixture.auth.sessions.refresh(refresh_token(&first)).await.expect("the answer was lost");
        assert_eq!(refresh_token(&repeated), refresh_token(&second), "after {lost:?}");
    }

    fixture.clock.advance(Duration::from_secs(4_000));
    assert_eq!(
        code(fixture.auth.sessions.refresh(refresh_token(&first)).await),
        Some(Code::Unauthenticated),
        "expired"
    );
    let third = fixture.auth.sessions.refresh(refresh_token(&second)).await.expect("an expired token ends nothing");
    fixture.auth.sessions.refresh(refresh_token(&third)).await.expect("rotated");
}

#[tokio::test]
async fn a_registration_whose_answer_was_lost_leaves_the_guest_signed_in() {
    let fixture = fixture();
    let guest = fixture.auth.accounts.guest(&name("ada").into(), &device()).await.expect("guests are allowed");
    let actor = fixture.actor(&guest);
    let lost = fixture
        .auth
        .accounts
        .register(Some(actor), registration("ada"), &device(), &FirstAccount::Local)
        .await
        .expect("free");
    fixture.clock.advance(Duration::from_secs(3_600));
    let again = fixture.auth.sessions.refresh(refresh_token(&guest)).await.expect("the answer was lost");
    assert_eq!((again.user.guest, refresh_token(&again)), (false, refresh_token(&lost)));
    fixture.auth.sessions.refresh(refresh_token(&again)).await.expect("rotated");
    assert_eq!(code(fixture.auth.sessions.refresh(refresh_token(&guest)).await), Some(Code::Unauthenticated), "reused");
}

#[tokio::test]
async fn two_refreshes_at_once_both_succeed_and_agree() {
    let fixture = fixture();
    let first = fixture.register("ada").await;
    let token = refresh_token(&first);
    let (one, two) = tokio::join!(fixture.auth.sessions.refresh(token), fixture.auth.sessions.refresh(token));
    let (one, two) = (one.expect("good"), two.expect("good"));
    assert_eq!(refresh_token(&one), refresh_token(&two));
}

#[tokio::test]
async fn a_reused_token_ends_the_session_for_both() {
    let fixture = fixture();
    let first = fixture.register("ada").await;
    let second = fixture.auth.sessions.refresh(refresh_token(&first)).await.expect("rotated");
    let third = fixture.auth.sessions.refresh(refresh_token(&second)).await.expect("rotated");
    assert_eq!(code(fixture.auth.sessions.refresh(refresh_token(&first)).await), Some(Code::Unauthenticated));
    assert_eq!(code(fixture.auth.sessions.refresh(refresh_token(&third)).await), Some(Code::Unauthenticated));
    assert_eq!(
        code(fixture.auth.sessions.verify(&second.access_token)),
        Some(Code::Unauthenticated),
        "access ends too"
    );
}

#[tokio::test]
async fn a_forged_token_does_not_end_the_session_that_it_names() {
    let fixture = fixture();
    let ada = fixture.register("ada").await;
    let (payload, _) = refresh_token(&ada).rsplit_once('.').expect("four parts");
    let forged = format!("{payload}.{}", "A".repeat(43));
    assert_eq!(code(fixture.auth.sessions.refresh(&forged).await), Some(Code::Unauthenticated));
    fixture.auth.sessions.refresh(refresh_token(&ada)).await.expect("nothing happened to it");
}

#[tokio::test]
async fn an_ended_session_ends_its_tokens_and_tickets_and_is_logged() {
    let fixture = fixture();
    let ada = fixture.register("ada").await;
    let actor = fixture.actor(&ada);
    let ticket = fixture.auth.tickets.issue(&actor).await.expect("given");
    fixture.auth.sessions.logout(Some(actor), None).await.expect("ended");
    assert_eq!(code(fixture.auth.sessions.verify(&ada.access_token)), Some(Code::Unauthenticated));
    assert_eq!(code(fixture.auth.sessions.refresh(refresh_token(&ada)).await), Some(Code::Unauthenticated));
    assert_eq!(code(fixture.auth.tickets.take(&ticket).await), Some(Code::Unauthenticated));
    let own = LogId::User(actor.user);
    let entries = fixture.memory.store().log.read(own, 1, 9).await.expect("the store works");
    assert_eq!(entries.last().map(|entry| &entry.body), Some(&domain::Body::SessionEnded { session: actor.session }));
}

#[tokio::test]
async fn a_session_ended_by_another_node_ends_here_once_the_log_announces_it() {
    let fixture = fixture();
    let ada = fixture.register("ada").await;
    let actor = fixture.actor(&ada);
    let store = fixture.memory.store();
    let user_cache = UserCache::new(store.clone(), fixture.clock.clone());
    // It shares the logs, so it learns what the first node appends, and nothing else.
    let (keys, ids) = (SigningKeys::from_pem(&fixture.keys).expect("as written"), Ids::system());
    let other = Auth::new(
        store,
        fixture.logs.clone(),
        user_cache,
        fixture.clock.clone(),
        ids,
        keys,
        AuthSettings::default(),
        None,
    );
    assert_eq!(other.sessions.verify(&ada.access_token), Ok(actor));
    fixture.auth.sessions.logout(Some(actor), None).await.expect("ended");
    assert_eq!(code(other.sessions.verify(&ada.access_token)), Some(Code::Unauthenticated));
}

#[tokio::test]
async fn a_ticket_works_once_and_for_a_short_time() {
    let fixture = fixture();
    let ada = fixture.register("ada").await;
    let actor = fixture.actor(&ada);
    let ticket = fixture.auth.tickets.issue(&actor).await.expect("given");
    assert_eq!(fixture.auth.tickets.take(&ticket).await.expect("good").actor, actor);
    assert_eq!(code(fixture.auth.tickets.take(&ticket).await), Some(Code::Unauthenticated), "used up");
    let late = fixture.auth.tickets.issue(&actor).await.expect("given");
    fixture.clock.advance(TICKET_LIFE + Duration::from_secs(1));
    assert_eq!(code(fixture.auth.tickets.take(&late).await), Some(Code::Unauthenticated), "too late");
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_the_other_sessions() {
    let fixture = fixture();
    let ada = fixture.register("ada").await;
    let elsewhere = fixture.auth.passwords.login("ADA", PASSWORD.into(), &device()).await.expect("right");
    let change = |old: &str| ProfilePatch {
        password: Some(Password::parse("a better one".into()).expect("valid")),
        old_password: Some(old.to_owned()),
        ..ProfilePatch::default()
    };
    let actor = fixture.actor(&ada);
    assert_eq!(code(fixture.auth.profiles.update(&actor, change("wrong")).await), Some(Code::Forbidden));
    assert!(fixture.auth.sessions.verify(&elsewhere.access_token).is_ok(), "nothing was changed");
    fixture.auth.profiles.update(&actor, change(PASSWORD)).await.expect("changed");
    assert!(fixture.auth.sessions.verify(&ada.access_token).is_ok());
    assert_eq!(code(fixture.auth.sessions.verify(&elsewhere.access_token)), Some(Code::Unauthenticated));
    assert_eq!(
        code(fixture.auth.passwords.login("ada", PASSWORD.into(), &device()).await),
        Some(Code::Unauthenticated)
    );
    fixture.auth.passwords.login("ada", "a better one".into(), &device()).await.expect("the new one");
}

#[tokio::test]
async fn a_refused_change_changes_nothing() {
    let fixture = fixture();
    fixture.register("bob").await;
    let ada = fixture.register("ada").await;
    let actor = fixture.actor(&ada);
    let patch = ProfilePatch {
        display_name: Some(domain::name::DisplayName::parse("Ada L.").ok()),
        name: Some(name("B\u{3bf}b")),
        old_password: Some(PASSWORD.into()),
        ..ProfilePatch::default()
    };
    assert_eq!(code(fixture.auth.profiles.update(&actor, patch).await), Some(Code::Conflict), "a Greek omicron");
    assert_eq!(fixture.auth.profiles.get(&actor).await.expect("there").user, ada.user);
}

#[tokio::test]
async fn a_new_role_applies_at_once_to_tokens_that_claim_another() {
    let fixture = fixture();
    let ada = fixture.register("ada").await;
    assert!(fixture.actor(&ada).admin);
    fixture.register("zoe").await;
    fixture.auth.accounts.set_role(&name("zoe"), UserRole::Admin).await.expect("another admin");
    fixture.auth.accounts.set_role(&name("ada"), UserRole::User).await.expect("there");
    assert!(!fixture.actor(&ada).admin);
    fixture.auth.accounts.set_role(&name("ada"), UserRole::Admin).await.expect("there");
    assert!(fixture.actor(&ada).admin);
}

#[tokio::test]
async fn a_banned_user_is_signed_out_and_cannot_sign_in() {
    let fixture = fixture();
    let (ada, bob) = (fixture.register("ada").await, fixture.register("bob").await);
    let (ada, of_bob) = (fixture.actor(&ada), fixture.actor(&bob));
    assert_eq!(code(fixture.auth.accounts.set_banned(&of_bob, ada.user, true).await), Some(Code::Forbidden));
    fixture.clock.advance(Duration::from_secs(1));
    fixture.auth.accounts.set_banned(&ada, of_bob.user, true).await.expect("done");
    assert_eq!(code(fixture.auth.sessions.verify(&bob.access_token)), Some(Code::Unauthenticated));
    assert_eq!(code(fixture.auth.sessions.refresh(refresh_token(&bob)).await), Some(Code::SignedOut));
    assert_eq!(
        code(fixture.auth.passwords.login("bob", PASSWORD.into(), &device()).await),
        Some(Code::Unauthenticated)
    );
    fixture.auth.accounts.set_banned(&ada, of_bob.user, false).await.expect("done");
    fixture.auth.passwords.login("bob", PASSWORD.into(), &device()).await.expect("allowed again");
}

#[tokio::test]
async fn a_session_beyond_the_limit_ends_the_oldest() {
    let fixture = fixture();
    let first = fixture.register("ada").await;
    let actor = fixture.actor(&first);
    for _ in 0..service::limits::SESSIONS_PER_USER {
        fixture.clock.advance(Duration::from_millis(1));
        fixture.auth.passwords.login("ada", PASSWORD.into(), &device()).await.expect("right");
    }
    let sessions = fixture.auth.sessions.list(&actor).await.expect("listed");
    assert_eq!(sessions.len(), service::limits::SESSIONS_PER_USER);
    assert_eq!(code(fixture.auth.sessions.verify(&first.access_token)), Some(Code::Unauthenticated));
}

#[tokio::test]
async fn a_session_whose_end_was_not_announced_can_be_ended_again() {
    let fixture = fixture();
    let ada = fixture.register("ada").await;
    let elsewhere = fixture.auth.passwords.login("ada", PASSWORD.into(), &device()).await.expect("right");
    let (actor, other) = (fixture.actor(&ada), fixture.actor(&elsewhere).session.expect("set"));
    // The state that a process leaves when it crashes between the two steps.
    fixture.memory.store().sessions.end(other, true).await.expect("the store works");
    fixture.auth.sessions.end(&actor, other).await.expect("announced again");
    let entries = fixture.memory.store().log.read(LogId::User(actor.user), 1, 9).await.expect("the store works");
    assert!(entries.iter().any(|entry| entry.body == domain::Body::SessionEnded { session: Some(other) }));
}

#[tokio::test]
async fn a_sign_in_cannot_outrun_a_ban_or_a_new_password() {
    let fixture = fixture();
    let ada = fixture.register("ada").await;
    let bob = fixture.register("bob").await;
    let (ada, bob) = (fixture.actor(&ada), fixture.actor(&bob));
    let (people, device) = (fixture.memory.store().users, device());
    // Both begin while the password is being checked, which takes longest of all.
    let login = fixture.auth.passwords.login("bob", PASSWORD.into(), &device);
    let (signed_in, changed) = tokio::join!(login, people.set_password(bob.user, "another hash"));
    changed.expect("changed");
    assert_eq!(signed_in.err().map(|refusal| refusal.code), Some(Code::Unauthenticated));
    let open = fixture.auth.sessions.list(&bob).await.expect("read");
    assert_eq!(open.len(), 1, "only the one before");

    let eve = fixture.actor(&fixture.register("eve").await);
    let login = fixture.auth.passwords.login("eve", PASSWORD.into(), &device);
    let (signed_in, banned) = tokio::join!(login, fixture.auth.accounts.set_banned(&ada, eve.user, true));
    banned.expect("banned");
    assert_eq!(signed_in.err().map(|refusal| refusal.code), Some(Code::Unauthenticated));
    assert!(fixture.auth.sessions.list(&eve).await.expect("read").is_empty());
}

#[tokio::test]
async fn a_session_ended_on_another_node_ends_here_within_seconds() {
    let settings = || AuthSettings { sign_ins_per_minute: 0, ..AuthSettings::default() };
    let fixture = with(settings());
    let (ada, bob) = (fixture.register("ada").await, fixture.register("bob").await);
    let keys = SigningKeys::from_pem(&fixture.keys).expect("its own");
    let (store, clock) = (fixture.memory.store(), fixture.clock.clone());
    let logs = Logs::new(store.clone(), clock.clone(), Limits::default());
    let other = Auth::new(
        store.clone(),
        logs,
        UserCache::new(store, clock.clone()),
        clock,
        Ids::system(),
        keys,
        settings(),
        None,
    );
    let admin = other.sessions.verify_now(&ada.access_token).await.expect("it goes on");
    assert!(admin.admin && other.sessions.verify_now(&bob.access_token).await.is_ok());

    // On another node.
    fixture.register("zoe").await;
    fixture.auth.accounts.set_role(&name("zoe"), UserRole::Admin).await.expect("another admin");
    fixture.auth.accounts.set_role(&name("ada"), UserRole::User).await.expect("taken");
    fixture.auth.sessions.logout(Some(fixture.actor(&bob)), None).await.expect("signed out");
    assert!(other.sessions.verify_now(&bob.access_token).await.is_ok(), "believed for a moment");
    fixture.clock.advance(service::limits::SESSION_BELIEVED);
    let refused = other.sessions.verify_now(&bob.access_token).await.expect_err("it has ended");
    assert_eq!(refused.code, Code::Unauthenticated);
    assert!(
        !other.sessions.verify_now(&ada.access_token).await.expect("it goes on").admin,
        "what the token says is old"
    );
}
