//! Compares a store with the store in memory: the same random appends, then every row.

use domain::{
    Body, Entry, Level, LogId, MemberState, Message, NotificationKey, Request, Role, RoomId, RoomKind, RowWrite, Seq,
    Timestamp, UserId, UserRoom,
};
use service::ports::{AppendError, Store, Tip};

use super::row_writes::a_notification;
use super::world::{
    a_room, a_user, emoji, entries_after, member, message, own_room, plain_room, public_room, slug, text,
};
use store_memory::MemoryStore;

/// A small generator (xorshift64*, Vigna 2016): the same seed gives the same run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % sides
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())].clone()
    }
}

/// The few rooms and users of one run, so that rows are written repeatedly.
struct Cast {
    rooms: Vec<RoomId>,
    users: Vec<UserId>,
    slugs: Vec<String>,
    keys: Vec<NotificationKey>,
}

const EMOJIS: [&str; 2] = ["👍", "🍵"];

/// Makes `steps` appends on both stores and compares all rows.
pub async fn compare(store: &Store, seed: u64, steps: usize) {
    let model = MemoryStore::new().store();
    let mut dice = Dice(seed);
    let mut cast = Cast {
        rooms: (0..3).map(|_| a_room()).collect(),
        users: (0..4).map(|_| a_user()).collect(),
        slugs: (0..3).map(|number| format!("s{seed}-{number}")).collect(),
        keys: Vec::new(),
    };
    for step in 0..steps {
        if dice.roll(3) > 0 {
            let room = dice.pick(&cast.rooms);
            let by = dice.pick(&cast.users);
            let tip = model.log.tip(LogId::Room(room)).await.expect("the tip");
            let (bodies, row_writes) = of_room(&mut dice, &cast, &model, room, &tip).await;
            both(store, &model, LogId::Room(room), by, &tip, bodies, &row_writes).await;
        } else {
            let user = dice.pick(&cast.users);
            let tip = model.log.tip(LogId::User(user)).await.expect("the tip");
            let row_writes = of_user(&mut dice, &mut cast, step);
            both(store, &model, LogId::User(user), user, &tip, vec![note()], &row_writes).await;
        }
        if step % 25 == 24 || step + 1 == steps {
            assert_same(store, &model, &cast).await;
        }
    }
}

fn note() -> Body {
    Body::Setting { name: "note".into(), value: 1.into() }
}

async fn both(
    store: &Store,
    model: &Store,
    log: LogId,
    by: UserId,
    tip: &Tip,
    bodies: Vec<Body>,
    row_writes: &[RowWrite],
) {
    let entries = entries_after(tip, by, bodies);
    let expected = model.log.append(log, tip, &entries, row_writes).await;
    let real = store.log.tip(log).await.expect("the tip");
    let got = store.log.append(log, &real, &entries, row_writes).await;
    let plain = |appended: Result<Tip, AppendError>| appended.map(|tip| (tip.seq(), tip.n(), tip.at()));
    assert_eq!(plain(got), plain(expected), "{row_writes:?}");
}

async fn of_room(dice: &mut Dice, cast: &Cast, model: &Store, room: RoomId, tip: &Tip) -> (Vec<Body>, Vec<RowWrite>) {
    let (seq, user) = (tip.seq() + 1, dice.pick(&cast.users));
    let target = 1 + dice.roll(tip.seq().max(1) as usize) as Seq;
    match dice.roll(8) {
        0 => (
            vec![text("a"), text("b")],
            vec![RowWrite::Thread { root: target, seq }, RowWrite::Thread { root: 1, seq }],
        ),
        1 => {
            let old = model.log.messages(LogId::Room(room), &[target]).await.expect("a read");
            let row_writes = old.into_iter().map(|old| RowWrite::Message(changed(dice, old, seq))).collect();
            (vec![Body::edit(target)], row_writes)
        }
        2 | 3 => {
            let on = dice.roll(3) > 0;
            let emoji = emoji(EMOJIS[dice.roll(2)]);
            let react = Body::React { target, emoji: emoji.clone(), on };
            (vec![react], vec![RowWrite::Reactor { target, emoji, user, on, rev: seq }])
        }
        4 => {
            let on = dice.roll(2) == 0;
            (vec![Body::Pin { target, on }], vec![RowWrite::Pin { target, on }])
        }
        5 | 6 => {
            let states = [MemberState::Joined, MemberState::Joined, MemberState::Left, MemberState::Banned];
            let mut row = member(user, dice.pick(&states));
            row.role = dice.pick(&[Role::Member, Role::Owner, Role::ReadOnly]);
            row.rev = seq;
            row.to_seq = (dice.roll(2) == 0).then_some(target);
            (vec![note()], vec![RowWrite::Member(row)])
        }
        _ => {
            let slug = dice.pick(&cast.slugs);
            let mut row = match dice.roll(3) {
                0 => plain_room(room, RoomKind::Private),
                _ => public_room(room, &slug, "Any Name"),
            };
            row.archived = dice.roll(4) == 0;
            row.rev = seq;
            let joins = member(user, MemberState::Joined);
            (vec![Body::Room(row.clone())], vec![RowWrite::Member(joins), RowWrite::Room(row)])
        }
    }
}

