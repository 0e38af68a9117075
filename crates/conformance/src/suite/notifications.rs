//! `Notifications`: pages, counts, the marks of dropped notifications.

use domain::{LogId, Notification, NotificationKey, RowWrite, Timestamp, UserId};
use service::ports::Store;

use super::row_writes::a_notification;
use super::world::{LogWriter, a_user};

/// Creates ten notifications, newest first, some of the same millisecond. Every third is read.
pub(super) async fn ten(store: &Store) -> (UserId, Vec<Notification>) {
    let user = a_user();
    let mut own = LogWriter::new(store, LogId::User(user)).await;
    let mut all: Vec<Notification> = (0..10).map(|number| a_notification(100 + number / 3, number as u64)).collect();
    for (number, new) in all.iter_mut().enumerate() {
        own.row_writes(&[RowWrite::Notification(new.clone())]).await;
        if number % 3 == 0 {
            new.read_at = Some(Timestamp(500));
            own.row_writes(&[RowWrite::NotificationRead { key: Some(new.key), at: Timestamp(500) }]).await;
        }
    }
    let mut other_user = LogWriter::new(store, LogId::User(a_user())).await;
    other_user.row_writes(&[RowWrite::Notification(a_notification(101, 1))]).await;
    all.sort_by_key(|row| std::cmp::Reverse(row.key));
    (user, all)
}

pub async fn pages_are_newest_first(store: Store) {
    let (user, all) = ten(&store).await;
    for unread_only in [false, true] {
        let expected: Vec<_> = all.iter().filter(|row| !unread_only || row.read_at.is_none()).cloned().collect();
        for limit in 1..=11 {
            let (mut found, mut before): (Vec<Notification>, Option<NotificationKey>) = (Vec::new(), None);
            loop {
                let page = store.notifications.list(user, unread_only, before, limit).await.expect("a page");
                assert!(page.items.len() <= limit);
                found.extend(page.items);
                before = page.next;
                if before.is_none() {
                    break;
                }
            }
            assert_eq!(found, expected, "by {limit}");
        }
    }
    assert_eq!(store.notifications.list(a_user(), false, None, 5).await, Ok(Default::default()));
}

pub async fn unread_are_counted_up_to_a_cap(store: Store) {
    let (user, all) = ten(&store).await;
    assert_eq!(store.notifications.unread(user, 100).await, Ok(6));
    assert_eq!(store.notifications.unread(user, 4).await, Ok(4));
    let mut own = LogWriter::new(&store, LogId::User(user)).await;
    own.row_writes(&[RowWrite::NotificationRead { key: None, at: Timestamp(900) }]).await;
    assert_eq!(store.notifications.unread(user, 100).await, Ok(0));
    let times: Vec<_> = all.iter().map(|row| row.read_at.or(Some(Timestamp(900)))).collect();
    let page = store.notifications.list(user, false, None, 100).await.expect("a page");
    assert_eq!(page.items.iter().map(|row| row.read_at).collect::<Vec<_>>(), times, "the first time stays");
}

pub async fn a_changed_notification_stays_read_or_unread(store: Store) {
    let (user, all) = ten(&store).await;
    let mut own = LogWriter::new(&store, LogId::User(user)).await;
    own.row_writes(&[RowWrite::NotificationDropped { key: all[2].key, expires: Timestamp(1_000) }]).await;
    for row in &all {
        let new = Notification { rev: 77, body: String::new(), read_at: None, ..row.clone() };
        own.row_writes(&[RowWrite::NotificationChanged(new)]).await;
    }
    own.row_writes(&[RowWrite::NotificationChanged(a_notification(999, 9))]).await;
    let changed = |row: &Notification| Notification { rev: 77, body: String::new(), ..row.clone() };
    let expected: Vec<_> = all.iter().filter(|row| row.key != all[2].key).map(changed).collect();
    let page = store.notifications.list(user, false, None, 100).await.expect("a page");
    assert_eq!(page.items, expected, "a change adds none, and restores none");
    assert_eq!(store.notifications.known(user, a_notification(999, 9).key).await, Ok(false));
}

pub async fn a_dropped_notification_leaves_a_mark(store: Store) {
    let (user, all) = ten(&store).await;
    let key = all[4].key;
    let mut own = LogWriter::new(&store, LogId::User(user)).await;
    assert_eq!(store.notifications.get(user, key).await, Ok(Some(all[4].clone())));
    own.row_writes(&[RowWrite::NotificationDropped { key, expires: Timestamp(1_000) }]).await;
    assert_eq!(store.notifications.get(user, key).await, Ok(None));
    assert_eq!(store.notifications.known(user, key).await, Ok(true), "its mark exists");
    assert_eq!(store.notifications.list(user, false, None, 100).await.expect("a page").items.len(), 9);
    own.row_writes(&[RowWrite::Notification(all[4].clone())]).await;
    assert_eq!(store.notifications.get(user, key).await, Ok(None), "it does not come back");
    assert_eq!(store.notifications.known(user, all[0].key).await, Ok(true));
    assert_eq!(store.notifications.known(a_user(), all[0].key).await, Ok(false));
}
