//! `Sessions`: rotation and tickets are atomic.

use std::sync::Arc;

use domain::{Timestamp, UserId};
use service::ports::{Rotation, SessionRecord, Store, Ticket};
use tokio::sync::Barrier;

use super::world::{a_session, a_user};

pub(super) const NOW: Timestamp = Timestamp(1_000_000);
pub(super) const LATER: Timestamp = Timestamp(9_000_000);

pub(super) fn session(user: UserId, current: u8) -> SessionRecord {
    SessionRecord {
        id: a_session(),
        user,
        current: [current; 32],
        previous: None,
        previous_expires_at: None,
        rotated_at: NOW,
        created_at: NOW,
        expires_at: LATER,
        revoked: false,
        signed_out: false,
        device: "Firefox, Linux".into(),
    }
}

pub async fn a_session_opens_and_ends(store: Store) {
    let user = a_user();
    let (one, mut two) = (session(user, 1), session(user, 2));
    (two.previous, two.previous_expires_at) = (Some([7; 32]), Some(NOW));
    for row in [&one, &two, &session(a_user(), 3)] {
        store.sessions.open(row).await.expect("opened");
    }
    assert_eq!(store.sessions.get(one.id).await, Ok(Some(one.clone())));
    assert_eq!(store.sessions.get(two.id).await, Ok(Some(two.clone())));
    assert_eq!(store.sessions.get(a_session()).await, Ok(None));
    let mut listed = store.sessions.list(user, NOW).await.expect("a list");
    listed.sort_by_key(|row| row.id);
    assert_eq!(listed, [one.clone(), two.clone()]);
    assert_eq!(store.sessions.list(user, LATER).await, Ok(Vec::new()), "they have expired by then");
    assert_eq!(store.sessions.end(one.id, true).await, Ok(true));
    assert_eq!(store.sessions.end(one.id, true).await, Ok(false), "it was ended");
    assert_eq!(store.sessions.end(a_session(), true).await, Ok(false));
    assert_eq!(store.sessions.list(user, NOW).await, Ok(vec![two]));
    let ended = store.sessions.get(one.id).await.expect("a read").expect("the row stays");
    assert!(ended.revoked && ended.signed_out);
    assert_eq!(store.sessions.rotate(one.id, [1; 32], [9; 32], NOW, LATER).await, Ok(Rotation::Unknown));
}

pub async fn ending_all_names_the_open_ones(store: Store) {
    let user = a_user();
    let rows = [session(user, 1), session(user, 2), session(user, 3)];
    let other = session(a_user(), 4);
    for row in rows.iter().chain([&other]) {
        store.sessions.open(row).await.expect("opened");
    }
    store.sessions.end(rows[1].id, false).await.expect("ended");
    let mut ended = store.sessions.end_all(user).await.expect("ended");
    ended.sort();
    assert_eq!(ended, [rows[0].id, rows[2].id]);
    assert_eq!(store.sessions.end_all(user).await, Ok(Vec::new()));
    for (row, signed_out) in rows.iter().zip([true, false, true]) {
        let ended = store.sessions.get(row.id).await.expect("a read").expect("the row stays");
        assert_eq!((ended.revoked, ended.signed_out), (true, signed_out), "only the first end counts");
    }
    assert_eq!(store.sessions.get(other.id).await, Ok(Some(other)));
}

