//! `PresenceStore`: presence and typing, with the time as an argument.

use std::sync::Arc;
use std::time::Duration;

use domain::limits::{PRESENCE_LIFE, TYPING_LIFE};
use domain::{PresenceStatus, Timestamp, UserId};
use service::limits::PRESENCE_CONNECTIONS;
use service::ports::{PresenceStore, UserPresence};

use super::world::{a_room, a_user};
use PresenceStatus::{Away, Offline, Online};

const START: Timestamp = Timestamp(1_700_000_000_000);

/// Creates nodes that share one presence; the caller passes the time.
#[async_trait::async_trait]
pub trait PresenceNodes: Send + Sync {
    /// Returns another node.
    async fn node(&self) -> Arc<dyn PresenceStore>;
}

async fn status(node: &dyn PresenceStore, now: Timestamp, user: UserId) -> PresenceStatus {
    node.get(now, &[user]).await.expect("it answers")[0].status
}

fn of(changed: Vec<UserPresence>) -> Vec<(UserId, PresenceStatus)> {
    changed.into_iter().map(|is| (is.user, is.status)).collect()
}

pub async fn the_best_connection_counts(nodes: impl PresenceNodes) {
    let (here, there) = (nodes.node().await, nodes.node().await);
    let user = a_user();
    here.refresh(START, &[(user, "phone".into(), Away)]).await;
    there.refresh(START, &[(user, "desk".into(), Online)]).await;
    for node in [&here, &there] {
        assert_eq!(status(&**node, START, user).await, Online);
    }
    there.remove(START, user, "desk").await;
    assert_eq!(status(&*here, START, user).await, Away);
    let later = START + Duration::from_secs(1);
    here.remove(later, user, "phone").await;
    assert_eq!(
        there.get(later, &[user]).await,
        Some(vec![UserPresence { user, status: Offline, last_seen: Some(later) }])
    );
}

pub async fn unknown_users_are_offline_and_answers_keep_the_order(nodes: impl PresenceNodes) {
    let node = nodes.node().await;
    let users: Vec<UserId> = (0..700).map(|_| a_user()).collect();
    let there: Vec<_> = users.iter().step_by(2).map(|user| (*user, "c".to_owned(), Online)).collect();
    node.refresh(START, &there).await;
    let found = node.get(START, &users).await.expect("it answers");
    assert_eq!(found.iter().map(|is| is.user).collect::<Vec<_>>(), users);
    for (index, is) in found.iter().enumerate() {
        let expected = if index % 2 == 0 { (Online, Some(START)) } else { (Offline, None) };
        assert_eq!((is.status, is.last_seen), expected, "{index}");
    }
    assert_eq!(node.online(START).await, 350);
    assert_eq!(node.get(START, &[]).await, Some(Vec::new()));
    assert!(node.check().await);
}

pub async fn a_user_has_only_so_many_connections(nodes: impl PresenceNodes) {
    let (here, there) = (nodes.node().await, nodes.node().await);
    let user = a_user();
    let many: Vec<_> = (0..PRESENCE_CONNECTIONS).map(|n| (user, n.to_string(), Away)).collect();
    here.refresh(START, &many).await;
    here.refresh(START, &[(user, "one more".into(), Online), (user, "0".into(), Away)]).await;
    assert_eq!(status(&*there, START, user).await, Away, "the limit is reached, and existing ones stay");
    let later = START + PRESENCE_LIFE;
    here.refresh(later, &[(user, "one more".into(), Online)]).await;
    assert_eq!(status(&*there, later, user).await, Online, "the others have expired");
}

pub async fn a_presence_without_a_refresh_expires(nodes: impl PresenceNodes) {
    let (here, there) = (nodes.node().await, nodes.node().await);
    let (gone, stays) = (a_user(), a_user());
    here.refresh(START, &[(gone, "a".into(), Online), (stays, "b".into(), Online)]).await;
    assert_eq!(there.online(START).await, 2);
    let later = START + (PRESENCE_LIFE - Duration::from_millis(1));
    assert_eq!(status(&*there, later, gone).await, Online);
    here.refresh(later, &[(stays, "b".into(), Online)]).await;
    let end = START + PRESENCE_LIFE;
    assert_eq!(status(&*there, end, gone).await, Offline);
    assert_eq!(status(&*there, end, stays).await, Online);
    assert_eq!(there.online(end).await, 1);
}

