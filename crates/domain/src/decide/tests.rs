use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::*;
use crate::change::{Actor, Intent};
use crate::entry::{Body, EditTexts, Entry};
use crate::file::{File, FileState};
use crate::fold::RoomState;
use crate::ids::{EntryId, Epoch, FileId, RoomId, UserId};
use crate::name::{RoomName, Slug};
use crate::own::{Notification, NotificationKey, NotificationKind, OwnChange, Request, UserRoom};
use crate::refusal::Code;
use crate::room::{Level, Member, MemberState, Role, Room, RoomKind};
use crate::row_write::RowWrite;
use crate::text::Emoji;
use crate::view::{LogPosition, Roster, Row, RowKey};

const EPOCH: Epoch = Epoch(7);
const ROOM: RoomId = RoomId(Uuid::from_u128(99));

/// The simplest store: rows in maps, and every entry as it was taken.
struct Rows {
    view: View,
    window: Window,
    entries: Vec<Entry>,
    texts: EditTexts,
    room: Option<Room>,
    members: BTreeMap<UserId, Member>,
    messages: BTreeMap<Seq, Entry>,
    reactors: BTreeSet<(Seq, Emoji, UserId)>,
    pins: BTreeSet<Seq>,
    threads: BTreeMap<Seq, BTreeSet<Seq>>,
    files: BTreeMap<FileId, File>,
    user_rooms: BTreeMap<RoomId, UserRoom>,
    blocked: BTreeSet<(UserId, UserId)>,
    notifications: BTreeMap<NotificationKey, Option<Notification>>,
    ids: u128,
}

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(1_000 + n))
}

fn actor(n: u128) -> Actor {
    Actor { user: user(n), session: None, admin: false, guest: false }
}

fn file(n: u128) -> FileId {
    FileId(Uuid::from_u128(n))
}

fn text(text: &str) -> crate::text::MessageText {
    text.to_owned().try_into().expect("valid")
}

fn send(words: &str) -> Intent {
    Intent::Send { text: text(words), reply_to: None, thread: None, files: Vec::new() }
}

fn emoji(of: &str) -> Emoji {
    of.to_owned().try_into().expect("an emoji")
}

fn room(kind: RoomKind) -> Room {
    Room {
        id: ROOM,
        kind,
        slug: (kind == RoomKind::Public).then(|| Slug::parse("tea").expect("valid")),
        name: Some(RoomName::parse("Tea").expect("valid")),
        description: String::new(),
        archived: false,
        hides_past: false,
        slow_mode_s: 0,
        pair: None,
        rev: 0,
    }
}

impl Rows {
    fn empty(log: LogId) -> Rows {
        let place = LogPosition { epoch: EPOCH, seq: 0, n: 0, at: Timestamp(0) };
        Rows {
            view: View::new(log, place),
            window: Window::default(),
            entries: Vec::new(),
            texts: EditTexts::new(),
            room: None,
            members: BTreeMap::new(),
            messages: BTreeMap::new(),
            reactors: BTreeSet::new(),
            pins: BTreeSet::new(),
            threads: BTreeMap::new(),
            files: BTreeMap::new(),
            user_rooms: BTreeMap::new(),
            blocked: BTreeSet::new(),
            notifications: BTreeMap::new(),
            ids: 0,
        }
    }

    /// Returns a room whose owner is user 1, with members 2 and 3.
    fn with_room(room: Room) -> Rows {
        let mut rows = Rows::empty(LogId::Room(ROOM));
        let people = vec![user(2), user(3)];
        rows.ok(1, Intent::Create { room: Box::new(room), people });
        rows.ok(2, Intent::Join);
        rows.ok(3, Intent::Join);
        rows
    }

    fn change(&mut self, by: Actor, intent: Intent) -> Change {
        self.ids += 1;
        let id = EntryId(Uuid::from_u128(self.ids << 64 | by.user.0.as_u128()));
        Change { by, id, seen: Some(self.view.place().seq), epoch: None, intent }
    }

    fn load(&mut self, change: &Change) {
        loop {
            let missing = self.view.missing(change);
            if missing.is_empty() {
                return;
            }
            for key in missing {
                let row = self.row(key);
                self.view.load(row);
            }
        }
    }

    fn row(&self, key: RowKey) -> Row {
        match key {
            RowKey::Room => Row::Room(self.room.clone()),
            RowKey::Member(user) => Row::Member(user, self.members.get(&user).cloned()),
            RowKey::Message(seq) => Row::Message(seq, self.messages.get(&seq).cloned()),
            RowKey::Reactor(seq, emoji, user) => {
                let on = self.reactors.contains(&(seq, emoji.clone(), user));
                Row::Reactor(seq, emoji, user, on)
            }
            RowKey::Pins => Row::Pins(self.pins.iter().copied().collect()),
            RowKey::Roster => {
                let joined = || self.members.values().filter(|member| member.is_joined());
                let owners = joined().filter(|member| member.role == Role::Owner).map(|member| member.user);
                Row::Roster(Roster { owners: owners.collect(), joined: joined().count() as u64 })
            }
            RowKey::Name(name) => {
                let user = name.strip_prefix("user").and_then(|n| n.parse().ok()).map(user);
                Row::Name(name, user)
            }
            RowKey::File(id) => Row::File(id, self.files.get(&id).cloned()),
            RowKey::Block { by, other } => Row::Block(by, other, self.blocked.contains(&(by, other))),
            RowKey::Person(of) => Row::Person(of, of < user(100)),
            RowKey::UserRoom(room) => Row::UserRoom(room, self.user_rooms.get(&room).cloned()),
            RowKey::Notification(key) => {
                let row = self.notifications.get(&key);
                Row::Notification(key, row.cloned().flatten(), row.is_some())
            }
            RowKey::HasUnread => {
                let unread = self.notifications.values().flatten().any(|row| row.read_at.is_none());
                Row::HasUnread(unread)
            }
        }
    }