pub async fn a_token_rotates(store: Store) {
    let row = session(a_user(), 1);
    store.sessions.open(&row).await.expect("opened");
    let until = Timestamp(8_000_000);
    let rotated = store.sessions.rotate(row.id, [1; 32], [2; 32], NOW, until).await.expect("an answer");
    let replaced = SessionRecord { previous: Some([1; 32]), previous_expires_at: Some(LATER), ..row.clone() };
    let after = SessionRecord { current: [2; 32], expires_at: until, ..replaced };
    assert_eq!(rotated, Rotation::Rotated(after.clone()));
    assert_eq!(store.sessions.get(row.id).await, Ok(Some(after.clone())));
    let late = Timestamp(until.0 - 1);
    for next in [3, 2] {
        let again = store.sessions.rotate(row.id, [1; 32], [next; 32], late, LATER).await;
        assert_eq!(again, Ok(Rotation::Repeated(after.clone())), "another tab, or the answer was lost");
        assert_eq!(store.sessions.get(row.id).await, Ok(Some(after.clone())), "nothing changed");
    }

    let rotated = store.sessions.rotate(row.id, [2; 32], [3; 32], late, LATER).await.expect("an answer");
    let replaced = SessionRecord { previous: Some([2; 32]), previous_expires_at: Some(until), ..after.clone() };
    let after = SessionRecord { current: [3; 32], expires_at: LATER, rotated_at: late, ..replaced };
    assert_eq!(rotated, Rotation::Rotated(after.clone()));
    let expired = store.sessions.rotate(row.id, [2; 32], [3; 32], until, LATER).await;
    assert_eq!(expired, Ok(Rotation::Unknown), "the previous one has expired, and the session goes on");
    let reused = store.sessions.rotate(row.id, [1; 32], [2; 32], late, LATER).await;
    assert_eq!(reused, Ok(Rotation::Reused(SessionRecord { revoked: true, ..after })), "its successor was presented");
    let after = store.sessions.rotate(row.id, [3; 32], [5; 32], late, LATER).await;
    assert_eq!(after, Ok(Rotation::Unknown), "the session has ended");
    let unknown = store.sessions.rotate(a_session(), [1; 32], [2; 32], NOW, LATER).await;
    assert_eq!(unknown, Ok(Rotation::Unknown));
    let old = session(a_user(), 1);
    store.sessions.open(&old).await.expect("opened");
    let over = store.sessions.rotate(old.id, [1; 32], [2; 32], LATER, LATER).await;
    assert_eq!(over, Ok(Rotation::Unknown), "it had expired");
    let forged = store.sessions.rotate(old.id, [99; 32], [2; 32], NOW, LATER).await.expect("an answer");
    assert!(matches!(forged, Rotation::Reused(row) if row.revoked), "neither the current one nor the one before");
}

pub async fn concurrent_rotations_rotate_once(store: Store) {
    let row = session(a_user(), 1);
    store.sessions.open(&row).await.expect("opened");
    let begin = Arc::new(Barrier::new(10));
    let tabs: Vec<_> = (10..20)
        .map(|next| {
            let (store, begin, id) = (store.clone(), begin.clone(), row.id);
            tokio::spawn(async move {
                begin.wait().await;
                store.sessions.rotate(id, [1; 32], [next; 32], NOW, LATER).await.expect("an answer")
            })
        })
        .collect();
    let (mut rotated, mut repeated) = (Vec::new(), 0);
    for tab in tabs {
        match tab.await.expect("it ends") {
            Rotation::Rotated(row) => rotated.push(row),
            Rotation::Repeated(_) => repeated += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((rotated.len(), repeated), (1, 9));
    assert_eq!(store.sessions.get(row.id).await, Ok(rotated.pop()));
}

pub async fn a_ticket_is_taken_once(store: Store) {
    let ticket = Ticket { hash: [5; 32], session: a_session(), user: a_user(), expires_at: LATER };
    store.sessions.put_ticket(&ticket).await.expect("put");
    assert_eq!(store.sessions.take_ticket([6; 32], NOW).await, Ok(None));
    let begin = Arc::new(Barrier::new(10));
    let takers: Vec<_> = (0..10)
        .map(|_| {
            let (store, begin) = (store.clone(), begin.clone());
            tokio::spawn(async move {
                begin.wait().await;
                store.sessions.take_ticket([5; 32], NOW).await.expect("an answer")
            })
        })
        .collect();
    let mut taken = Vec::new();
    for taker in takers {
        taken.extend(taker.await.expect("it ends"));
    }
    assert_eq!(taken, std::slice::from_ref(&ticket));
    store.sessions.put_ticket(&ticket).await.expect("put");
    assert_eq!(store.sessions.take_ticket([5; 32], LATER).await, Ok(None), "it has expired");
}

pub async fn expired_sessions_and_tickets_are_ignored(store: Store) {
    let (mut old, new) = (session(a_user(), 1), session(a_user(), 2));
    old.expires_at = Timestamp(NOW.0 - 1);
    store.sessions.open(&old).await.expect("opened");
    store.sessions.open(&new).await.expect("opened");
    for (number, expires_at) in [(1, NOW), (2, LATER)] {
        let ticket = Ticket { hash: [number; 32], session: new.id, user: new.user, expires_at };
        store.sessions.put_ticket(&ticket).await.expect("put");
    }
    assert_eq!(store.sessions.list(old.user, NOW).await, Ok(Vec::new()));
    assert_eq!(store.sessions.rotate(old.id, [1; 32], [9; 32], NOW, LATER).await, Ok(Rotation::Unknown));
    assert_eq!(store.sessions.take_ticket([1; 32], NOW).await, Ok(None));
    store.sessions.sweep(NOW).await.expect("swept, or nothing to do");
    assert_eq!(store.sessions.get(new.id).await, Ok(Some(new)));
    assert!(store.sessions.take_ticket([2; 32], NOW).await.expect("an answer").is_some());
}
