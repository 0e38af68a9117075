//! `People`: unique names, the first admin, guests.

use std::sync::Arc;

use domain::name::{DisplayName, UserName};
use domain::{User, UserRole};
use service::ports::{NewUser, Store, StoreError};
use tokio::sync::Barrier;

use super::world::{a_user, guest, person};

fn name(text: &str) -> UserName {
    UserName::parse(text).expect("a valid name")
}

/// Returns a user of a release in which an address was a way to sign in.
fn with_sign_in_email(mut new: NewUser, email: &str) -> NewUser {
    new.sign_in_email = Some(email.into());
    new
}

pub async fn names_and_addresses_for_sign_in_are_unique(store: Store) {
    let ada = with_sign_in_email(person("Ada"), "ada@example.org");
    store.users.create_user(&ada).await.expect("created");
    for taken in ["Ada", "ada", "ADA", "\u{430}da"] {
        assert_eq!(store.users.create_user(&person(taken)).await, Err(StoreError::Taken("name")), "{taken}");
        assert_eq!(store.users.register(&person(taken)).await, Err(StoreError::Taken("name")), "{taken}");
    }
    let second = with_sign_in_email(person("Bob"), "ADA@example.org");
    assert_eq!(store.users.create_user(&second).await, Err(StoreError::Taken("email")));
    let bob = person("Bob");
    store.users.create_user(&bob).await.expect("created");
    assert_eq!(store.users.rename(bob.user.id, &name("ADA")).await, Err(StoreError::Taken("name")));
    store.users.rename(bob.user.id, &name("BOB")).await.expect("the user's own name in another case");
    store.users.create_user(&person("Eve")).await.expect("two users without an address");
    assert_eq!(store.users.user(ada.user.id).await, Ok(Some(ada.clone())));
    assert_eq!(store.users.user_by_name(&ada.user.name.folded()).await, Ok(Some(ada.clone())));
    assert_eq!(store.users.user_by_email("ada@example.org").await, Ok(Some(ada)));
    assert_eq!(store.users.user_by_email("eve@example.org").await, Ok(None));
    let begin = Arc::new(Barrier::new(6));
    let racers: Vec<_> = (0..6)
        .map(|_| {
            let (store, begin) = (store.clone(), begin.clone());
            tokio::spawn(async move {
                begin.wait().await;
                store.users.create_user(&person("zed")).await
            })
        })
        .collect();
    let mut created = 0;
    for racer in racers {
        match racer.await.expect("it ends") {
            Ok(()) => created += 1,
            Err(refused) => assert_eq!(refused, StoreError::Taken("name")),
        }
    }
    assert_eq!(created, 1);
}

pub async fn the_first_registered_user_is_admin(store: Store) {
    let visitor = store.users.register(&guest("visitor")).await.expect("registered");
    assert_eq!(visitor.role, UserRole::User, "a guest is never admin");
    assert_eq!(store.users.has_person().await, Ok(false));
    let first = store.users.register(&person("first")).await.expect("registered");
    let second = store.users.register(&person("second")).await.expect("registered");
    assert_eq!((first.role, second.role), (UserRole::Admin, UserRole::User));
    assert_eq!(store.users.has_person().await, Ok(true));
    let read = store.users.user(first.id).await.expect("a read").expect("the first");
    assert_eq!(read.user, first);
}

pub async fn concurrent_first_users_make_one_admin(store: Store) {
    let begin = Arc::new(Barrier::new(8));
    let joining: Vec<_> = (0..8)
        .map(|number| {
            let (store, begin) = (store.clone(), begin.clone());
            tokio::spawn(async move {
                begin.wait().await;
                store.users.register(&person(&format!("user{number}"))).await
            })
        })
        .collect();
    let mut admins = 0;
    for user in joining {
        let user: User = user.await.expect("it ends").expect("registered");
        admins += usize::from(user.role == UserRole::Admin);
    }
    assert_eq!(admins, 1);
}

