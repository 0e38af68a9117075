//! `Nodes`: live nodes, and which of them holds which socket.

use std::time::Duration;

use domain::Timestamp;
use service::ports::{Connection, NodeRow, SocketState, Store};

use super::world::{a_room, a_user};

pub async fn nodes_with_heartbeats_are_alive(store: Store) {
    let node = |name: &str, at| NodeRow { node: name.into(), endpoint: format!("http://{name}:1"), at: Timestamp(at) };
    for row in [node("a", 100), node("b", 150), node("a", 190)] {
        store.nodes.beat(&row).await.expect("a beat");
    }
    let mut alive = store.nodes.nodes(Timestamp(200), Duration::from_millis(50)).await.expect("a list");
    alive.sort_by(|a, b| a.node.cmp(&b.node));
    assert_eq!(alive, [node("a", 190), node("b", 150)]);
    let alive = store.nodes.nodes(Timestamp(201), Duration::from_millis(50)).await;
    assert_eq!(alive, Ok(vec![node("a", 190)]));
    assert_eq!(store.nodes.nodes(Timestamp(900), Duration::ZERO).await, Ok(Vec::new()));
}

pub async fn connections_are_found_by_user_and_room(store: Store) {
    let (user, room) = (a_user(), a_room());
    let connection = |id: &str, user, room, expires| Connection {
        id: id.into(),
        user,
        node: "a".into(),
        room,
        expires_at: Timestamp(expires),
    };
    let (one, two) = (connection("1", user, None, 100), connection("2", user, Some(room), 200));
    let other = connection("2", a_user(), Some(room), 300);
    for row in [&one, &two, &other] {
        store.nodes.put_connection(row).await.expect("put");
    }
    let mut found = store.nodes.connections(user, Timestamp(50)).await.expect("a list");
    found.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(found, [one, two.clone()]);
    assert_eq!(store.nodes.connections(user, Timestamp(100)).await, Ok(vec![two.clone()]), "one has expired");
    let mut found = store.nodes.connections_in(room, Timestamp(50)).await.expect("a list");
    found.sort_by_key(|row| row.expires_at);
    assert_eq!(found, [two.clone(), other.clone()]);
    let moved = Connection { node: "b".into(), room: None, ..two };
    store.nodes.put_connection(&moved).await.expect("put again");
    assert_eq!(store.nodes.connections(user, Timestamp(100)).await, Ok(vec![moved]));
    assert_eq!(store.nodes.connections_in(room, Timestamp(50)).await, Ok(vec![other]));
    store.nodes.drop_connection(user, "2").await.expect("dropped");
    store.nodes.drop_connection(user, "2").await.expect("again");
    assert_eq!(store.nodes.connections(user, Timestamp(100)).await, Ok(Vec::new()));
}

pub async fn the_state_of_a_socket_is_kept_until_it_expires(store: Store) {
    let state =
        |text: &str, at| SocketState { id: "L0SM9cOFvHcCIhw=".into(), state: text.into(), expires_at: Timestamp(at) };
    let id = state("", 0).id;
    assert_eq!(store.nodes.socket(&id, Timestamp(1)).await, Ok(None));
    for row in [state("new", 100), state(r#"{"signed":"in"}"#, 200)] {
        assert_eq!(store.nodes.keep_socket(&row, None).await, Ok(true));
        assert_eq!(store.nodes.socket(&id, Timestamp(1)).await, Ok(Some(row)));
    }
    assert_eq!(store.nodes.socket(&id, Timestamp(200)).await, Ok(None), "it has expired");
    store.nodes.forget_socket(&id).await.expect("forgotten");
    store.nodes.forget_socket(&id).await.expect("again");
    assert_eq!(store.nodes.socket(&id, Timestamp(1)).await, Ok(None));
}

pub async fn concurrent_changes_of_a_sockets_state_have_one_winner(store: Store) {
    let state = |text: &str| SocketState { id: "L0SM9cOFvHc".into(), state: text.into(), expires_at: Timestamp(100) };
    let nodes = &store.nodes;
    assert_eq!(nodes.keep_socket(&state("a"), Some("new")).await, Ok(false), "there is no state");
    assert_eq!(nodes.keep_socket(&state("new"), None).await, Ok(true));
    assert_eq!(nodes.keep_socket(&state("a"), Some("new")).await, Ok(true));
    assert_eq!(nodes.keep_socket(&state("b"), Some("new")).await, Ok(false), "it is no longer new");
    assert_eq!(nodes.socket(&state("").id, Timestamp(1)).await, Ok(Some(state("a"))));
    nodes.forget_socket(&state("").id).await.expect("forgotten");
    assert_eq!(nodes.keep_socket(&state("b"), Some("a")).await, Ok(false), "it was closed meanwhile");
    assert_eq!(nodes.socket(&state("").id, Timestamp(1)).await, Ok(None));
}

pub async fn expired_connections_are_swept(store: Store) {
    const DAY: i64 = 24 * 3_600_000;
    let (user, now) = (a_user(), Timestamp(2 * DAY));
    for (id, expires) in [("1", now.0 - 1), ("2", now.0 + 1)] {
        let row = Connection { id: id.into(), user, node: "a".into(), room: None, expires_at: Timestamp(expires) };
        store.nodes.put_connection(&row).await.expect("put");
    }
    for (node, at) in [("gone", 1), ("there", now.0 - 1)] {
        let row = NodeRow { node: node.into(), endpoint: "x".into(), at: Timestamp(at) };
        store.nodes.beat(&row).await.expect("beat");
    }
    let swept = store.nodes.sweep(now).await.expect("swept");
    assert!(swept == 2 || swept == 0, "a store with a TTL has nothing to do: {swept}");
    assert_eq!(store.nodes.connections(user, now).await.expect("a list").len(), 1);
    let within = std::time::Duration::from_secs(7 * 24 * 3_600);
    let known = store.nodes.nodes(now, within).await.expect("a list");
    assert!(known.iter().any(|node| node.node == "there"), "{known:?}");
    assert_eq!(store.nodes.sweep(now).await, Ok(0));
}
