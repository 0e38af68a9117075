//! Rights on the installation and the deletion of accounts: an admin is always left, a deleted account leaves no trace of
//! its person, and its handle stays taken.

use std::sync::Arc;

use domain::name::{DisplayName, UserName};
use domain::{LogId, MemberState, RoomKind, RowWrite, User, UserId, UserRole};
use service::ports::{Deletion, NewUser, Store, StoreError, StoreResult};
use tokio::sync::Barrier;

use super::row_writes::a_notification;
use super::sessions::{NOW, session};
use super::world::{LogWriter, a_room, a_room_with, a_user, own_room, person, plain_room};

/// Creates an account with this role.
async fn account(store: &Store, name: &str, role: UserRole) -> UserId {
    let new = person(name);
    let user = User { role, ..new.user.clone() };
    store.users.create_user(&NewUser { user, ..new.clone() }).await.expect("created");
    new.user.id
}

async fn end(store: &Store, user: UserId, tombstone: &str) -> StoreResult<()> {
    let tombstone = UserName::parse(tombstone).expect("a valid name");
    store.deletions.end_account(Deletion { user, messages: false, at: NOW }, &tombstone).await
}

pub async fn the_last_admin_keeps_the_role(store: Store) {
    // Registered, not created: stores may write the two in different ways.
    let ada = store.users.register(&person("ada")).await.expect("registered").id;
    let bob = account(&store, "bob", UserRole::User).await;
    let users = &store.users;
    assert_eq!(users.set_role(ada, UserRole::User).await, Err(StoreError::LastAdmin));
    assert_eq!(users.set_banned(ada, true).await, Err(StoreError::LastAdmin));
    users.set_role(ada, UserRole::Admin).await.expect("nothing changes");
    users.set_banned(bob, true).await.expect("no admin");

    users.set_role(bob, UserRole::Admin).await.expect("given");
    let refused = users.set_role(ada, UserRole::User).await;
    assert_eq!(refused, Err(StoreError::LastAdmin), "a banned admin cannot sign in");
    users.set_role(bob, UserRole::User).await.expect("a banned admin loses nothing");
    users.set_role(bob, UserRole::Admin).await.expect("given");
    users.set_banned(bob, false).await.expect("lifted");
    users.set_role(ada, UserRole::User).await.expect("another one is left");
    assert_eq!(users.set_role(bob, UserRole::User).await, Err(StoreError::LastAdmin));
    let row = users.user(bob).await.expect("a read").expect("the row");
    assert!(row.can_administer());
    assert_eq!(users.set_role(a_user(), UserRole::User).await, Err(StoreError::NotFound));
}

