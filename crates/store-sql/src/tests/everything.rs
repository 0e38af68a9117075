//! Calls every method of every port once, so that a test can examine all statements.

use std::time::Duration;

use conformance::suite::world::{
    LogWriter, a_room_with, a_session, a_user, emoji, file, person, public_room, slug, text,
};
use domain::{LogId, Member, MemberState, Notification, NotificationKey, NotificationKind, RowWrite, Timestamp};
use service::ports::{Charged, Connection, Deletion, Fence, NodeRow, PageFrom, Quota, SocketState, Store, Ticket};

/// Calls every method of every port once.
pub async fn call_everything(store: &Store) {
    let (ada, eve) = (a_user(), a_user());
    let room = public_room(conformance::suite::world::a_room(), "tea", "Tea");
    let id = room.id;
    let mut log_writer = a_room_with(store, &room, &[ada, eve]).await;
    let mut own = LogWriter::new(store, LogId::User(ada)).await;
    let thumb = emoji("👍");
    log_writer.by = ada;
    let row = file(id, ada, 5);
    assert_eq!(store.files.put(&row, Quota::NONE).await, Ok(Charged::Done), "put");
    assert_eq!(store.files.complete(&row, Quota::NONE).await, Ok(Charged::Done), "complete");
    store.files.usage(ada).await.expect("usage");
    log_writer.write(vec![text("a"), text("b")], &[RowWrite::FileSent { file: row.id, seq: 2 }]).await;
    let message = store.log.messages(log_writer.log, &[2]).await.expect("a read").remove(0);
    let joined = Member { rev: 5, ..conformance::suite::world::member(eve, MemberState::Left) };
    let reactor = |on| RowWrite::Reactor { target: 2, emoji: thumb.clone(), user: ada, on, rev: 4 };
    let pin = |on| RowWrite::Pin { target: 2, on };
    let all = [
        RowWrite::Message(message),
        reactor(true),
        pin(true),
        RowWrite::Thread { root: 2, seq: 3 },
        RowWrite::Member(joined),
        RowWrite::Room(room),
        RowWrite::FileDropped { file: row.id },
    ];
    log_writer.row_writes(&all).await;
    log_writer.row_writes(&[reactor(false), pin(false)]).await;
    let key = NotificationKey { at: Timestamp(1), room: id.0, seq: 2 };
    let new = Notification {
        key,
        kind: NotificationKind::Mention,
        notif_type: None,
        room: None,
        seq: None,
        from: None,
        title: String::new(),
        body: String::new(),
        rev: 0,
        read_at: None,
    };
    let at = Timestamp(9);
    own.row_writes(&[RowWrite::Notification(new.clone()), RowWrite::NotificationRead { key: Some(key), at }]).await;
    own.row_writes(&[RowWrite::NotificationRead { key: None, at }]).await;
    own.row_writes(&[RowWrite::NotificationChanged(new)]).await;
    own.row_writes(&[RowWrite::NotificationDropped { key, expires: at }]).await;
    own.row_writes(&[RowWrite::RoomSettings { room: id, level: domain::Level::All, quiet_until: None, hidden: false }])
        .await;
    own.row_writes(&[RowWrite::Answer { room: id, request: None }]).await;
    own.row_writes(&[RowWrite::Block { user: eve, on: true }]).await;

    let log = &store.log;
    log.epoch().await.expect("epoch");
    log.messages_of(&[(id, 1), (id, 2)]).await.expect("messages_of");
    log.read(log_writer.log, 1, 5).await.expect("read");
    log.read_back(log_writer.log, 5, 5).await.expect("read_back");
    log.read_forward(log_writer.log, 1, 5).await.expect("read_forward");
    log.page(log_writer.log, PageFrom::Before(5), 5, None).await.expect("page");
    log.read_within(log_writer.log, 1, 5, 100).await.expect("some");
    log.read_keys(log_writer.log, 1, 5).await.expect("keys");
    let cursor = log.changes(None).await.expect("changes").next;
    log.changes(Some(&cursor)).await.expect("changes");
    log.floor(log_writer.log).await.expect("floor");
    log.raise_floor(log_writer.log, 3).await.expect("raise_floor");
    log.all_logs(Some(log_writer.log), 5).await.expect("all_logs");

    let rooms = &store.rooms;
    rooms.room(id).await.expect("room");
    rooms.room_by_slug(&slug("tea")).await.expect("room_by_slug");
    rooms.member(id, ada).await.expect("member");
    rooms.members_of(id, &[ada, eve]).await.expect("members_of");
    rooms.memberships(ada, &[id]).await.expect("memberships");
    rooms.members(id, Some(ada), 5).await.expect("members");
    rooms.member_count(id).await.expect("member_count");
    rooms.user_rooms(ada, Some(id), 5).await.expect("user_rooms");
    rooms.user_room(ada, id).await.expect("user_room");
    rooms.requests(ada).await.expect("requests");
    rooms.user_room_count(ada).await.expect("user_room_count");
    rooms.share_a_room(ada, eve, None).await.expect("share_a_room");
    rooms.head_hints(&[id]).await.expect("head_hints");
    rooms.directory("te", Some(&slug("a")), 5).await.expect("directory");
    rooms.pins(id).await.expect("pins");
    rooms.reactors(id, 2, &thumb, Some(ada), 5).await.expect("reactors");
    rooms.has_reacted(id, 2, &thumb, ada).await.expect("has_reacted");
    rooms.thread(id, 2, 0, 5).await.expect("thread");

    store.marks.mark_read(ada, id, 5, 5).await.expect("mark_read");
    store.marks.add_mention(ada, id, 7).await.expect("add_mention");
    store.marks.drop_mention(ada, id, 7).await.expect("drop_mention");
    store.marks.marks(id, &[ada]).await.expect("marks");

    let notifications = &store.notifications;
    for unread in [false, true] {
        notifications.list(ada, unread, None, 5).await.expect("list");
        notifications.list(ada, unread, Some(key), 5).await.expect("list");
    }
    notifications.get(ada, key).await.expect("get");
    notifications.known(ada, key).await.expect("known");
    notifications.unread(ada, 5).await.expect("unread");
    notifications.sweep(at).await.expect("sweep");

    let people = &store.users;
    let mut new = person("ada");
    new.sign_in_email = Some("ada@example.org".into());
    people.register(&person("first")).await.expect("register");
    people.register(&new).await.expect("register");
    people.set_banned(new.user.id, true).await.expect("set_banned");
    people.user(ada).await.expect("user");
    people.users(&[ada]).await.expect("users");
    people.user_by_name("ada").await.expect("user_by_name");
    people.ids_by_names(&["ada".into()]).await.expect("ids_by_names");
    people.user_by_email("ada@example.org").await.expect("user_by_email");
    people.blocked_by(&[ada], eve).await.expect("blocked_by");
    people.blocks(ada).await.expect("blocks");
    people.users_by_prefix("a", Some("aa"), 5).await.expect("users_by_prefix");

    let deletions = &store.deletions;
    let deletion = Deletion { user: new.user.id, messages: true, at };
    deletions.end_account(deletion, &person("deleted-1").user.name).await.expect("end_account");
    deletions.deletions(5).await.expect("deletions");
    deletions.rooms_ever(ada, Some(id), 5).await.expect("rooms_ever");
    deletions.erase(new.user.id).await.expect("erase");
    deletions.finish(new.user.id).await.expect("finish");
    store.audit.page((at, id.0), at, 5).await.expect("page");
    store.audit.record(&conformance::suite::audit::record(9)).await.expect("record");
    store.audit.sweep_audit(at).await.expect("sweep_audit");

    let sessions = &store.sessions;
    let session = a_session();
    sessions.get(session).await.expect("get");
    sessions.list(ada, at).await.expect("list");
    sessions.end(session, true).await.expect("end");
    sessions.end_all(ada).await.expect("end_all");
    sessions.rotate(session, [1; 32], [2; 32], at, at).await.expect("rotate");
    let ticket = Ticket { hash: [1; 32], session, user: ada, expires_at: at };
    sessions.put_ticket(&ticket).await.expect("put_ticket");
    sessions.take_ticket([1; 32], at).await.expect("take_ticket");
    sessions.sweep(at).await.expect("sweep");

    let files = &store.files;
    files.get(row.id).await.expect("get");
    files.room_files(id, None, 5).await.expect("room_files");
    files.room_files(id, Some((at, row.id)), 5).await.expect("room_files");
    files.user_unsent(ada, 5).await.expect("user_unsent");
    files.expired(at, 5).await.expect("expired");
    files.drop_file(row.id).await.expect("drop_file");
    files.drop_unsent(row.id).await.expect("drop_unsent");
    files.forget(row.id).await.expect("forget");

    let feed = &store.feed;
    feed.advance(id, "mail", Fence(1), 2).await.expect("advance");
    feed.cursors(id).await.expect("cursors");
    feed.lease("one", "a", at, Duration::from_secs(1)).await.expect("lease");
    feed.release("one", "a").await.expect("release");
    feed.behind("mail", None, 5).await.expect("behind");

    let nodes = &store.nodes;
    nodes.beat(&NodeRow { node: "a".into(), endpoint: "x".into(), at }).await.expect("beat");
    nodes.nodes(at, Duration::from_secs(1)).await.expect("nodes");
    let socket = Connection { id: "1".into(), user: ada, node: "a".into(), room: Some(id), expires_at: at };
    nodes.put_connection(&socket).await.expect("put_connection");
    nodes.connections(ada, at).await.expect("connections");
    nodes.connections_in(id, at).await.expect("connections_in");
    let state = SocketState { id: "1".into(), state: "{}".into(), expires_at: at };
    nodes.keep_socket(&state, None).await.expect("keep_socket");
    nodes.keep_socket(&state, Some("{}")).await.expect("keep_socket in place of a state");
    nodes.socket("1", at).await.expect("socket");
    nodes.forget_socket("1").await.expect("forget_socket");
    nodes.sweep(at).await.expect("sweep");
    nodes.drop_connection(ada, "1").await.expect("drop_connection");
}
