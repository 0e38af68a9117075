//! How often a password may be guessed, which passwords and addresses are accepted, and what guests find.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use domain::{Actor, Code, Refusal, UserRole};
use service::auth::{AuthSettings, Device, FirstAccount, Password, ProfilePatch, Registration, SignedIn};

use crate::{Fixture, PASSWORD, code, device, fixture, name, registration, with};

/// Signs in from an address, with the mark of a known device or without.
async fn login(
    fixture: &Fixture,
    name: &str,
    password: &str,
    last: u8,
    mark: Option<&str>,
) -> Result<SignedIn, Refusal> {
    let from = Device::new("", IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))).with_mark(mark.map(str::to_owned));
    fixture.auth.passwords.login(name, password.into(), &from).await
}

#[tokio::test]
async fn guesses_are_counted_by_address_and_by_account_and_address() {
    let fixture = with(AuthSettings { sign_ins_per_minute: 3, ..AuthSettings::default() });
    let fixture = &fixture;
    let guess =
        |name: &'static str, last| async move { code(login(fixture, name, "a wrong password", last, None).await) };
    for _ in 0..3 {
        assert_eq!(guess("ada", 1).await, Some(Code::Unauthenticated));
    }
    assert_eq!(guess("bob", 1).await, Some(Code::RateLimited), "the address");
    assert_eq!(guess("ADA", 2).await, Some(Code::Unauthenticated), "the name, from elsewhere");
    fixture.clock.advance(Duration::from_secs(60));
    assert_eq!(guess("Ada", 1).await, Some(Code::RateLimited), "the name, from the same address");
    assert_eq!(guess("bob", 1).await, Some(Code::Unauthenticated));
}

#[tokio::test]
async fn wrong_guesses_from_two_addresses_do_not_keep_the_owner_out() {
    let fixture = with(AuthSettings { sign_ins_per_minute: 20, ..AuthSettings::default() });
    fixture.register("ada").await;
    // Two addresses guess as fast as they may for an hour, and the owner signs in from elsewhere every three minutes.
    for _ in 0..20 {
        for turn in 0..40 {
            let guessed = code(login(&fixture, "ada", "a wrong password", turn % 2, None).await);
            assert!([Some(Code::Unauthenticated), Some(Code::RateLimited)].contains(&guessed), "{guessed:?}");
        }
        login(&fixture, "ada", PASSWORD, 7, None).await.expect("the owner");
        fixture.clock.advance(Duration::from_secs(180));
    }
}

#[tokio::test]
async fn many_addresses_together_are_limited_and_a_known_device_is_not() {
    let fixture = with(AuthSettings { sign_ins_per_minute: 3, ..AuthSettings::default() });
    let mark = fixture.register("ada").await.device_mark.expect("a registration makes the device known");
    let other = fixture.register("eve").await.device_mark.expect("a registration makes the device known");
    let mut refused = 0;
    for turn in 0..40 {
        let guessed = code(login(&fixture, "ada", "a wrong password", turn, None).await);
        refused += u32::from(guessed == Some(Code::RateLimited));
    }
    assert_eq!(refused, 10, "of forty guesses, one from each address");
    assert_eq!(code(login(&fixture, "ada", PASSWORD, 100, None).await), Some(Code::RateLimited), "an unknown device");
    assert_eq!(
        code(login(&fixture, "ada", PASSWORD, 101, Some(&other)).await),
        Some(Code::RateLimited),
        "of another account"
    );
    assert_eq!(code(login(&fixture, "ada", PASSWORD, 102, Some("x.1.y.z")).await), Some(Code::RateLimited), "forged");

    // Even where a stranger used up what the address has.
    for _ in 0..3 {
        code(login(&fixture, "nobody", "a wrong password", 103, None).await);
    }
    for _ in 0..20 {
        let again = login(&fixture, "ada", PASSWORD, 103, Some(&mark)).await.expect("a known device");
        assert!(again.device_mark.is_some(), "it stays known");
        fixture.clock.advance(Duration::from_secs(10));
    }
    let mut hashed = 0;
    for turn in 0..20 {
        hashed += u32::from(login(&fixture, "ada", PASSWORD, turn, Some(&mark)).await.is_ok());
    }
    assert_eq!(hashed, 6, "twice what one address may do in a minute, since each check costs a hash");
    fixture.clock.advance(service::limits::DEVICE_MARK_LIFE);
    for turn in 0..40 {
        code(login(&fixture, "ada", "a wrong password", turn, None).await);
    }
    assert_eq!(code(login(&fixture, "ada", PASSWORD, 103, Some(&mark)).await), Some(Code::RateLimited), "long ago");
}

