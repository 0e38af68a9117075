//! `Rooms`: rooms, members, lists.

use domain::name::RoomName;
use domain::{LogId, Member, MemberState, Request, RoomKind, RowWrite, Timestamp, UserId, UserRoom};
use service::ports::{Head, Store};

use super::world::{
    LogWriter, a_room, a_room_with, a_user, emoji, member, own_room, plain_room, public_room, slug, text,
};

fn users(count: usize) -> Vec<UserId> {
    let mut users: Vec<UserId> = (0..count).map(|_| a_user()).collect();
    users.sort();
    users
}

pub async fn a_room_is_found_by_id_and_slug(store: Store) {
    let mut room = public_room(a_room(), "tea", "Tea & talk ☕");
    room.description = "What we drink.".into();
    room.hides_past = true;
    room.slow_mode_s = 5;
    let direct = domain::Room { pair: Some((a_user(), a_user())), ..plain_room(a_room(), RoomKind::Direct) };
    a_room_with(&store, &room, &[]).await;
    a_room_with(&store, &direct, &[]).await;
    assert_eq!(store.rooms.room(room.id).await, Ok(Some(room.clone())));
    assert_eq!(store.rooms.room(direct.id).await, Ok(Some(direct)));
    assert_eq!(store.rooms.room(a_room()).await, Ok(None));
    assert_eq!(store.rooms.room_by_slug(&slug("tea")).await, Ok(Some(room)));
    assert_eq!(store.rooms.room_by_slug(&slug("te")).await, Ok(None));
}

pub async fn members_come_in_pages(store: Store) {
    let (room, everybody) = (plain_room(a_room(), RoomKind::Private), users(11));
    let mut log_writer = a_room_with(&store, &room, &everybody).await;
    log_writer.row_writes(&[RowWrite::Member(member(everybody[3], MemberState::Banned))]).await;
    a_room_with(&store, &plain_room(a_room(), RoomKind::Private), &users(3)).await;
    for limit in 1..=12 {
        let (mut found, mut after): (Vec<Member>, _) = (Vec::new(), None);
        loop {
            let page = store.rooms.members(room.id, after, limit).await.expect("a page");
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = Some(last.user);
            found.extend(page);
        }
        assert_eq!(found.iter().map(|row| row.user).collect::<Vec<_>>(), everybody, "of all states, by {limit}");
    }
    let asked = [everybody[3], everybody[9], a_user(), everybody[0]];
    let mut some = store.rooms.members_of(room.id, &asked).await.expect("a read");
    some.sort_by_key(|row| row.user);
    assert_eq!(some.iter().map(|row| row.user).collect::<Vec<_>>(), [everybody[0], everybody[3], everybody[9]]);
    assert_eq!(some[1].state, MemberState::Banned);
    assert_eq!(store.rooms.members_of(room.id, &[]).await, Ok(Vec::new()));
    assert_eq!(store.rooms.member(a_room(), everybody[0]).await, Ok(None));
}

pub async fn memberships_of_several_rooms_come_in_one_read(store: Store) {
    let (user, other) = (a_user(), a_user());
    let rooms = [a_room(), a_room(), a_room()];
    for (room, people) in [(rooms[0], vec![user, other]), (rooms[1], vec![other]), (rooms[2], vec![user])] {
        a_room_with(&store, &plain_room(room, RoomKind::Private), &people).await;
    }
    let mut found = store.rooms.memberships(user, &[rooms[2], rooms[0], rooms[1], a_room()]).await.expect("a read");
    found.sort_by_key(|(room, _)| rooms.iter().position(|asked| asked == room));
    let rows: Vec<_> = found.iter().map(|(room, row)| (*room, row.user, row.state)).collect();
    assert_eq!(rows, [rooms[0], rooms[2]].map(|room| (room, user, MemberState::Joined)));
    assert_eq!(store.rooms.memberships(user, &[]).await, Ok(Vec::new()));
}

