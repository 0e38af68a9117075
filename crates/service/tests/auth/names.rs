//! Names that could be mistaken for another user, for staff or for the system.

use domain::name::DisplayName;
use domain::{Code, UserRole};
use service::auth::{FirstAccount, ProfilePatch};

use crate::{PASSWORD, code, device, fixture, name, registration};

fn shown(text: &str) -> ProfilePatch {
    ProfilePatch { display_name: Some(DisplayName::parse(text).ok()), ..ProfilePatch::default() }
}

fn renamed(text: &str) -> ProfilePatch {
    ProfilePatch { name: Some(name(text)), old_password: Some(PASSWORD.into()), ..ProfilePatch::default() }
}

#[tokio::test]
async fn names_that_impersonate_are_refused_to_users_and_given_by_operators() {
    let fixture = fixture();
    let auth = &fixture.auth;
    let ada = fixture.register("ada").await;
    let actor = fixture.actor(&ada);
    for taken in ["admin", "ADMlN", "moderator", "support", "everyone", "channeI", "0wner", "paIaver"] {
        let registered = auth.accounts.register(None, registration(taken), &device(), &FirstAccount::Local).await;
        assert_eq!(code(registered), Some(Code::BadRequest), "{taken}");
        assert_eq!(code(auth.accounts.guest(&name(taken).into(), &device()).await), Some(Code::BadRequest), "{taken}");
        assert_eq!(code(auth.profiles.update(&actor, renamed(taken)).await), Some(Code::BadRequest), "{taken}");
        assert_eq!(code(auth.profiles.update(&actor, shown(taken)).await), Some(Code::BadRequest), "{taken}");
    }
    auth.accounts.create_user(registration("support"), UserRole::User).await.expect("an operator may");
    // A user who has such a name already keeps it, and can write it differently.
    let support = auth.passwords.login("support", PASSWORD.into(), &device()).await.expect("right");
    auth.profiles.update(&fixture.actor(&support), renamed("Support")).await.expect("the same name");
}

#[tokio::test]
async fn a_look_alike_as_written_is_taken() {
    let fixture = fixture();
    let ilya = fixture.register("Ilya").await;
    fixture.register("will").await;
    for look_alike in ["llya", "wiIl"] {
        let registered =
            fixture.auth.accounts.register(None, registration(look_alike), &device(), &FirstAccount::Local).await;
        assert_eq!(code(registered), Some(Code::Conflict), "{look_alike}");
    }
    let actor = fixture.actor(&ilya);
    assert_eq!(code(fixture.auth.profiles.update(&actor, renamed("wiIl")).await), Some(Code::Conflict));
}

#[tokio::test]
async fn a_display_name_may_repeat_but_is_no_admins_handle() {
    let fixture = fixture();
    let (ada, bob) = (fixture.register("ada").await, fixture.register("bob").await);
    assert_eq!(ada.user.role, UserRole::Admin, "the first one");
    let (ada, bob) = (fixture.actor(&ada), fixture.actor(&bob));
    for admins in ["ada", "ADA", "@Ada", "\u{430}da"] {
        assert_eq!(code(fixture.auth.profiles.update(&bob, shown(admins)).await), Some(Code::BadRequest), "{admins}");
    }
    fixture.auth.profiles.update(&ada, shown("Ada")).await.expect("her own");
    fixture.auth.profiles.update(&ada, shown("Bob")).await.expect("no admin's");
    fixture.auth.profiles.update(&bob, shown("Bob")).await.expect("the same display name");
}

#[tokio::test]
async fn a_name_that_impersonates_cannot_be_taken_by_changing_how_a_name_is_written() {
    let fixture = fixture();
    for (taken, wanted) in [("paiaver", "paIaver"), ("admln", "ADMlN"), ("channei", "channeI")] {
        let somebody = fixture.register(taken).await;
        let actor = fixture.actor(&somebody);
        let patch = ProfilePatch {
            name: Some(name(wanted)),
            old_password: Some(PASSWORD.to_owned()),
            ..ProfilePatch::default()
        };
        assert_eq!(code(fixture.auth.profiles.update(&actor, patch).await), Some(Code::BadRequest), "{wanted}");
    }
}
