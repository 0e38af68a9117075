use std::time::Duration;

use uuid::Uuid;

use super::*;
use PresenceStatus::{Away, Offline, Online};

const START: Timestamp = Timestamp(1_000_000);

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

async fn status(presence: &InProcessPresence, now: Timestamp, n: u128) -> PresenceStatus {
    presence.get(now, &[user(n)]).await[0].status
}

#[tokio::test]
async fn the_best_connection_counts() {
    let presence = InProcessPresence::new();
    presence.refresh(START, &[(user(1), "phone".into(), Away), (user(1), "desk".into(), Online)]).await;
    assert_eq!(status(&presence, START, 1).await, Online);
    presence.remove(START, user(1), "desk").await;
    assert_eq!(status(&presence, START, 1).await, Away);
    presence.remove(START, user(1), "phone").await;
    assert_eq!(status(&presence, START, 1).await, Offline);
    assert_eq!(presence.get(START, &[user(1)]).await[0].last_seen, Some(START));
    assert_eq!(status(&presence, START, 2).await, Offline, "never heard of");
}

#[tokio::test]
async fn a_presence_without_a_refresh_runs_out() {
    let presence = InProcessPresence::new();
    presence.refresh(START, &[(user(1), "a".into(), Online), (user(2), "b".into(), Online)]).await;
    assert_eq!(presence.online(START).await, 2);
    let later = START + (PRESENCE_LIFE - Duration::from_millis(1));
    presence.refresh(later, &[(user(2), "b".into(), Online)]).await;
    let end = START + PRESENCE_LIFE;
    assert_eq!(status(&presence, end, 1).await, Offline);
    assert_eq!(status(&presence, end, 2).await, Online);
    assert_eq!(presence.online(end).await, 1);
}

#[tokio::test]
async fn each_node_is_told_each_change_once() {
    let here = InProcessPresence::new();
    let there = here.for_another_node();
    here.refresh(START, &[(user(1), "a".into(), Online)]).await;
    for node in [&here, &there] {
        let changed = node.changed(START).await;
        assert_eq!(changed.iter().map(|c| (c.user, c.status)).collect::<Vec<_>>(), [(user(1), Online)]);
        assert!(node.changed(START).await.is_empty());
    }
    let end = START + PRESENCE_LIFE;
    for node in [&here, &there] {
        let changed = node.changed(end).await;
        assert_eq!(changed.iter().map(|c| c.status).collect::<Vec<_>>(), [Offline], "a time that ran out is a change");
        assert_eq!(changed[0].last_seen, Some(START));
    }
}

#[tokio::test]
async fn one_who_came_and_went_between_two_looks_did_not_change() {
    let presence = InProcessPresence::new();
    presence.refresh(START, &[(user(1), "a".into(), Online)]).await;
    presence.remove_user(START, user(1)).await;
    assert!(presence.changed(START).await.is_empty());
}

#[tokio::test]
async fn typing_ends_by_word_or_by_time() {
    let presence = InProcessPresence::new();
    let room = RoomId(Uuid::from_u128(7));
    presence.set_typing(START, room, user(1), true).await;
    presence.set_typing(START, room, user(2), true).await;
    presence.set_typing(START, room, user(2), false).await;
    assert_eq!(presence.typing(START, room).await, [user(1)]);
    assert!(presence.typing(START + TYPING_LIFE, room).await.is_empty());
    presence.changed(START + TYPING_LIFE).await;
    assert!(presence.state().typing.is_empty(), "what ran out is not kept");
}