pub async fn members_are_counted(store: Store) {
    let (room, everybody) = (public_room(a_room(), "tea", "Tea"), users(5));
    let mut log_writer = a_room_with(&store, &room, &everybody).await;
    assert_eq!(store.rooms.member_count(room.id).await, Ok(5));
    let change = |user: UserId, state| RowWrite::Member(member(user, state));
    log_writer.row_writes(&[change(everybody[0], MemberState::Left), change(everybody[1], MemberState::Banned)]).await;
    log_writer.row_writes(&[change(everybody[0], MemberState::Banned), change(a_user(), MemberState::Invited)]).await;
    log_writer.row_writes(&[change(everybody[2], MemberState::Joined)]).await;
    assert_eq!(store.rooms.member_count(room.id).await, Ok(3));
    log_writer.row_writes(&[change(everybody[1], MemberState::Joined), RowWrite::Room(room.clone())]).await;
    assert_eq!(store.rooms.member_count(room.id).await, Ok(4));
    assert_eq!(store.rooms.directory("", None, 10).await.expect("a page")[0].members, 4);
    assert_eq!(store.rooms.member_count(a_room()).await, Ok(0));
}

pub async fn user_rooms_come_in_pages_with_heads(store: Store) {
    let user = a_user();
    let mut expected = Vec::new();
    for number in 0..9 {
        let room = plain_room(a_room(), RoomKind::Private);
        let mut log_writer = a_room_with(&store, &room, &[user, a_user()]).await;
        for _ in 0..number {
            log_writer.say("x").await;
        }
        expected.push((room, Head { seq: log_writer.tip.seq(), n: log_writer.tip.n(), at: log_writer.tip.at() }));
    }
    expected.sort_by_key(|(room, _)| room.id);
    for limit in 1..=10 {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = store.rooms.user_rooms(user, after, limit).await.expect("a page");
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = Some(last.row.room);
            found.extend(page);
        }
        assert_eq!(found.iter().map(|line| line.row.room).collect::<Vec<_>>(), ids(&expected), "by {limit}");
        assert_eq!(found.into_iter().map(|line| (line.room, line.head)).collect::<Vec<_>>(), expected);
    }
    assert_eq!(store.rooms.user_room_count(user).await, Ok(9));
    assert_eq!(store.rooms.user_rooms(a_user(), None, 10).await, Ok(Vec::new()));
}

fn ids(rooms: &[(domain::Room, Head)]) -> Vec<domain::RoomId> {
    rooms.iter().map(|(room, _)| room.id).collect()
}

pub async fn left_rooms_are_not_listed(store: Store) {
    let (room, user) = (plain_room(a_room(), RoomKind::Private), a_user());
    a_room_with(&store, &room, &[]).await;
    let mut own = LogWriter::new(&store, LogId::User(user)).await;
    let states = [
        (MemberState::Invited, 1),
        (MemberState::Left, 0),
        (MemberState::Joined, 1),
        (MemberState::Kicked, 0),
        (MemberState::Banned, 0),
    ];
    for (rev, (state, listed)) in (1..).zip(states) {
        own.row_writes(&[RowWrite::UserRoom(own_room(room.id, state, rev))]).await;
        let lines = store.rooms.user_rooms(user, None, 10).await.expect("a page");
        assert_eq!(lines.len(), listed, "{state:?}");
        let counts = u64::from(state == MemberState::Joined);
        assert_eq!(store.rooms.user_room_count(user).await, Ok(counts), "an invitation does not count");
        let row = store.rooms.user_room(user, room.id).await.expect("a read").expect("the row stays");
        assert_eq!(row.state, state);
    }
}