    fn decide(&mut self, change: &Change, now: i64) -> Decision {
        decide(&mut self.view, &mut self.window, change, Timestamp(now))
    }

    /// Writes what was accepted.
    fn commit(&mut self) {
        let (entries, texts, row_writes) = self.view.take();
        self.texts.extend(texts);
        let mut written = BTreeSet::new();
        for entry in entries {
            assert_eq!(entry.seq, self.entries.len() as Seq + 1, "no gap");
            if entry.message().is_some() {
                self.messages.insert(entry.seq, entry.clone());
            }
            self.entries.push(entry);
        }
        for row_write in row_writes {
            let once = written.insert(format!("{:?}", name_of(&row_write)));
            assert!(once, "one write per row: {row_write:?}");
            self.apply(row_write);
        }
        self.view.forget_foreign();
    }

    fn apply(&mut self, row_write: RowWrite) {
        match row_write {
            RowWrite::Message(entry) => drop(self.messages.insert(entry.seq, entry)),
            RowWrite::Reactor { target, emoji, user, on, .. } => {
                let row = (target, emoji, user);
                if on {
                    self.reactors.insert(row)
                } else {
                    self.reactors.remove(&row)
                };
            }
            RowWrite::Pin { target, on } => {
                if on {
                    self.pins.insert(target)
                } else {
                    self.pins.remove(&target)
                };
            }
            RowWrite::Thread { root, seq } => drop(self.threads.entry(root).or_default().insert(seq)),
            RowWrite::Member(member) => drop(self.members.insert(member.user, member)),
            RowWrite::Room(room) => self.room = Some(room),
            RowWrite::FileSent { file, seq } => {
                let file = self.files.get_mut(&file).expect("only existing files are sent");
                file.state = FileState::Sent;
                file.seq = Some(seq);
            }
            RowWrite::FileDropped { file } => {
                self.files.get_mut(&file).expect("it was sent").state = FileState::Dropped;
            }
            RowWrite::UserRoom(row) => drop(self.user_rooms.insert(row.room, row)),
            RowWrite::RoomSettings { room, level, quiet_until, hidden } => {
                let row = self.user_rooms.get_mut(&room).expect("only an existing row");
                (row.level, row.quiet_until, row.hidden) = (level, quiet_until, hidden);
            }
            RowWrite::Answer { room, request } => {
                self.user_rooms.get_mut(&room).expect("only an existing row").request = request;
            }
            // Only the logs of rooms read it.
            RowWrite::Block { .. } => {}
            RowWrite::Notification(row) => drop(self.notifications.insert(row.key, Some(row))),
            RowWrite::NotificationChanged(row) => {
                let held = self.notifications.get_mut(&row.key).and_then(Option::as_mut).expect("only an existing one");
                *held = Notification { read_at: held.read_at, ..row };
            }
            RowWrite::NotificationRead { key, at } => {
                let rows = self.notifications.values_mut().flatten();
                rows.filter(|row| key.is_none_or(|key| key == row.key)).for_each(|row| row.read_at = Some(at));
            }
            RowWrite::NotificationDropped { key, .. } => drop(self.notifications.insert(key, None)),
        }
    }

    fn ask(&mut self, by: u128, intent: Intent) -> Decision {
        self.ask_as(actor(by), intent)
    }

    fn ask_as(&mut self, by: Actor, intent: Intent) -> Decision {
        let change = self.change(by, intent);
        self.load(&change);
        let decision = self.decide(&change, 1_000);
        self.commit();
        decision
    }

    fn ok(&mut self, by: u128, intent: Intent) -> Seq {
        match self.ask(by, intent.clone()) {
            Decision::Append(seq) => seq,
            other => panic!("{intent:?} by {by}: {other:?}"),
        }
    }

    fn nothing(&mut self, by: u128, intent: Intent) {
        let decision = self.ask(by, intent.clone());
        assert!(matches!(decision, Decision::Noop(_)), "{intent:?} by {by}: {decision:?}");
    }

    fn refused(&mut self, by: u128, intent: Intent) -> Code {
        match self.ask(by, intent.clone()) {
            Decision::Refuse(refusal) => refusal.code,
            other => panic!("{intent:?} by {by}: {other:?}"),
        }
    }

    /// Checks that the rows are what the log folds to.
    fn check_fold(&self) {
        let mut state = RoomState::default();
        // As they were committed: a message without later changes.
        for entry in &self.entries {
            state.apply(entry, self.texts.get(&entry.seq)).expect("no gap");
        }
        assert_eq!(state.messages, self.messages);
        assert_eq!(state.members, self.members);
        assert_eq!(state.room, self.room);
        assert_eq!(state.pins, self.pins);
        assert_eq!(state.threads, self.threads);
        let live = |(seq, _, _): &&(Seq, Emoji, UserId)| {
            self.messages.get(seq).is_some_and(|entry| entry.message().is_some_and(|message| !message.deleted))
        };
        // A delete leaves the reactors' rows; they are never read again.
        let rows: BTreeSet<_> = self.reactors.iter().filter(live).cloned().collect();
        assert_eq!(state.reactors, rows);
    }
}