#[tokio::test]
async fn a_known_device_cannot_guess_for_ever() {
    let fixture = with(AuthSettings { sign_ins_per_minute: 3, ..AuthSettings::default() });
    let mark = fixture.register("ada").await.device_mark.expect("a registration makes the device known");
    let mut guessed = 0;
    for _ in 0..20 {
        let answer = code(login(&fixture, "ada", "a wrong password", 9, Some(&mark)).await);
        guessed += u32::from(answer == Some(Code::Unauthenticated));
    }
    assert_eq!(guessed, 6, "three as a known device, and three like any other");
}

#[tokio::test]
async fn many_known_devices_guess_little_more_than_one() {
    let fixture = with(AuthSettings { sign_ins_per_minute: 3, ..AuthSettings::default() });
    fixture.register("ada").await;
    let mut marks = Vec::new();
    for turn in 0..20 {
        let signed_in = login(&fixture, "ada", PASSWORD, turn, None).await.expect("right");
        marks.extend(signed_in.device_mark);
        fixture.clock.advance(Duration::from_secs(60));
    }
    let mut guessed = 0;
    for mark in &marks {
        for _ in 0..3 {
            let answer = code(login(&fixture, "ada", "a wrong password", 99, Some(mark)).await);
            guessed += u32::from(answer == Some(Code::Unauthenticated));
        }
        fixture.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(marks.len(), 20);
    assert!((20..=30).contains(&guessed), "{guessed} guesses in twenty minutes, where twenty marks had sixty");
}

#[tokio::test]
async fn the_current_password_is_needed_for_a_new_name_or_address_and_guesses_at_it_are_limited() {
    let fixture = with(AuthSettings { sign_ins_per_minute: 3, ..AuthSettings::default() });
    let ada = fixture.register("ada").await;
    let actor = fixture.actor(&ada);
    let email = domain::Email::parse("ada@example.org").expect("valid");
    let rename = || ProfilePatch { name: Some(name("countess")), ..ProfilePatch::default() };
    let address = || ProfilePatch { email: Some(Some(email.clone())), ..ProfilePatch::default() };
    let removed = || ProfilePatch { email: Some(None), ..ProfilePatch::default() };
    let update = |patch: ProfilePatch, old: Option<&str>| {
        fixture.auth.profiles.update(&actor, ProfilePatch { old_password: old.map(str::to_owned), ..patch })
    };
    for patch in [rename(), address(), removed()] {
        assert_eq!(code(update(patch, None).await), Some(Code::BadRequest));
    }
    for patch in [rename(), address(), removed()] {
        update(patch.clone(), Some(PASSWORD)).await.expect("right");
        assert_eq!(code(update(patch, Some("a wrong password")).await), Some(Code::Forbidden));
    }
    fixture.clock.advance(Duration::from_secs(60));
    assert_eq!(code(update(rename(), Some(PASSWORD)).await), Some(Code::RateLimited), "three wrong ones");
    let shown =
        ProfilePatch { display_name: Some(domain::name::DisplayName::parse("Ada L.").ok()), ..ProfilePatch::default() };
    update(shown, None).await.expect("a display name needs no password");
}

#[tokio::test]
async fn common_passwords_and_the_own_name_are_refused_wherever_a_password_is_chosen() {
    let fixture = fixture();
    let ada = fixture.register("ada").await;
    let actor = fixture.actor(&ada);
    for weak in ["password", "Password1", "12345678", "        ", "\0\0\0\0\0\0\0\0", "lovelace1815"] {
        let password = || Password::parse(weak.into()).expect("long enough");
        let new = || Registration { name: name("lovelace"), password: password(), email: None, display_name: None };
        let registered = fixture.auth.accounts.register(None, new(), &device(), &FirstAccount::Local).await;
        assert_eq!(code(registered), Some(Code::BadRequest), "{weak:?}");
        assert_eq!(code(fixture.auth.accounts.create_user(new(), UserRole::User).await), Some(Code::BadRequest));
        let patch = ProfilePatch {
            name: Some(name("lovelace")),
            password: Some(password()),
            old_password: Some(PASSWORD.into()),
            ..ProfilePatch::default()
        };
        assert_eq!(code(fixture.auth.profiles.update(&actor, patch).await), Some(Code::BadRequest), "{weak:?}");
    }
    assert_eq!(fixture.auth.profiles.get(&actor).await.expect("there").user.name, name("ada"));
}

#[tokio::test]
async fn an_old_account_signs_in_by_its_address_until_it_changes_it_and_no_new_one_does() {
    let fixture = fixture();
    let old = fixture.register("ada").await;
    let people = fixture.memory.store().users;
    let mut record = people.user(old.user.id).await.expect("read").expect("there");
    record.user.id = domain::UserId(uuid::Uuid::from_u128(7));
    record.user.name = name("old");
    record.sign_in_email = Some("ada@example.org".into());
    people.create_user(&record).await.expect("as an earlier release did");

    let email = domain::Email::parse("Ada@Example.org").ok();
    let taken = Registration { email, ..registration("thief") };
    let thief = fixture
        .auth
        .accounts
        .register(None, taken, &device(), &FirstAccount::Local)
        .await
        .expect("an address is no secret");
    let by_email = || async {
        let signed_in = fixture.auth.passwords.login("ADA@example.org", PASSWORD.into(), &device()).await;
        signed_in.map(|signed_in| signed_in.user.id)
    };
    assert_eq!(by_email().await, Ok(record.user.id));
    let thief = fixture.auth.profiles.get(&fixture.actor(&thief)).await.expect("there");
    assert_eq!(thief.contact(), Some("ada@example.org"));

    let signed_in = fixture.auth.passwords.login("old", PASSWORD.into(), &device()).await.expect("right");
    let patch = ProfilePatch { email: Some(None), old_password: Some(PASSWORD.into()), ..ProfilePatch::default() };
    fixture.auth.profiles.update(&fixture.actor(&signed_in), patch).await.expect("removed");
    assert_eq!(code(by_email().await), Some(Code::Unauthenticated));
}

#[tokio::test]
async fn a_guest_finds_some_users_and_lists_none() {
    let fixture = fixture();
    for number in 10..35 {
        fixture.register(&format!("adam{number}")).await;
    }
    let guest = fixture.auth.accounts.guest(&name("eve").into(), &device()).await.expect("guests are allowed");
    let (guest, user) = (fixture.actor(&guest), fixture.actor(&fixture.register("bob").await));
    let found = async |actor: &Actor, prefix: &str, after: Option<&str>| {
        let page = fixture.auth.profiles.search(actor, prefix, after, 100).await.expect("a page");
        (page.users.len(), page.next)
    };
    for prefix in ["", "a", "ad", " ad ", "\u{202e}", "nobody"] {
        assert_eq!(found(&guest, prefix, None).await, (0, None), "{prefix:?}");
    }
    assert_eq!(found(&guest, "ADA", None).await, (10, None));
    assert_eq!(found(&guest, "ada", Some("adam20")).await, (10, None), "the same ones again");
    assert_eq!(found(&guest, "adam34", None).await, (1, None));
    fixture.register("名前").await;
    assert_eq!(
        (found(&guest, "名前", None).await, found(&guest, "名", None).await),
        ((1, None), (0, None)),
        "a whole name"
    );
    assert_eq!(found(&user, "", None).await.0, 28);
}