fn changed(dice: &mut Dice, old: Entry, rev: Seq) -> Entry {
    let Body::Message(content) = &old.body else { unreachable!("only messages are changed") };
    let mut new = Message { text: message("changed").text, rev, ..content.clone() };
    if dice.roll(4) == 0 {
        new.deleted = true;
    }
    Entry { body: Body::Message(new), ..old }
}

fn of_user(dice: &mut Dice, cast: &mut Cast, step: usize) -> Vec<RowWrite> {
    let room = dice.pick(&cast.rooms);
    let at = Timestamp(1_000 + step as i64);
    let level = dice.pick(&[Level::All, Level::Mentions, Level::None]);
    match dice.roll(6) {
        0 | 1 => {
            let states = [MemberState::Joined, MemberState::Invited, MemberState::Left];
            let read = (dice.roll(2) * dice.roll(20)) as Seq;
            let row = own_room(room, dice.pick(&states), dice.roll(20) as Seq);
            let request = dice.pick(&[None, Some(Request::Pending { at }), Some(Request::Ignored)]);
            vec![RowWrite::UserRoom(UserRoom { read_seq: read, read_n: read, request, ..row })]
        }
        2 if dice.roll(2) == 0 => vec![RowWrite::Answer { room, request: None }],
        2 => {
            let quiet_until = (dice.roll(2) == 0).then_some(at);
            vec![RowWrite::RoomSettings { room, level, quiet_until, hidden: dice.roll(2) == 0 }]
        }
        3 => {
            let new = a_notification(dice.roll(50) as i64, step as u64);
            cast.keys.push(new.key);
            vec![RowWrite::Notification(new)]
        }
        4 if !cast.keys.is_empty() => {
            let key = (dice.roll(3) > 0).then(|| dice.pick(&cast.keys));
            vec![RowWrite::NotificationRead { key, at }]
        }
        5 if !cast.keys.is_empty() => {
            vec![RowWrite::NotificationDropped { key: dice.pick(&cast.keys), expires: at }]
        }
        _ => Vec::new(),
    }
}

macro_rules! same {
    ($store:expr, $model:expr, $port:ident . $method:ident ( $($argument:expr),* )) => {
        assert_eq!(
            $store.$port.$method($($argument),*).await,
            $model.$port.$method($($argument),*).await,
            concat!(stringify!($port), ".", stringify!($method))
        )
    };
}

async fn assert_same(store: &Store, model: &Store, cast: &Cast) {
    for room in cast.rooms.iter().copied() {
        let log = LogId::Room(room);
        same!(store, model, log.read(log, 1, 100_000));
        same!(store, model, log.read_back(log, 100_000, 7));
        same!(store, model, log.read_forward(log, 3, 7));
        same!(store, model, rooms.room(room));
        same!(store, model, rooms.members(room, None, 100));
        same!(store, model, rooms.member_count(room));
        same!(store, model, rooms.pins(room));
        for seq in 1..=store.log.tip(log).await.expect("the tip").seq() {
            same!(store, model, rooms.thread(room, seq, 0, 100));
            for one in EMOJIS {
                same!(store, model, rooms.reactors(room, seq, &emoji(one), None, 100));
            }
        }
    }
    for user in cast.users.iter().copied() {
        same!(store, model, log.read(LogId::User(user), 1, 100_000));
        same!(store, model, rooms.user_rooms(user, None, 100));
        same!(store, model, rooms.user_room_count(user));
        same!(store, model, rooms.requests(user));
        same!(store, model, users.blocks(user));
        same!(store, model, notifications.list(user, false, None, 1_000));
        same!(store, model, notifications.list(user, true, None, 1_000));
        same!(store, model, notifications.unread(user, 1_000));
        for key in cast.keys.iter().copied() {
            same!(store, model, notifications.get(user, key));
            same!(store, model, notifications.known(user, key));
        }
    }
    for name in &cast.slugs {
        same!(store, model, rooms.room_by_slug(&slug(name)));
        same!(store, model, rooms.directory(name, None, 100));
    }
}
