//! Sweeps: expired rows are removed, in stores without a TTL.

use domain::{LogId, RowWrite, Timestamp};
use service::ports::{Store, Ticket};

use super::audit::record;
use super::notifications::ten;
use super::sessions::{LATER, NOW, session};
use super::world::{LogWriter, a_user};

pub async fn expired_sessions_and_tickets_are_swept(store: Store) {
    let (mut old, new) = (session(a_user(), 1), session(a_user(), 2));
    old.expires_at = Timestamp(NOW.0 - 1);
    store.sessions.open(&old).await.expect("opened");
    store.sessions.open(&new).await.expect("opened");
    for (number, expires_at) in [(1, NOW), (2, LATER)] {
        let ticket = Ticket { hash: [number; 32], session: new.id, user: new.user, expires_at };
        store.sessions.put_ticket(&ticket).await.expect("put");
    }
    assert_eq!(store.sessions.sweep(NOW).await, Ok(2));
    assert_eq!(store.sessions.sweep(NOW).await, Ok(0));
    assert_eq!(store.sessions.get(old.id).await, Ok(None));
    assert_eq!(store.sessions.get(new.id).await, Ok(Some(new)));
    assert!(store.sessions.take_ticket([2; 32], NOW).await.expect("an answer").is_some());
}

pub async fn marks_of_dropped_notifications_are_swept(store: Store) {
    let (user, all) = ten(&store).await;
    let key = all[4].key;
    let mut own = LogWriter::new(&store, LogId::User(user)).await;
    own.row_writes(&[RowWrite::NotificationDropped { key, expires: Timestamp(1_000) }]).await;
    assert_eq!(store.notifications.sweep(Timestamp(999)).await, Ok(0));
    assert_eq!(store.notifications.sweep(Timestamp(1_000)).await, Ok(1));
    assert_eq!(store.notifications.known(user, key).await, Ok(false));
    assert_eq!(store.notifications.known(user, all[0].key).await, Ok(true));
}

pub async fn old_audit_records_are_swept(store: Store) {
    let (old, new) = (record(1_000), record(2_000));
    for record in [&old, &new] {
        store.audit.record(record).await.expect("recorded");
    }
    assert_eq!(store.audit.sweep_audit(Timestamp(2_000)).await, Ok(1));
    assert_eq!(store.audit.sweep_audit(Timestamp(2_000)).await, Ok(0));
    assert_eq!(store.audit.page((Timestamp(3_000), new.id), Timestamp(0), 9).await, Ok(vec![new]));
}
