use domain::{EntryId, Reaction};
use uuid::Uuid;

use super::*;
use crate::ServerFrame;
use crate::server_frame::AnyEvent;

fn entry(body: Body) -> Entry {
    Entry {
        v: 1,
        seq: 1044,
        n: 989,
        by: UserId(Uuid::from_u128(1)),
        id: EntryId(Uuid::from_u128(2)),
        at: Timestamp(1_795_248_000_123),
        body,
    }
}

fn round_trip(frame: &ServerFrame) -> serde_json::Value {
    let text = serde_json::to_string(frame).expect("writes");
    assert_eq!(&serde_json::from_str::<ServerFrame>(&text).expect("reads"), frame);
    serde_json::from_str(&text).expect("is JSON")
}

#[test]
fn times_are_rfc3339_in_utc() {
    assert_eq!(rfc3339(Timestamp(1_795_248_000_123)), "2026-11-21T08:00:00.123Z");
    assert_eq!(parse_rfc3339("2026-11-21T09:00:00.123+01:00"), Some(Timestamp(1_795_248_000_123)));
    assert_eq!(parse_rfc3339("yesterday"), None);
}

#[test]
fn a_message_is_one_flat_frame() {
    let message = Message {
        text: "hi".to_owned().try_into().expect("valid"),
        mentions: vec![],
        files: vec![],
        reply_to: Some(1041),
        thread: None,
        rev: 1044,
        edited_at: None,
        deleted: false,
        reactions: vec![Reaction { emoji: "👍".to_owned().try_into().expect("valid"), n: 1, users: vec![] }],
    };
    let room = RoomId(Uuid::from_u128(7));
    let event = Event::new(room, &entry(Body::Message(message)), &Related::default());
    let json = round_trip(&ServerFrame::Event(AnyEvent::Room(event)));
    assert_eq!(json["t"], "event");
    assert_eq!(json["kind"], "message");
    assert_eq!(json["reply_to"], 1041);
    assert_eq!(json["thread"], serde_json::Value::Null);
    assert_eq!(json["reactions"][0]["emoji"], "👍");
    assert_eq!(json["by"]["name"], "", "an unknown author is shown by id");
}

#[test]
fn an_unknown_kind_keeps_its_fallback() {
    let stored = serde_json::json!({"kind": "poll", "fallback": "A poll: tea?"});
    let body = Body::Unknown(stored);
    let event = Event::new(RoomId(Uuid::from_u128(7)), &entry(body), &Related::default());
    let json = round_trip(&ServerFrame::Event(AnyEvent::Room(event)));
    assert_eq!(json["kind"], "poll");
    assert_eq!(json["fallback"], "A poll: tea?");
}

#[test]
fn an_undecodable_body_is_unreadable_and_hides_its_text() {
    let body = Body::Unreadable { kind: "message".into(), stored: r#"{"kind":"message","text":["secret"]}"#.into() };
    let event = Event::new(RoomId(Uuid::from_u128(7)), &entry(body), &Related::default());
    let json = round_trip(&ServerFrame::Event(AnyEvent::Room(event)));
    assert_eq!((&json["kind"], &json["of"]), (&"unreadable".into(), &"message".into()));
    assert_eq!(json["fallback"], UNREADABLE_FALLBACK);
    assert!(!json.to_string().contains("secret"), "{json}");
}

#[test]
fn a_removed_room_has_a_reason() {
    let row = UserRoom {
        request: None,
        room: RoomId(Uuid::from_u128(7)),
        state: domain::MemberState::Kicked,
        role: domain::Role::Member,
        rev: 31,
        level: Default::default(),
        quiet_until: None,
        hidden: false,
        why: None,
        read_seq: 0,
        read_n: 0,
        mentions: vec![],
    };
    let event = OwnEvent::new(&entry(Body::UserRoom(row)), &Related::default(), None);
    let json = round_trip(&ServerFrame::Event(AnyEvent::Own(event)));
    assert_eq!((&json["room"], &json["op"]), (&"@me".into(), &"gone".into()));
    assert_eq!((&json["entry"]["at_seq"], &json["entry"]["why"]), (&31.into(), &"kicked".into()));
}

#[test]
fn an_edit_lists_its_mentions_if_they_are_known() {
    let room = RoomId(Uuid::from_u128(7));
    let (bob, eve) = (UserId(Uuid::from_u128(8)), UserId(Uuid::from_u128(9)));
    let text = || "hello".to_owned().try_into().expect("valid");
    let with_text = Related { texts: [(entry(Body::edit(3)).seq, text())].into(), ..Related::default() };
    let with = |body: Body, related: &Related| {
        let event = Event::new(room, &entry(body), related);
        round_trip(&ServerFrame::Event(AnyEvent::Room(event)))
    };
    let shown = |body: Body| with(body, &with_text);
    let edit = Body::Edit { target: 3, mentions: Some(vec![bob]), unmentioned: vec![eve] };
    let json = shown(edit.clone());
    assert_eq!((&json["mentions"], &json["text"]), (&serde_json::json!([bob.to_string()]), &"hello".into()));
    let hidden = with(edit, &Related::default());
    assert_eq!((hidden.get("mentions"), &hidden["text"]), (None, &"".into()), "no text, no mentions");
    assert!(!json.to_string().contains(&eve.to_string()), "clients do not see the previous mentions");
    assert_eq!(shown(Body::edit(3)).get("mentions"), None, "an entry without known mentions has no field");
    assert!(!shown(Body::Delete { target: 3, unmentioned: vec![eve] }).to_string().contains(&eve.to_string()));
}

#[test]
fn a_changed_notification_is_sent_as_a_whole() {
    let room = RoomId(Uuid::from_u128(7));
    let notification = Notification {
        key: domain::NotificationKey { at: Timestamp(1_795_248_000_123), room: room.0, seq: 3 },
        kind: domain::NotificationKind::Mention,
        notif_type: None,
        room: Some(room),
        seq: Some(3),
        from: None,
        title: "ada mentioned you".into(),
        body: "open".into(),
        rev: 5,
        read_at: Some(Timestamp(1)),
    };
    let event = OwnEvent::new(&entry(Body::NotificationChanged(notification)), &Related::default(), None);
    let json = round_trip(&ServerFrame::Event(AnyEvent::Own(event)));
    assert_eq!((&json["kind"], &json["op"]), (&"notification".into(), &"changed".into()));
    assert_eq!((&json["entry"]["body"], &json["entry"]["read"]), (&"open".into(), &true.into()));
    assert_eq!(json["entry"].get("rev"), None, "clients do not see which change it followed");
}