/// Returns the key of the row that a row write writes.
fn name_of(row_write: &RowWrite) -> (u8, String) {
    match row_write {
        RowWrite::Message(entry) => (0, entry.seq.to_string()),
        RowWrite::Reactor { target, emoji, user, .. } => (1, format!("{target} {emoji:?} {user}")),
        RowWrite::Pin { target, .. } => (2, target.to_string()),
        RowWrite::Thread { root, seq } => (3, format!("{root} {seq}")),
        RowWrite::Member(member) => (4, member.user.to_string()),
        RowWrite::Room(_) => (5, String::new()),
        RowWrite::FileSent { file, .. } | RowWrite::FileDropped { file } => (6, file.to_string()),
        own => (7, format!("{own:?}")),
    }
}

#[test]
fn members_send_and_others_do_not() {
    let mut rows = Rows::with_room(room(RoomKind::Public));
    let seq = rows.ok(2, send("hi @user3 and @user777x"));
    let message = rows.messages[&seq].message().expect("a message").clone();
    assert_eq!(message.mentions, [user(3)]);
    assert_eq!(rows.refused(9, send("hi")), Code::Forbidden);
    assert_eq!(rows.refused(2, send("  ")), Code::BadRequest);
    rows.ok(1, Intent::SetRole { user: user(2), role: Role::ReadOnly });
    assert_eq!(rows.refused(2, send("hi")), Code::Forbidden);
    rows.ok(1, Intent::Mute { user: user(3), until: Timestamp(2_000), why: None });
    assert_eq!(rows.refused(3, send("hi")), Code::Muted);
    assert_eq!(rows.refused(3, Intent::React { target: seq, emoji: emoji("👍"), on: true }), Code::Muted);
    rows.ok(
        1,
        Intent::Update { name: None, description: None, archived: Some(true), hides_past: None, slow_mode_s: None },
    );
    assert_eq!(rows.refused(1, send("hi")), Code::Archived);
}

#[test]
fn a_private_room_does_not_exist_for_non_members() {
    let mut rows = Rows::with_room(room(RoomKind::Private));
    for intent in [send("hi"), Intent::Join, Intent::Leave, Intent::Kick { user: user(2), why: None }] {
        assert_eq!(rows.refused(9, intent), Code::NotFound);
    }
    rows.ok(3, Intent::Invite { user: user(9), role: Role::Member });
    assert_eq!(rows.refused(9, send("hi")), Code::Forbidden, "invited, not a member");
    rows.ok(9, Intent::Join);
    rows.ok(9, send("hi"));
    assert_eq!(rows.refused(9, Intent::Invite { user: user(500), role: Role::Member }), Code::NotFound);
    assert_eq!(rows.refused(9, Intent::Invite { user: user(10), role: Role::Moderator }), Code::Forbidden);
}

#[test]
fn a_deleted_room_exists_for_the_system_only() {
    let mut rows = Rows::with_room(room(RoomKind::Public));
    let seq = rows.ok(2, send("hello"));
    for by in [1, 2, 9] {
        assert_eq!(rows.refused(by, Intent::DeleteRoom), Code::Forbidden, "an owner, a member, anybody");
    }
    let admin = Actor { admin: true, ..actor(9) };
    assert!(
        matches!(rows.ask_as(admin, Intent::DeleteRoom), Decision::Refuse(_)),
        "not even an admin without the record"
    );

    assert!(matches!(rows.ask_as(Actor::SYSTEM, Intent::DeleteRoom), Decision::Append(_)));
    assert!(matches!(rows.ask_as(Actor::SYSTEM, Intent::DeleteRoom), Decision::Noop(_)), "a repeat");
    let left = rows.room.clone().expect("the row");
    assert!(left.is_deleted() && left.slug.is_some() && left.archived, "{left:?}");
    let update =
        Intent::Update { name: None, description: None, archived: Some(false), hides_past: None, slow_mode_s: None };
    for intent in
        [send("hi"), Intent::Join, Intent::Leave, update, Intent::Invite { user: user(9), role: Role::Member }]
    {
        for by in [1, 9] {
            assert_eq!(rows.refused(by, intent.clone()), Code::NotFound, "{intent:?} by {by}");
        }
    }
    assert_eq!(rows.refused(9, Intent::Delete { target: seq }), Code::NotFound);

    let kick = Intent::Kick { user: user(1), why: None };
    assert!(matches!(rows.ask_as(Actor::SYSTEM, kick), Decision::Append(_)));
    assert_eq!(rows.members[&user(1)].state, MemberState::Kicked, "the owner, too");
    rows.check_fold();
}

#[test]
fn only_the_end_of_a_membership_limits_what_a_user_may_see() {
    let mut rows = Rows::with_room(Room { hides_past: true, ..room(RoomKind::Public) });
    rows.ok(2, send("before"));
    let joined = rows.ok(5, Intent::Join);
    assert_eq!(rows.members[&user(5)].from_seq, joined);
    let kicked = rows.ok(1, Intent::Kick { user: user(5), why: Some("spam".into()) });
    rows.ok(2, send("after"));
    rows.ok(1, Intent::Ban { user: user(5), why: None });
    assert_eq!(rows.members[&user(5)].to_seq, Some(kicked), "a later ban does not move it");
    assert_eq!(rows.refused(5, Intent::Join), Code::Forbidden);
    rows.ok(1, Intent::Unban { user: user(5) });
    let again = rows.ok(5, Intent::Join);
    assert_eq!((rows.members[&user(5)].from_seq, rows.members[&user(5)].to_seq), (again, None));
    rows.ok(1, Intent::Ban { user: user(8), why: None });
    assert_eq!(rows.members[&user(8)].to_seq, Some(0), "never was a member");
    rows.nothing(2, Intent::Join);
    rows.check_fold();
}