pub async fn concurrent_losses_of_rights_leave_an_admin(store: Store) {
    let mut admins = Vec::new();
    for name in ["ada", "bob", "eve"] {
        admins.push(account(&store, name, UserRole::Admin).await);
    }
    let begin = Arc::new(Barrier::new(admins.len()));
    let losses = admins.iter().enumerate().map(|(number, admin)| {
        let (store, begin, admin) = (store.clone(), begin.clone(), *admin);
        tokio::spawn(async move {
            begin.wait().await;
            match number {
                0 => store.users.set_role(admin, UserRole::User).await,
                1 => store.users.set_banned(admin, true).await,
                _ => end(&store, admin, "deleted-1").await,
            }
        })
    });
    let mut refused = 0;
    for loss in losses.collect::<Vec<_>>() {
        match loss.await.expect("it ends") {
            Ok(()) => {}
            Err(StoreError::LastAdmin) => refused += 1,
            // A store may give up on rows that keep changing. Nothing was written then.
            Err(StoreError::Unavailable { .. }) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    let mut left = 0;
    for admin in admins {
        left += usize::from(store.users.user(admin).await.expect("a read").expect("the row").can_administer());
    }
    assert!(left >= 1 && refused == left, "{left} admins are left, and {refused} losses were refused");
}

pub async fn a_deleted_account_leaves_its_id_and_holds_its_name_back(store: Store) {
    let mut new = person("Ada");
    new.sign_in_email = Some("ada@example.org".into());
    store.users.create_user(&new).await.expect("created");
    let ada = new.user.id;
    let shown = DisplayName::parse("Countess").expect("valid");
    store.users.set_display_name(ada, Some(&shown)).await.expect("set");
    account(&store, "deleted-2", UserRole::User).await;

    assert_eq!(end(&store, ada, "Deleted-2").await, Err(StoreError::Taken("name")));
    assert_eq!(store.users.user_by_name("ada").await.expect("a read").map(|row| row.user.id), Some(ada));
    end(&store, ada, "deleted-1").await.expect("ended");
    end(&store, ada, "deleted-3").await.expect("a repeat changes nothing");

    let left = store.users.user(ada).await.expect("a read").expect("the row");
    assert_eq!((left.user.name.as_str(), left.user.id), ("deleted-1", ada));
    assert!(left.user.deleted && left.user.banned && left.user.display_name.is_none());
    assert_eq!((left.password_hash, left.email, left.sign_in_email), (None, None, None));
    assert_eq!(left.user.created_at, new.user.created_at);
    assert_eq!(store.users.users(&[ada]).await.expect("a read"), [left.user]);
    assert_eq!(store.users.user_by_name("ada").await, Ok(None));
    assert_eq!(store.users.ids_by_names(&["ada".into()]).await, Ok(Vec::new()));
    assert_eq!(store.users.user_by_email("ada@example.org").await, Ok(None));
    assert!(store.users.users_by_prefix("ad", None, 9).await.expect("a read").is_empty());

    // Nobody can take the place of the one who left: neither with the name nor with one that looks like it.
    let bob = account(&store, "bob", UserRole::User).await;
    for taken in ["ada", "ADA", "\u{430}da"] {
        assert_eq!(store.users.create_user(&person(taken)).await, Err(StoreError::Taken("name")), "{taken}");
        let name = UserName::parse(taken).expect("valid");
        assert_eq!(store.users.rename(bob, &name).await, Err(StoreError::Taken("name")), "{taken}");
    }
    store.users.set_password(bob, "$other").await.expect("another change is not refused");
    let mut again = person("eve");
    again.sign_in_email = Some("ada@example.org".into());
    store.users.create_user(&again).await.expect("the address is free");
    assert_eq!(end(&store, a_user(), "deleted-4").await, Err(StoreError::NotFound));
}

pub async fn the_last_admin_is_not_deleted(store: Store) {
    let (ada, bob) = (account(&store, "ada", UserRole::Admin).await, account(&store, "bob", UserRole::Admin).await);
    end(&store, ada, "deleted-1").await.expect("another one is left");
    assert_eq!(end(&store, bob, "deleted-2").await, Err(StoreError::LastAdmin));
    let row = store.users.user(bob).await.expect("a read").expect("the row");
    assert_eq!((row.user.name.as_str(), row.user.deleted), ("bob", false));
    assert_eq!(store.users.user_by_name("bob").await.expect("a read").map(|row| row.user.id), Some(bob));
    assert_eq!(store.deletions.deletions(9).await.expect("a read").len(), 1);
}

pub async fn a_deletion_is_listed_until_it_is_finished(store: Store) {
    let (ada, bob) = (account(&store, "ada", UserRole::User).await, account(&store, "bob", UserRole::User).await);
    let (one, two) = (plain_room(a_room(), RoomKind::Private), plain_room(a_room(), RoomKind::Private));
    for room in [&one, &two] {
        a_room_with(&store, room, &[ada, bob]).await;
    }
    let mut own = LogWriter::new(&store, LogId::User(ada)).await;
    own.row_writes(&[RowWrite::UserRoom(own_room(two.id, MemberState::Left, 9))]).await;
    for number in 0..3 {
        own.row_writes(&[RowWrite::Notification(a_notification(100, number))]).await;
    }
    let (of_ada, of_bob) = (session(ada, 1), session(bob, 2));
    store.sessions.open(&of_ada).await.expect("opened");
    store.sessions.open(&of_bob).await.expect("opened");

    let mut rooms = [one.id, two.id];
    rooms.sort();
    assert_eq!(store.deletions.rooms_ever(ada, None, 9).await, Ok(rooms.to_vec()), "also the one that was left");
    assert_eq!(store.deletions.rooms_ever(ada, None, 1).await, Ok(vec![rooms[0]]));
    assert_eq!(store.deletions.rooms_ever(ada, Some(rooms[0]), 9).await, Ok(vec![rooms[1]]));

    assert_eq!(store.deletions.deletions(9).await, Ok(Vec::new()));
    let deletion = Deletion { user: ada, messages: true, at: NOW };
    let tombstone = UserName::parse("deleted-1").expect("valid");
    store.deletions.end_account(deletion, &tombstone).await.expect("ended");
    assert_eq!(store.deletions.deletions(9).await, Ok(vec![deletion]));
    assert_eq!(store.deletions.deletions(0).await, Ok(Vec::new()));

    store.deletions.erase(ada).await.expect("erased");
    store.deletions.erase(ada).await.expect("again");
    assert_eq!(store.deletions.deletions(9).await, Ok(vec![deletion]), "until it is finished");
    store.deletions.finish(ada).await.expect("finished");
    assert_eq!(store.deletions.deletions(9).await, Ok(Vec::new()));
    assert_eq!(store.deletions.rooms_ever(ada, None, 9).await, Ok(Vec::new()));
    assert_eq!(store.notifications.list(ada, false, None, 9).await, Ok(Default::default()));
    assert_eq!(store.sessions.get(of_ada.id).await, Ok(None));
    assert!(store.users.user(ada).await.expect("a read").is_some_and(|row| row.user.deleted));

    // Others lose nothing.
    assert_eq!(store.deletions.rooms_ever(bob, None, 9).await, Ok(rooms.to_vec()));
    assert_eq!(store.sessions.list(bob, NOW).await, Ok(vec![of_bob]));
}
