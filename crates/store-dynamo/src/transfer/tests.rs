//! Every record survives the way through items, and no item is left out silently.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::name::UserName;
use domain::{
    File, FileId, FileMetadata, FileState, Level, Member, MemberState, Notification, NotificationKey, NotificationKind,
    Request, Role, RoomId, RoomKind, SessionId, Timestamp, UserId, UserRole, UserRoom,
};
use stored::{
    AuditForm, FileRecord, MemberRow, NotificationRecord, Record, RoomRecord, SessionRow, UserRest, UserRoomRecord,
    UserRow,
};
use uuid::Uuid;

use super::items::items_of;
use super::records::{Related, record_of};
use crate::item::{Item, text};
use crate::keys::Key;

const AT: Timestamp = Timestamp(1_790_000_000_123);

fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

/// Returns a record of each kind, with everything set that can be.
fn records() -> Vec<Record> {
    let room = RoomId(Uuid::from_u128(7));
    let key = NotificationKey { at: AT, room: room.0, seq: 4 };
    let member = Member {
        user: user(1),
        state: MemberState::Banned,
        role: Role::Moderator,
        muted_until: Some(AT),
        level: Level::Mentions,
        quiet_until: Some(Timestamp(77)),
        from_seq: 2,
        to_seq: Some(9),
        rev: 8,
    };
    let own = UserRoom {
        room,
        state: MemberState::Joined,
        role: Role::Owner,
        rev: 3,
        level: Level::None,
        quiet_until: Some(Timestamp(78)),
        hidden: true,
        why: Some("spam".into()),
        request: Some(Request::Pending { at: Timestamp(6) }),
        read_seq: 4,
        read_n: 3,
        mentions: vec![5, 17],
    };
    let notification = Notification {
        key,
        kind: NotificationKind::Posted,
        notif_type: Some("build".into()),
        room: Some(room),
        seq: Some(4),
        from: Some(user(2)),
        title: "title".into(),
        body: "body".into(),
        rev: 2,
        read_at: Some(Timestamp(5)),
    };
    let file = |state| File {
        id: FileId(Uuid::from_u128(9)),
        room,
        user: user(1),
        seq: (state == FileState::Sent).then_some(4),
        state,
        at: AT,
        name: "plan.txt".into(),
        content_type: "text/plain".into(),
        size: 3,
        digest: "ab".into(),
        picture: None,
        metadata: Some(FileMetadata::Absent),
        counted: true,
    };
    let rest = r#"{"display_name":"Ada","banned":true,"created_at":1,"email":"a@example.org","password_hash":"h"}"#;
    let room_text =
        r#"{"id":"00000000-0000-0000-0000-000000000007","kind":"public","slug":"tea","name":"Tea","rev":3}"#;
    let room_record: RoomRecord = stored::from_json(room_text).expect("reads");
    assert_eq!(room_record.0.kind, RoomKind::Public);
    let audit = r#"{"at":1790000000000,"id":"00000000-0000-0000-0000-000000000005","via":"cli","action":"rename",
        "subject":{"user":"00000000-0000-0000-0000-000000000001"},"subject_name":"ada","outcome":"done"}"#;
    let mut records = vec![
        Record::User(UserRow {
            user: user(1),
            name: UserName::from_stored("Ada".into()),
            owns_written: false,
            guest: false,
            role: UserRole::Admin,
            sign_in_email: Some("sign-in@example.org".into()),
            rest: stored::from_json::<UserRest>(rest).expect("reads"),
        }),
        Record::Session(SessionRow {
            session: SessionId(Uuid::from_u128(3)),
            user: user(1),
            current: "ab".repeat(32),
            previous: Some("cd".repeat(32)),
            previous_expires_at: Some(AT),
            rotated_at: Timestamp(2),
            created_at: Timestamp(1),
            expires_at: AT,
            revoked: true,
            signed_out: true,
            device: "a phone".into(),
        }),
        Record::Room { room: room_record },
        Record::Member(MemberRow::new(room, &member)),
        Record::UserRoom { user: user(1), row: UserRoomRecord(own.clone()) },
        Record::UserRoom { user: user(2), row: UserRoomRecord(UserRoom { request: Some(Request::Ignored), ..own }) },
        Record::Block { user: user(1), other: user(2) },
        Record::HeldName { key: "folded:eve".into() },
        Record::HeldName { key: "written:Eve:1".into() },
        Record::Deletion { user: user(2), messages: true, at: AT },
        Record::Audit { audit: stored::from_json::<AuditForm>(audit).expect("reads") },
        Record::Pin { room, seq: 12 },
        Record::Thread { room, root: 3, seq: 12 },
        Record::Reactor { room, seq: 12, emoji: "#️⃣".into(), user: user(2) },
        Record::Usage { owner: None, bytes: 30 },
        Record::Usage { owner: Some(user(1)), bytes: 3 },
        Record::Notification { user: user(1), notification: NotificationRecord(notification) },
        Record::Dropped { user: user(1), key, expires_s: 1_790_000_000 },
        Record::Cursor { room, consumer: "notify".into(), seq: 12 },
    ];
    let states = [FileState::Uploading, FileState::Unsent, FileState::Sent, FileState::Dropped];
    records.extend(states.map(|state| Record::File { file: FileRecord(file(state)) }));
    records
}

#[test]
fn every_kind_of_record_is_read_from_its_items_as_it_was_written() {
    let records = records();
    for kind in Record::KINDS {
        assert!(records.iter().any(|record| record.kind() == kind), "no record of kind {kind}");
    }
    for record in records {
        let items = items_of(&record).expect("it has items");
        let read: Vec<Record> =
            items.iter().filter_map(|item| record_of(item, &Related::default()).expect("it is known")).collect();
        assert_eq!(read, [record], "{items:?}");
    }
}

#[test]
fn an_item_of_an_unknown_kind_is_an_error() {
    let known = ["META EPOCH", "NODES n-1", "LEASE#feed LEASE", "DIRTY#1 2#s", "TICKET#ab TICKET", "LIMIT#x LIMIT"];
    let user = format!("USER#{} ", Uuid::nil());
    let room = format!("ROOM#{} ", Uuid::nil());
    let of = |key: &str| {
        let (pk, sk) = key.split_once(' ').expect("two parts");
        record_of(&Item::at(Key::new(pk, sk)).with("x", text("y")), &Related::default())
    };
    for key in known.iter().map(|key| (*key).to_owned()).chain([format!("{user}CONN#1"), format!("{room}CONN#1")]) {
        assert_eq!(of(&key), Ok(None), "{key}");
    }
    for key in ["META NEW".to_owned(), "BLOCK#1 BLOCK".to_owned(), format!("{user}STAR#1"), format!("{room}NEW#1")] {
        let error = of(&key).expect_err("a copy would lose it").to_string();
        assert!(error.contains("does not know"), "{key}: {error}");
    }
}

#[test]
fn unread_mentions_are_a_set_and_an_empty_one_is_left_out() {
    let row = |mentions: Vec<u64>| {
        let own: UserRoomRecord = stored::from_json(&format!(
            r#"{{"room":"{}","state":"joined","role":"member","rev":1,"mentions":{mentions:?}}}"#,
            Uuid::nil()
        ))
        .expect("reads");
        items_of(&Record::UserRoom { user: user(1), row: own }).expect("an item").remove(0)
    };
    assert_eq!(row(vec![5, 17]).0.get("mn"), Some(&AttributeValue::Ns(vec!["5".into(), "17".into()])));
    assert_eq!(row(vec![]).0.get("mn"), None);
}