pub async fn a_guest_becomes_a_registered_user(store: Store) {
    let (one, two) = (guest("guest-1"), guest("guest-2"));
    store.users.create_user(&one).await.expect("created");
    store.users.create_user(&two).await.expect("created");
    let id = one.user.id;
    let taken = store.users.upgrade_guest(id, &name("Guest-2"), None, "$h").await;
    assert_eq!(taken, Err(StoreError::Taken("name")));
    let ada = store.users.upgrade_guest(id, &name("Ada"), Some("Ada@example.org"), "$h").await.expect("upgraded");
    assert_eq!((ada.id, ada.guest, ada.role), (id, false, UserRole::Admin));
    let row = store.users.user(id).await.expect("a read").expect("the row");
    assert_eq!((row.email.as_deref(), row.password_hash.as_deref()), (Some("ada@example.org"), Some("$h")));
    assert_eq!(store.users.upgrade_guest(id, &name("Eve"), None, "$h").await, Err(StoreError::NotFound), "once");
    let two = two.user.id;
    let bob = store.users.upgrade_guest(two, &name("guest-2"), Some("ada@example.org"), "$h").await;
    let bob = bob.expect("under the same name, with the same contact");
    assert_eq!(bob.role, UserRole::User);
    assert_eq!(store.users.user_by_name(&name("guest-1").folded()).await, Ok(None), "the old name is free");
}

pub async fn details_change(store: Store) {
    let mut ada = person("Ada");
    let id = ada.user.id;
    store.users.register(&person("first")).await.expect("another admin");
    store.users.create_user(&ada).await.expect("created");
    let shown = DisplayName::parse("Ada L.").expect("valid");
    store.users.set_display_name(id, Some(&shown)).await.expect("set");
    store.users.set_email(id, Some("ada@example.org")).await.expect("set");
    store.users.set_password(id, "$other").await.expect("set");
    store.users.set_role(id, UserRole::Admin).await.expect("set");
    store.users.set_banned(id, true).await.expect("set");
    store.users.rename(id, &name("Countess")).await.expect("renamed");
    ada.user.display_name = Some(shown);
    ada.email = Some("ada@example.org".into());
    ada.password_hash = Some("$other".into());
    ada.user.role = UserRole::Admin;
    ada.user.banned = true;
    ada.user.name = name("Countess");
    assert_eq!(store.users.user(id).await, Ok(Some(ada.clone())));
    assert_eq!(store.users.user_by_name(&name("ada").folded()).await, Ok(None));
    store.users.set_display_name(id, None).await.expect("set");
    store.users.set_email(id, None).await.expect("set");
    store.users.set_banned(id, false).await.expect("set");
    let row = store.users.user(id).await.expect("a read").expect("the row");
    assert_eq!((row.user.display_name, row.email, row.user.banned), (None, None, false));
}

pub async fn names_that_look_alike_as_written_are_taken(store: Store) {
    let (users, taken) = (&store.users, Err(StoreError::Taken("name")));
    let (ilya, will, visitor) = (person("Ilya"), person("will"), guest("visitor"));
    for new in [&ilya, &will, &visitor] {
        users.create_user(new).await.expect("created");
    }
    for look_alike in ["llya", "I1ya", "wiIl", "wilI"] {
        assert_eq!(users.create_user(&person(look_alike)).await, taken, "{look_alike}");
        assert_eq!(users.register(&person(look_alike)).await.map(|_| ()), taken, "{look_alike}");
        let upgraded = users.upgrade_guest(visitor.user.id, &name(look_alike), None, "$h").await;
        assert_eq!(upgraded.map(|_| ()), taken, "{look_alike}");
    }
    assert_eq!(users.rename(ilya.user.id, &name("wiIl")).await, taken);

    users.rename(will.user.id, &name("wiIl")).await.expect("the user's own name, as it looks");
    assert_eq!(users.create_user(&person("will")).await, taken);
    users.rename(will.user.id, &name("boris")).await.expect("renamed");
    users.create_user(&person("will")).await.expect("both keys of the old name are free");
    assert_eq!(users.rename(will.user.id, &name("wiIl")).await, taken);
    users.set_display_name(will.user.id, None).await.expect("another change");
    let found = users.user_by_name(&name("boris").folded()).await.expect("a read").map(|row| row.user.id);
    assert_eq!(found, Some(will.user.id));
}