#[test]
fn users_only_give_roles_below_their_own() {
    let mut rows = Rows::with_room(room(RoomKind::Public));
    assert_eq!(rows.refused(2, Intent::Kick { user: user(3), why: None }), Code::Forbidden);
    rows.ok(1, Intent::SetRole { user: user(2), role: Role::Admin });
    rows.ok(2, Intent::SetRole { user: user(3), role: Role::Moderator });
    assert_eq!(rows.refused(2, Intent::SetRole { user: user(3), role: Role::Admin }), Code::Forbidden);
    assert_eq!(rows.refused(2, Intent::SetRole { user: user(2), role: Role::Owner }), Code::Forbidden);
    assert_eq!(rows.refused(3, Intent::Kick { user: user(2), why: None }), Code::Forbidden);
    assert_eq!(rows.refused(3, Intent::Mute { user: user(1), until: Timestamp(5_000), why: None }), Code::Forbidden);
    rows.ok(2, Intent::SetRole { user: user(2), role: Role::Member });
    let mut admin = rows.change(Actor { admin: true, ..actor(50) }, Intent::Kick { user: user(3), why: None });
    rows.load(&admin);
    assert!(matches!(rows.decide(&admin, 1_000), Decision::Append(_)), "acts as owner in a public room");
    rows.commit();
    admin.id = EntryId(Uuid::from_u128(5));
    let mut private = Rows::with_room(room(RoomKind::Private));
    private.load(&admin);
    admin.seen = None;
    let decision = private.decide(&admin, 1_000);
    assert!(matches!(decision, Decision::Refuse(refusal) if refusal.code == Code::NotFound), "not in a private one");
}

#[test]
fn a_non_member_does_not_learn_where_a_room_ends() {
    let asked = |rows: &mut Rows, by: u128| {
        let change = Change { seen: Some(1_000), ..rows.change(actor(by), send("hi")) };
        rows.load(&change);
        match rows.decide(&change, 1_000) {
            Decision::Refuse(refusal) => (refusal.code, refusal.head),
            other => panic!("{other:?}"),
        }
    };
    let mut rows = Rows::with_room(room(RoomKind::Private));
    let nothing = asked(&mut Rows::empty(LogId::Room(ROOM)), 9);
    assert_eq!(nothing, (Code::NotFound, None));
    assert_eq!(asked(&mut rows, 9), nothing, "like for a room that does not exist");
    assert_eq!(asked(&mut rows, 2).0, Code::Stale);
    rows.ok(1, Intent::Kick { user: user(3), why: None });
    assert_eq!(asked(&mut rows, 3), (Code::Forbidden, None));
    let mut public = Rows::with_room(room(RoomKind::Public));
    assert_eq!(asked(&mut public, 9).0, Code::Stale);
}

#[test]
fn the_read_only_role_outlives_a_membership() {
    let mut rows = Rows::with_room(room(RoomKind::Public));
    rows.ok(1, Intent::SetRole { user: user(2), role: Role::ReadOnly });
    for gone in [
        vec![(2, Intent::Leave)],
        vec![(1, Intent::Kick { user: user(2), why: None })],
        vec![(1, Intent::Ban { user: user(2), why: None }), (1, Intent::Unban { user: user(2) })],
        vec![(2, Intent::Leave), (3, Intent::Invite { user: user(2), role: Role::Member })],
    ] {
        for (by, intent) in gone {
            rows.ok(by, intent);
        }
        rows.ok(2, Intent::Join);
        assert_eq!(rows.refused(2, send("hi")), Code::Forbidden, "still read-only");
    }
    rows.ok(1, Intent::SetRole { user: user(2), role: Role::Admin });
    rows.ok(2, Intent::Leave);
    rows.ok(2, Intent::Join);
    assert_eq!(rows.members[&user(2)].role, Role::Member, "rights are not restored");
}

#[test]
fn a_plain_member_cannot_change_the_role_of_an_admins_invitation() {
    let mut rows = Rows::with_room(room(RoomKind::Private));
    assert_eq!(rows.refused(3, Intent::Invite { user: user(9), role: Role::ReadOnly }), Code::Forbidden);
    rows.ok(1, Intent::Invite { user: user(9), role: Role::ReadOnly });
    rows.nothing(3, Intent::Invite { user: user(9), role: Role::Member });
    rows.ok(9, Intent::Join);
    assert_eq!(rows.members[&user(9)].role, Role::ReadOnly);
    rows.ok(1, Intent::Invite { user: user(10), role: Role::Moderator });
    rows.nothing(3, Intent::Invite { user: user(10), role: Role::Member });
    assert_eq!(rows.members[&user(10)].role, Role::Moderator);
}

#[test]
fn the_last_owner_cannot_leave() {
    let mut rows = Rows::with_room(room(RoomKind::Public));
    assert_eq!(rows.refused(1, Intent::Leave), Code::Conflict);
    assert_eq!(rows.refused(1, Intent::SetRole { user: user(1), role: Role::Member }), Code::Conflict);
    rows.ok(1, Intent::SetRole { user: user(2), role: Role::Owner });
    // Both in one append: the second is the last owner.
    let (first, second) = (rows.change(actor(1), Intent::Leave), rows.change(actor(2), Intent::Leave));
    rows.load(&first);
    rows.load(&second);
    assert!(matches!(rows.decide(&first, 1_000), Decision::Append(_)));
    assert!(matches!(rows.decide(&second, 1_000), Decision::Refuse(refusal) if refusal.code == Code::Conflict));
    rows.commit();
    rows.ok(3, Intent::Leave);
    rows.ok(2, Intent::Leave);
    rows.nothing(2, Intent::Leave);
}