pub async fn the_directory_lists_public_rooms(store: Store) {
    for (slugged, name) in [("tea", "Green leaves"), ("teapot", "Pots"), ("coffee", "Tea haters"), ("zoo", "Ärger")] {
        a_room_with(&store, &public_room(a_room(), slugged, name), &[a_user()]).await;
    }
    let mut archived = public_room(a_room(), "tea-old", "Tea");
    archived.archived = true;
    a_room_with(&store, &archived, &[]).await;
    let mut private = plain_room(a_room(), RoomKind::Private);
    private.name = Some(RoomName::parse("Tea cellar").expect("valid"));
    a_room_with(&store, &private, &[]).await;
    let listed = async |prefix: &str, after: Option<&str>, limit| {
        let after = after.map(slug);
        let page = store.rooms.directory(prefix, after.as_ref(), limit).await.expect("a page");
        page.into_iter().map(|line| line.room.slug.expect("a slug").to_string()).collect::<Vec<_>>()
    };
    assert_eq!(listed("", None, 10).await, ["coffee", "tea", "teapot", "zoo"]);
    assert_eq!(listed("TEA", None, 10).await, ["coffee", "tea", "teapot"], "by slug or name");
    assert_eq!(listed("teap", None, 10).await, ["teapot"]);
    assert_eq!(listed("ÄRG", None, 10).await, ["zoo"]);
    assert_eq!(listed("%", None, 10).await, [""; 0], "no wildcard");
    assert_eq!(listed("te_", None, 10).await, [""; 0], "no wildcard");
    for limit in 1..=5 {
        let (mut found, mut after): (Vec<String>, Option<String>) = (Vec::new(), None);
        loop {
            let page = listed("", after.as_deref(), limit).await;
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            found.extend(page);
        }
        assert_eq!(found, ["coffee", "tea", "teapot", "zoo"], "by {limit}");
    }
    let line = store.rooms.directory("zoo", None, 1).await.expect("a page").remove(0);
    assert_eq!((line.members, line.head.seq), (1, 1));
}

pub async fn users_who_share_a_room_are_found(store: Store) {
    let (room, both) = (plain_room(a_room(), RoomKind::Private), users(2));
    let mut log_writer = a_room_with(&store, &room, &both).await;
    let alone = a_user();
    a_room_with(&store, &plain_room(a_room(), RoomKind::Private), &[alone]).await;
    assert_eq!(store.rooms.share_a_room(both[0], both[1], None).await, Ok(true));
    for (kind, shares) in [(RoomKind::Private, true), (RoomKind::Public, false), (RoomKind::Direct, false)] {
        assert_eq!(store.rooms.share_a_room(both[0], both[1], Some(kind)).await, Ok(shares), "{kind:?}");
    }
    assert_eq!(store.rooms.share_a_room(both[1], both[0], None).await, Ok(true));
    assert_eq!(store.rooms.share_a_room(both[0], alone, None).await, Ok(false));
    log_writer.row_writes(&[RowWrite::Member(member(both[1], MemberState::Left))]).await;
    assert_eq!(store.rooms.share_a_room(both[0], both[1], None).await, Ok(false));
}

pub async fn requests_count_only_once_they_are_answered(store: Store) {
    let (stranger, user) = (a_user(), a_user());
    let rooms = [(); 3].map(|()| a_room());
    for room in rooms {
        a_room_with(&store, &plain_room(room, RoomKind::Direct), &[stranger, user]).await;
    }
    let mut own = LogWriter::new(&store, LogId::User(user)).await;
    for (room, at) in rooms.into_iter().zip([30, 10, 20]) {
        let request = Some(Request::Pending { at: Timestamp(at) });
        let row = UserRoom { request, ..own_room(room, MemberState::Joined, 1) };
        own.row_writes(&[RowWrite::UserRoom(row.clone())]).await;
        assert_eq!(store.rooms.user_room(user, room).await, Ok(Some(row)));
    }
    let pending = async || {
        let requests = store.rooms.requests(user).await.expect("a read");
        requests.into_iter().map(|(room, at)| (room, at.0)).collect::<Vec<_>>()
    };
    let listed = async || store.rooms.user_rooms(user, None, 10).await.expect("a page").len();
    assert_eq!(pending().await, [(rooms[1], 10), (rooms[2], 20), (rooms[0], 30)], "the oldest first");
    assert_eq!((listed().await, store.rooms.user_room_count(user).await), (3, Ok(0)));
    assert_eq!(store.rooms.share_a_room(stranger, user, None).await, Ok(false));

    own.row_writes(&[RowWrite::Answer { room: rooms[1], request: Some(Request::Ignored) }]).await;
    assert_eq!(pending().await, [(rooms[2], 20), (rooms[0], 30)]);
    assert_eq!((listed().await, store.rooms.user_room_count(user).await), (2, Ok(0)));
    let ignored = store.rooms.user_room(user, rooms[1]).await.expect("a read").expect("the row stays");
    assert_eq!(ignored.request, Some(Request::Ignored));

    own.row_writes(&[RowWrite::Answer { room: rooms[0], request: None }]).await;
    assert_eq!(pending().await, [(rooms[2], 20)]);
    assert_eq!((listed().await, store.rooms.user_room_count(user).await), (2, Ok(1)));
    assert_eq!(store.rooms.share_a_room(stranger, user, None).await, Ok(true));
    assert_eq!(store.rooms.share_a_room(stranger, user, Some(RoomKind::Private)).await, Ok(false));

    let nowhere = RowWrite::Answer { room: a_room(), request: None };
    own.row_writes(std::slice::from_ref(&nowhere)).await;
    assert_eq!(listed().await, 2, "an answer creates no row");
}