pub async fn an_address_is_a_contact_and_stays_a_way_to_sign_in_until_it_changes(store: Store) {
    let old = with_sign_in_email(person("Ada"), "ada@example.org");
    let id = old.user.id;
    store.users.create_user(&old).await.expect("created");
    let mut bob = person("Bob");
    bob.email = Some("Ada@example.org".into());
    store.users.create_user(&bob).await.expect("a contact may be anybody's");
    store.users.set_email(bob.user.id, Some("ADA@example.org")).await.expect("set");
    let by_email = |store: Store| async move {
        let found = store.users.user_by_email("ADA@example.org").await.expect("a read");
        found.map(|row| row.user.id)
    };
    assert_eq!(by_email(store.clone()).await, Some(id), "not Bob");

    store.users.rename(id, &name("Countess")).await.expect("renamed");
    store.users.set_password(id, "$other").await.expect("set");
    store.users.set_email(id, Some("Ada@Example.org")).await.expect("the same address");
    assert_eq!(by_email(store.clone()).await, Some(id));
    store.users.set_email(id, Some("countess@example.org")).await.expect("another address");
    assert_eq!(by_email(store.clone()).await, None);
    assert_eq!(store.users.user_by_email("countess@example.org").await, Ok(None), "a contact only");
    let row = store.users.user(id).await.expect("a read").expect("the row");
    assert_eq!((row.contact(), row.sign_in_email.as_deref()), (Some("countess@example.org"), None));
    store.users.set_email(id, Some("ada@example.org")).await.expect("back again");
    assert_eq!(by_email(store.clone()).await, None, "it was given up");

    let removed = with_sign_in_email(person("Eve"), "ada@example.org");
    store.users.create_user(&removed).await.expect("free again");
    assert_eq!(by_email(store.clone()).await, Some(removed.user.id));
    store.users.set_email(removed.user.id, None).await.expect("removed");
    let row = store.users.user(removed.user.id).await.expect("a read").expect("the row");
    assert_eq!((row.contact(), by_email(store).await), (None, None));
}

pub async fn unknown_users_are_not_found(store: Store) {
    let unknown = a_user();
    let people = &store.users;
    assert_eq!(people.user(unknown).await, Ok(None));
    assert_eq!(people.rename(unknown, &name("Ada")).await, Err(StoreError::NotFound));
    assert_eq!(people.set_display_name(unknown, None).await, Err(StoreError::NotFound));
    assert_eq!(people.set_email(unknown, None).await, Err(StoreError::NotFound));
    assert_eq!(people.set_password(unknown, "$h").await, Err(StoreError::NotFound));
    assert_eq!(people.set_role(unknown, UserRole::Admin).await, Err(StoreError::NotFound));
    assert_eq!(people.set_banned(unknown, true).await, Err(StoreError::NotFound));
    assert_eq!(people.upgrade_guest(unknown, &name("Ada"), None, "$h").await, Err(StoreError::NotFound));
    assert_eq!(people.user_by_name("nobody").await, Ok(None));
}

pub async fn several_users_come_in_one_read(store: Store) {
    let all = ["ada", "bob", "eve"].map(person);
    for new in &all {
        store.users.create_user(new).await.expect("created");
    }
    let mut found = store.users.users(&[all[2].user.id, a_user(), all[0].user.id]).await.expect("a read");
    found.sort_by_key(|user| user.name.clone());
    assert_eq!(found, [all[0].user.clone(), all[2].user.clone()]);
    assert_eq!(store.users.users(&[]).await, Ok(Vec::new()));
    let folded: Vec<String> = ["bob", "nobody", "ada"].map(|text| name(text).folded()).into();
    let mut ids = store.users.ids_by_names(&folded).await.expect("a read");
    ids.sort();
    assert_eq!(ids, [(folded[2].clone(), all[0].user.id), (folded[0].clone(), all[1].user.id)]);
    assert_eq!(store.users.ids_by_names(&[]).await, Ok(Vec::new()));
}

pub async fn names_by_prefix_come_in_pages(store: Store) {
    let names = ["ada", "adam", "adaz", "Zoë", "bob", "名前", "ad名"];
    for text in names {
        store.users.create_user(&person(text)).await.expect("created");
    }
    let mut expected: Vec<String> = names.iter().map(|text| name(text).folded()).collect();
    expected.sort();
    for prefix in ["", "ad", "ada", "adam", "名", "x"] {
        let matching: Vec<String> = expected.iter().filter(|folded| folded.starts_with(prefix)).cloned().collect();
        for limit in 1..=8 {
            let (mut found, mut after): (Vec<String>, Option<String>) = (Vec::new(), None);
            loop {
                let page = store.users.users_by_prefix(prefix, after.as_deref(), limit).await.expect("a page");
                assert!(page.len() <= limit);
                let Some(last) = page.last() else { break };
                after = Some(last.name.folded());
                found.extend(page.iter().map(|user| user.name.folded()));
            }
            assert_eq!(found, matching, "{prefix:?} by {limit}");
        }
    }
}