#[test]
fn an_edit_after_a_delete_conflicts_and_a_second_delete_is_a_noop() {
    let mut rows = Rows::with_room(room(RoomKind::Public));
    let target = rows.ok(2, send("one"));
    assert_eq!(rows.refused(3, Intent::Edit { target, text: text("two") }), Code::Forbidden);
    assert_eq!(rows.refused(3, Intent::Delete { target }), Code::Forbidden);
    rows.nothing(2, Intent::Edit { target, text: text("one") });
    rows.ok(2, Intent::Edit { target, text: text("two") });
    rows.ok(2, Intent::Delete { target });
    assert_eq!(rows.refused(2, Intent::Edit { target, text: text("three") }), Code::Conflict);
    rows.nothing(2, Intent::Delete { target });
    let entry = &rows.messages[&target];
    let message = entry.message().expect("a message");
    assert!(message.deleted && message.text.is_blank());
    assert_eq!((entry.by, entry.seq), (user(2), target), "the sender stays, for dedup");
}

#[test]
fn only_moderators_pin_and_a_deleted_message_is_unpinned() {
    let mut rows = Rows::with_room(room(RoomKind::Public));
    let target = rows.ok(2, send("one"));
    assert_eq!(rows.refused(2, Intent::Pin { target, on: true }), Code::Forbidden);
    rows.ok(1, Intent::Pin { target, on: true });
    rows.nothing(1, Intent::Pin { target, on: true });
    rows.ok(1, Intent::Delete { target });
    assert!(rows.pins.is_empty());
    rows.nothing(2, Intent::Delete { target });
    assert_eq!(rows.refused(2, Intent::Edit { target, text: text("x") }), Code::Conflict);
    assert_eq!(rows.refused(2, Intent::React { target, emoji: emoji("👍"), on: true }), Code::NotFound);
    assert_eq!(rows.refused(1, Intent::Pin { target, on: true }), Code::NotFound);
    rows.check_fold();
}

#[test]
fn further_reactors_are_rows() {
    let mut rows = Rows::with_room(room(RoomKind::Public));
    let target = rows.ok(2, send("one"));
    for n in 10..35 {
        rows.ok(n, Intent::Join);
        rows.ok(n, Intent::React { target, emoji: emoji("👍"), on: true });
        rows.nothing(n, Intent::React { target, emoji: emoji("👍"), on: true });
    }
    let held = |rows: &Rows| {
        let reaction = rows.messages[&target].message().expect("a message").reactions[0].clone();
        (reaction.n, reaction.users.len(), rows.reactors.len())
    };
    assert_eq!(held(&rows), (25, 20, 5));
    rows.view.forget_rows();
    rows.ok(34, Intent::React { target, emoji: emoji("👍"), on: false });
    rows.ok(10, Intent::React { target, emoji: emoji("👍"), on: false });
    assert_eq!(held(&rows), (23, 19, 4));
    rows.nothing(34, Intent::React { target, emoji: emoji("👍"), on: false });
    rows.nothing(10, Intent::React { target, emoji: emoji("👍"), on: false });
    rows.check_fold();
}

#[test]
fn slow_mode_requires_a_pause_except_of_moderators() {
    let mut rows = Rows::with_room(Room { slow_mode_s: 10, ..room(RoomKind::Public) });
    let at = |rows: &mut Rows, by, now| {
        let change = rows.change(actor(by), send("hi"));
        rows.load(&change);
        let decision = rows.decide(&change, now);
        rows.commit();
        decision
    };
    assert!(matches!(at(&mut rows, 2, 20_000), Decision::Append(_)));
    let Decision::Refuse(refusal) = at(&mut rows, 2, 24_000) else { panic!("too early") };
    assert_eq!((refusal.code, refusal.retry_ms), (Code::SlowMode, Some(6_000)));
    assert!(matches!(at(&mut rows, 3, 24_000), Decision::Append(_)), "another member");
    assert!(matches!(at(&mut rows, 2, 30_000), Decision::Append(_)));
    assert!(matches!(at(&mut rows, 1, 30_000), Decision::Append(_)));
    assert!(matches!(at(&mut rows, 1, 30_001), Decision::Append(_)), "the owner");
}

#[test]
fn a_file_is_sent_once_and_by_its_owner() {
    let mut rows = Rows::with_room(room(RoomKind::Public));
    let row = |n, of, state| File {
        id: file(n),
        room: ROOM,
        user: of,
        seq: None,
        state,
        at: Timestamp(0),
        name: "tea.png".into(),
        content_type: "image/png".into(),
        size: 1,
        digest: String::new(),
        picture: None,
        metadata: None,
        counted: true,
    };
    rows.files.insert(file(1), row(1, user(2), FileState::Unsent));
    rows.files.insert(file(2), row(2, user(3), FileState::Unsent));
    rows.files.insert(file(3), row(3, user(2), FileState::Uploading));
    let with = |files: &[u128]| Intent::Send {
        text: text(""),
        reply_to: None,
        thread: None,
        files: files.iter().map(|n| file(*n)).collect(),
    };
    assert_eq!(rows.refused(2, with(&[2])), Code::NotFound);
    assert_eq!(rows.refused(2, with(&[3])), Code::Conflict);
    assert_eq!(rows.refused(2, with(&[1, 1])), Code::Conflict);
    let (first, second) = (rows.change(actor(2), with(&[1])), rows.change(actor(2), with(&[1])));
    rows.load(&first);
    rows.load(&second);
    let Decision::Append(target) = rows.decide(&first, 1_000) else { panic!("accepted") };
    assert!(matches!(rows.decide(&second, 1_000), Decision::Refuse(refusal) if refusal.code == Code::Conflict));
    rows.commit();
    assert_eq!((rows.files[&file(1)].state, rows.files[&file(1)].seq), (FileState::Sent, Some(target)));
    rows.ok(2, Intent::Delete { target });
    assert_eq!(rows.files[&file(1)].state, FileState::Dropped);
}