pub async fn blocks_are_of_one_user(store: Store) {
    let (user, others) = (a_user(), users(3));
    let mut own = LogWriter::new(&store, LogId::User(user)).await;
    for other in [others[2], others[0], others[0]] {
        own.row_writes(&[RowWrite::Block { user: other, on: true }]).await;
    }
    let mut blocked = vec![others[0], others[2]];
    blocked.sort_unstable();
    assert_eq!(store.users.blocks(user).await, Ok(blocked));
    assert_eq!(store.users.blocked_by(&[user, others[1]], others[0]).await, Ok(vec![user]));
    assert_eq!(store.users.blocked_by(&[user], others[1]).await, Ok(Vec::new()));
    assert_eq!(store.users.blocked_by(&[others[0]], user).await, Ok(Vec::new()), "only one of them blocks");
    for _ in 0..2 {
        own.row_writes(&[RowWrite::Block { user: others[2], on: false }]).await;
    }
    assert_eq!(store.users.blocks(user).await, Ok(vec![others[0]]));
    assert_eq!(store.users.blocks(others[0]).await, Ok(Vec::new()));
}

pub async fn head_hints_name_known_logs(store: Store) {
    let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    log_writer.write(vec![text("a"), super::world::react(1), text("b")], &[]).await;
    let room = log_writer.log.room().expect("a room's log");
    let heads = store.rooms.head_hints(&[a_room(), room]).await.expect("a read");
    assert_eq!(heads, [(room, Head { seq: 3, n: 2, at: log_writer.tip.at() })]);
    assert_eq!(store.rooms.head_hints(&[]).await, Ok(Vec::new()));
}

pub async fn pins_threads_and_reactors_are_listed(store: Store) {
    let room = a_room();
    let mut log_writer = LogWriter::new(&store, LogId::Room(room)).await;
    let everybody = users(7);
    let thumb = emoji("👍");
    let mut row_writes: Vec<RowWrite> = [9, 2, 10].map(|target| RowWrite::Pin { target, on: true }).into();
    row_writes.extend([4, 3, 12, 8].map(|seq| RowWrite::Thread { root: 2, seq }));
    row_writes.extend(everybody.iter().map(|user| RowWrite::Reactor {
        target: 2,
        emoji: thumb.clone(),
        user: *user,
        on: true,
        rev: 1,
    }));
    log_writer.row_writes(&row_writes).await;
    assert_eq!(store.rooms.pins(room).await, Ok(vec![2, 9, 10]));
    assert_eq!(store.rooms.thread(room, 2, 0, 2).await, Ok(vec![3, 4]));
    assert_eq!(store.rooms.thread(room, 2, 4, 10).await, Ok(vec![8, 12]));
    assert_eq!(store.rooms.thread(room, 3, 0, 10).await, Ok(Vec::new()));
    let first = store.rooms.reactors(room, 2, &thumb, None, 4).await.expect("a page");
    let rest = store.rooms.reactors(room, 2, &thumb, first.last().copied(), 10).await.expect("a page");
    assert_eq!([first, rest].concat(), everybody);
    assert_eq!(store.rooms.has_reacted(room, 2, &thumb, everybody[6]).await, Ok(true));
    assert_eq!(store.rooms.has_reacted(room, 2, &emoji("🍵"), everybody[6]).await, Ok(false));
    let gone = RowWrite::Reactor { target: 2, emoji: thumb.clone(), user: everybody[6], on: false, rev: 2 };
    log_writer.row_writes(&[gone, RowWrite::Pin { target: 9, on: false }]).await;
    assert_eq!(store.rooms.has_reacted(room, 2, &thumb, everybody[6]).await, Ok(false));
    assert_eq!(store.rooms.pins(room).await, Ok(vec![2, 10]));
    assert_eq!(store.rooms.pins(a_room()).await, Ok(Vec::new()));
}