pub async fn each_node_gets_each_change_once(nodes: impl PresenceNodes) {
    let (here, there) = (nodes.node().await, nodes.node().await);
    let user = a_user();
    here.refresh(START, &[(user, "a".into(), Online)]).await;
    for node in [&here, &there] {
        assert_eq!(of(node.changed(START).await), [(user, Online)]);
        assert!(node.changed(START).await.is_empty());
    }
    here.refresh(START, &[(user, "a".into(), Online)]).await;
    assert!(there.changed(START).await.is_empty(), "a refresh is not a change");
    here.refresh(START, &[(user, "a".into(), Away)]).await;
    for node in [&here, &there] {
        assert_eq!(of(node.changed(START).await), [(user, Away)]);
    }
    let end = START + PRESENCE_LIFE;
    for node in [&here, &there] {
        let changed = node.changed(end).await;
        let ran_out = UserPresence { user, status: Offline, last_seen: Some(START) };
        assert_eq!(changed, [ran_out], "an expiry is a change");
        assert!(node.changed(end).await.is_empty());
    }
    let late = nodes.node().await;
    assert!(late.changed(end).await.is_empty(), "offline users are not a change for a new node");
    here.refresh(end, &[(user, "a".into(), Online)]).await;
    assert_eq!(of(late.changed(end).await), [(user, Online)]);
}

pub async fn the_end_of_the_best_connection_is_a_change(nodes: impl PresenceNodes) {
    let (here, there) = (nodes.node().await, nodes.node().await);
    let user = a_user();
    here.refresh(START, &[(user, "desk".into(), Online)]).await;
    let later = START + Duration::from_secs(10);
    here.refresh(later, &[(user, "phone".into(), Away)]).await;
    assert_eq!(of(there.changed(later).await), [(user, Online)]);
    assert_eq!(of(there.changed(START + PRESENCE_LIFE).await), [(user, Away)]);
    assert_eq!(of(there.changed(later + PRESENCE_LIFE).await), [(user, Offline)]);
}

pub async fn a_user_who_came_and_went_between_two_reads_did_not_change(nodes: impl PresenceNodes) {
    let node = nodes.node().await;
    let user = a_user();
    node.refresh(START, &[(user, "a".into(), Online), (user, "b".into(), Away)]).await;
    node.remove_user(START, user).await;
    assert!(node.changed(START).await.is_empty());
    assert_eq!(status(&*node, START, user).await, Offline);
    assert_eq!(node.online(START).await, 0);
}

pub async fn many_users_come_and_go_together(nodes: impl PresenceNodes) {
    let (here, there) = (nodes.node().await, nodes.node().await);
    let all: Vec<_> = (0..5_000).map(|number| (a_user(), format!("c{number}"), Online)).collect();
    for part in all.chunks(1_000) {
        here.refresh(START, part).await;
    }
    assert_eq!(there.changed(START).await.len(), all.len());
    assert_eq!(there.online(START).await, all.len() as u64);
    let end = START + PRESENCE_LIFE;
    let gone = there.changed(end).await;
    assert_eq!(gone.len(), all.len());
    assert!(gone.iter().all(|is| is.status == Offline && is.last_seen == Some(START)));
    assert_eq!(there.online(end).await, 0);
}

pub async fn typing_ends_explicitly_or_expires(nodes: impl PresenceNodes) {
    let (here, there) = (nodes.node().await, nodes.node().await);
    let (room, one, other) = (a_room(), a_user(), a_user());
    here.set_typing(START, room, one, true).await;
    here.set_typing(START, room, other, true).await;
    here.set_typing(START, room, other, false).await;
    assert_eq!(there.typing(START, room).await, [one]);
    assert!(there.typing(START, a_room()).await.is_empty());
    assert!(there.typing(START + TYPING_LIFE, room).await.is_empty());
}