#[test]
fn a_message_changed_in_its_own_append_is_written_once() {
    let mut rows = Rows::with_room(room(RoomKind::Public));
    let target = rows.view.place().seq + 1;
    let changes = [
        (2, send("one")),
        (2, Intent::Edit { target, text: text("two") }),
        (3, Intent::React { target, emoji: emoji("👍"), on: true }),
        (2, Intent::Edit { target, text: text("three") }),
    ];
    let changes: Vec<Change> = changes.into_iter().map(|(by, intent)| rows.change(actor(by), intent)).collect();
    changes.iter().for_each(|change| rows.load(change));
    for change in &changes {
        assert!(matches!(rows.decide(change, 1_000), Decision::Append(_)));
    }
    let (entries, texts, row_writes) = rows.view.take();
    assert!(row_writes.is_empty(), "{row_writes:?}");
    let message = entries[0].message().expect("a message");
    assert_eq!((message.text.as_str(), message.rev), ("three", target + 3));
    let texts: Vec<(Seq, &str)> = texts.iter().map(|(seq, text)| (*seq, text.as_str())).collect();
    assert_eq!(texts, [(entries[1].seq, "two"), (entries[3].seq, "three")]);
}

#[test]
fn an_edit_and_a_deletion_list_users_no_longer_mentioned() {
    let mut rows = Rows::with_room(room(RoomKind::Public));
    let target = rows.ok(2, send("@user4 and @user3"));
    let body = |rows: &Rows| rows.entries.last().expect("an entry").body.clone();
    rows.ok(2, Intent::Edit { target, text: text("only @user3") });
    let Body::Edit { mentions, unmentioned, .. } = body(&rows) else { panic!("an edit") };
    assert_eq!((mentions, unmentioned), (Some(vec![user(3)]), vec![user(4)]));
    rows.ok(2, Intent::Edit { target, text: text("only @user3, please") });
    let Body::Edit { mentions, unmentioned, .. } = body(&rows) else { panic!("an edit") };
    assert_eq!((mentions, unmentioned), (None, vec![]), "the same names mean the same users");
    rows.ok(2, Intent::Delete { target });
    let Body::Delete { unmentioned, .. } = body(&rows) else { panic!("a deletion") };
    assert_eq!(unmentioned, [user(3)]);
}

#[test]
fn dedup_comes_before_every_rule() {
    let mut rows = Rows::with_room(room(RoomKind::Public));
    let sent = rows.change(actor(2), send("one"));
    rows.load(&sent);
    let Decision::Append(seq) = rows.decide(&sent, 1_000) else { panic!("accepted") };
    rows.commit();
    rows.ok(1, Intent::Ban { user: user(2), why: None });
    let Decision::Known(ack) = rows.decide(&sent, 9_000) else { panic!("known") };
    assert_eq!((ack.seq, ack.dup, ack.at), (Some(seq), true, Timestamp(1_000)));
    let code = |decision| match decision {
        Decision::Refuse(refusal) => refusal.code,
        other => panic!("{other:?}"),
    };
    let above = Change { seen: Some(100), id: EntryId(Uuid::from_u128(1)), ..sent.clone() };
    assert_eq!(code(rows.decide(&above, 9_000)), Code::Stale);
    let endless = Change { seen: Some(Seq::MAX), ..above };
    assert_eq!(code(rows.decide(&endless, 9_000)), Code::Stale);
    let elsewhere = Change { epoch: Some(Epoch(8)), ..sent };
    assert_eq!(code(rows.decide(&elsewhere, 9_000)), Code::Unavailable);
}

#[test]
fn a_late_retry_after_the_opposite_change_is_stale() {
    let mut rows = Rows::with_room(room(RoomKind::Public));
    let target = rows.ok(1, send("one"));
    let seen = rows.view.place().seq;
    let tagged = |time: u128| EntryId(Uuid::from_u128(time << 80 | 7 << 76 | 0x8000_0000_0000_0042));
    let react = |time, on| Change {
        by: actor(2),
        id: tagged(time),
        seen: Some(seen),
        epoch: None,
        intent: Intent::React { target, emoji: emoji("👍"), on },
    };
    // The first "on" was refused (the user was muted, say), and never reached the log.
    let (on, again, off) = (react(1, true), react(2, true), react(3, false));
    rows.load(&on);
    assert!(matches!(rows.decide(&again, 1_000), Decision::Append(_)));
    assert!(matches!(rows.decide(&off, 1_000), Decision::Append(_)));
    let Decision::Refuse(refusal) = rows.decide(&on, 1_000) else { panic!("overtaken in the same append") };
    assert_eq!(refusal.code, Code::Stale);
    rows.commit();
    let Decision::Refuse(refusal) = rows.decide(&on, 1_000) else { panic!("overtaken") };
    assert_eq!((refusal.code, refusal.head), (Code::Stale, Some(seen + 2)));
}

#[test]
fn a_direct_room_is_created_once_and_cannot_be_left() {
    let id = RoomId::direct(user(1), user(2));
    let direct = Room { id, slug: None, name: None, pair: Some((user(1), user(2))), ..room(RoomKind::Direct) };
    let mut rows = Rows::empty(LogId::Room(id));
    let create = |people| Intent::Create { room: Box::new(direct.clone()), people };
    assert_eq!(rows.refused(3, create(vec![user(2)])), Code::BadRequest);
    rows.ok(1, create(vec![user(2)]));
    rows.nothing(2, create(vec![user(1)]));
    assert!(rows.members.values().all(Member::is_joined) && rows.members.len() == 2);
    rows.ok(2, send("hi"));
    assert_eq!(rows.refused(2, Intent::Leave), Code::Forbidden);
    assert_eq!(rows.refused(1, Intent::Kick { user: user(2), why: None }), Code::Forbidden);
    assert_eq!(rows.refused(3, send("hi")), Code::NotFound);
    rows.ok(1, Intent::Pin { target: rows.entries.len() as Seq, on: true });
    rows.check_fold();
}

#[test]
fn a_room_of_the_system_has_no_owner_and_obeys_the_admins_of_the_installation() {
    let mut rows = Rows::empty(LogId::Room(ROOM));
    let create = Intent::Create { room: Box::new(room(RoomKind::Public)), people: Vec::new() };
    let change = rows.change(Actor::SYSTEM, create);
    rows.load(&change);
    assert!(matches!(rows.decide(&change, 1_000), Decision::Append(_)));
    rows.commit();
    assert!(rows.members.is_empty());
    rows.ok(1, Intent::Join);
    rows.ok(2, Intent::Join);
    assert!(rows.members.values().all(|member| member.role == Role::Member));
    assert_eq!(rows.refused(1, Intent::Kick { user: user(2), why: None }), Code::Forbidden);
    let kick = rows.change(Actor { admin: true, ..actor(50) }, Intent::Kick { user: user(2), why: None });
    rows.load(&kick);
    assert!(matches!(rows.decide(&kick, 1_000), Decision::Append(_)));
    rows.commit();
    rows.check_fold();
}

fn own_row(rev: Seq, state: MemberState) -> UserRoom {
    UserRoom {
        room: ROOM,
        state,
        role: Role::Member,
        rev,
        level: Level::All,
        quiet_until: None,
        hidden: false,
        why: None,
        request: None,
        read_seq: 0,
        read_n: 0,
        mentions: Vec::new(),
    }
}

#[test]
fn a_quiet_time_ends_by_itself_or_with_a_new_level() {
    let mut rows = Rows::empty(LogId::User(user(1)));
    rows.ok(1, Intent::Own(OwnChange::Room { row: own_row(4, MemberState::Joined) }));
    let settings = |level, quiet_s| Intent::Own(OwnChange::RoomSettings { room: ROOM, level, quiet_s, hidden: None });
    let held = |rows: &Rows| (rows.user_rooms[&ROOM].level, rows.user_rooms[&ROOM].quiet_until.is_some());
    rows.ok(1, settings(Some(Level::Mentions), None));
    rows.ok(1, settings(None, Some(3_600)));
    assert_eq!(held(&rows), (Level::Mentions, true), "the level stays for the time after it");
    rows.ok(1, settings(Some(Level::All), None));
    assert_eq!(held(&rows), (Level::All, false));
    rows.ok(1, settings(Some(Level::Mentions), Some(60)));
    assert_eq!(held(&rows), (Level::Mentions, true));
    rows.ok(1, settings(None, Some(0)));
    assert_eq!(held(&rows), (Level::Mentions, false));
    rows.nothing(1, settings(None, Some(0)));
}

#[test]
fn a_change_of_a_user_log_is_guarded_by_its_row() {
    let mut rows = Rows::empty(LogId::User(user(1)));
    let row = own_row;
    let own = |change| Intent::Own(change);
    rows.ok(1, own(OwnChange::Room { row: row(4, MemberState::Joined) }));
    rows.ok(1, own(OwnChange::RoomSettings { room: ROOM, level: Some(Level::None), quiet_s: None, hidden: None }));
    rows.nothing(1, own(OwnChange::RoomSettings { room: ROOM, level: Some(Level::None), quiet_s: None, hidden: None }));
    rows.nothing(1, own(OwnChange::Room { row: row(4, MemberState::Joined) }));
    rows.nothing(1, own(OwnChange::Room { row: row(3, MemberState::Left) }));
    rows.ok(1, own(OwnChange::Room { row: row(5, MemberState::Left) }));
    assert_eq!(rows.user_rooms[&ROOM].level, Level::None, "settings stay unchanged");
    let key = NotificationKey { at: Timestamp(1), room: ROOM.0, seq: 3 };
    let notification = Notification {
        key,
        kind: NotificationKind::Mention,
        notif_type: None,
        room: Some(ROOM),
        seq: Some(3),
        from: None,
        title: "hi".into(),
        body: "stored by an earlier release".into(),
        rev: 0,
        read_at: None,
    };
    rows.nothing(1, own(OwnChange::NotificationChange { key, rev: 4 }));
    rows.nothing(1, own(OwnChange::NotificationRevoke(key)));
    rows.ok(1, own(OwnChange::Notify(notification.clone())));
    rows.nothing(1, own(OwnChange::Notify(notification.clone())));
    rows.ok(1, own(OwnChange::NotificationChange { key, rev: 4 }));
    rows.nothing(1, own(OwnChange::NotificationChange { key, rev: 4 }));
    let held = rows.notifications[&key].clone().expect("it exists");
    assert_eq!((held.rev, held.body.as_str(), held.title.as_str()), (4, "", "hi"), "no text is stored");
    rows.ok(1, own(OwnChange::NotificationsRead));
    rows.nothing(1, own(OwnChange::NotificationsRead));
    rows.nothing(1, own(OwnChange::NotificationRead(key)));
    rows.ok(1, own(OwnChange::NotificationDrop(key)));
    rows.nothing(1, own(OwnChange::NotificationDrop(key)));
    rows.nothing(1, own(OwnChange::Notify(notification.clone())));
    let other = Notification { key: NotificationKey { seq: 5, ..key }, ..notification };
    rows.ok(1, own(OwnChange::Notify(other.clone())));
    rows.ok(1, own(OwnChange::NotificationRevoke(other.key)));
    rows.nothing(1, own(OwnChange::NotificationRevoke(other.key)));
    rows.nothing(1, own(OwnChange::Notify(other)));
    assert_eq!(rows.refused(1, send("hi")), Code::BadRequest);
}

/// A small generator (xorshift*), so that a failure can be reproduced from its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % n
    }
}

fn any_intent(random: &mut Random, head: Seq) -> Intent {
    let target = random.below(head + 2);
    let user = user(u128::from(random.below(6)) + 1);
    let on = random.below(3) > 0;
    match random.below(20) {
        0..=4 => Intent::Send {
            text: text(&format!("m{} @user2", random.below(100))),
            reply_to: (random.below(4) == 0).then_some(target),
            thread: (random.below(4) == 0).then_some(target),
            files: Vec::new(),
        },
        5 | 6 => Intent::Edit { target, text: text(&format!("e{}", random.below(100))) },
        7 => Intent::Delete { target },
        8..=11 => Intent::React { target, emoji: emoji(if random.below(2) == 0 { "👍" } else { "🎉" }), on },
        12 => Intent::Pin { target, on },
        13 | 14 => Intent::Join,
        15 => Intent::Leave,
        16 => Intent::Kick { user, why: None },
        17 => Intent::Ban { user, why: None },
        18 => Intent::Unban { user },
        _ => Intent::SetRole { user, role: if on { Role::Moderator } else { Role::Owner } },
    }
}

#[test]
fn rows_are_always_the_fold_of_the_log() {
    let mut accepted = 0;
    for seed in 1..=60 {
        let mut random = Random(seed * 7_919);
        let mut rows = Rows::with_room(Room { hides_past: seed % 2 == 0, ..room(RoomKind::Public) });
        for _ in 0..100 {
            let size = random.below(8) + 1;
            let changes: Vec<Change> = (0..size)
                .map(|_| {
                    let by = u128::from(random.below(6)) + 1;
                    let intent = any_intent(&mut random, rows.view.place().seq + 3);
                    rows.change(actor(by), intent)
                })
                .collect();
            if random.below(5) == 0 {
                rows.view.forget_rows();
            }
            changes.iter().for_each(|change| rows.load(change));
            for change in &changes {
                // An entry of this append may show that another row is needed; then the change waits.
                if rows.view.missing(change).is_empty() {
                    let decision = rows.decide(change, 1_000);
                    accepted += u32::from(matches!(decision, Decision::Append(_)));
                }
            }
            rows.commit();
        }
        rows.check_fold();
    }
    assert!(accepted > 3_000, "only {accepted} accepted: too few to prove anything");
}

#[test]
fn a_request_is_answered_once_and_what_is_ignored_stays_ignored() {
    let mut rows = Rows::empty(LogId::User(user(1)));
    let pending = Some(Request::Pending { at: Timestamp(7) });
    let row = |rev, state, request| UserRoom { request, ..own_row(rev, state) };
    let room = |row| Intent::Own(OwnChange::Room { row });
    let answer = |accept| Intent::Own(OwnChange::Answer { room: ROOM, accept });

    assert_eq!(rows.refused(1, answer(true)), Code::NotFound);
    rows.ok(1, room(row(1, MemberState::Invited, pending)));
    assert_eq!(rows.user_rooms[&ROOM].pending(), Some((ROOM, Timestamp(7))));
    rows.ok(1, answer(false));
    rows.nothing(1, answer(false));
    assert!(!rows.user_rooms[&ROOM].is_listed());
    rows.ok(1, room(row(2, MemberState::Kicked, None)));
    rows.ok(1, room(row(3, MemberState::Invited, pending)));
    assert_eq!(rows.user_rooms[&ROOM].request, Some(Request::Ignored), "also if it is sent again");
    rows.ok(1, room(row(4, MemberState::Joined, None)));
    assert!(rows.user_rooms[&ROOM].is_own());
    rows.nothing(1, answer(true));
    rows.nothing(1, answer(false));
}

#[test]
fn a_blocked_user_adds_nothing_to_a_direct_room_and_invites_nobody() {
    let pair = (user(1), user(2));
    let id = RoomId::direct(pair.0, pair.1);
    let direct = Room { id, pair: Some(pair), name: None, ..room(RoomKind::Direct) };
    let create = Intent::Create { room: Box::new(direct), people: vec![user(1)] };
    let mut rows = Rows::empty(LogId::Room(id));
    rows.blocked.insert((user(1), user(2)));
    assert_eq!(rows.refused(2, create.clone()), Code::Forbidden);
    rows.blocked.clear();
    rows.ok(2, create);
    let seq = rows.ok(2, send("hi"));

    rows.blocked.insert((user(1), user(2)));
    rows.view.forget_foreign();
    let react = Intent::React { target: seq, emoji: emoji("👍"), on: true };
    for intent in [send("hi"), Intent::Edit { target: seq, text: text("ho") }, react] {
        assert_eq!(rows.refused(2, intent), Code::Forbidden);
    }
    rows.ok(1, send("you may still read this"));
    rows.ok(2, Intent::Delete { target: seq });

    let mut rows = Rows::with_room(room(RoomKind::Private));
    rows.blocked.insert((user(9), user(1)));
    let invite = Intent::Invite { user: user(9), role: Role::Member };
    assert_eq!(rows.refused(1, invite.clone()), Code::Forbidden);
    rows.ok(3, invite);
}
