use domain::{NotificationKind, RoomId, RoomKind};

use super::*;
use crate::RoomRecord;

#[test]
fn an_unknown_kind_is_kept_unchanged() {
    let stored = serde_json::json!({"kind": "poll", "question": "tea?", "v": [1, 2]});
    let body = decode_body(1, &stored.to_string()).expect("any kind reads");
    assert_eq!(body.kind(), "poll");
    assert_eq!(encode_body(&body), stored.to_string());
}

#[test]
fn every_kind_decodes_what_it_encodes() {
    let user = UserId(uuid::Uuid::from_u128(7));
    let room = RoomId(uuid::Uuid::from_u128(8));
    let key = NotificationKey { at: Timestamp(5), room: room.0, seq: 3 };
    let emoji = Emoji::try_from("👍".to_owned()).expect("valid");
    let message = Message {
        text: "tea".to_owned().try_into().expect("valid"),
        mentions: vec![user],
        files: vec![FileId(room.0)],
        reply_to: Some(1),
        thread: Some(1),
        rev: 9,
        edited_at: Some(Timestamp(4)),
        deleted: false,
        reactions: vec![Reaction { emoji: emoji.clone(), n: 1, users: vec![user] }],
    };
    let all = [
        Body::Message(message),
        Body::edit(1),
        Body::Edit { target: 1, mentions: Some(vec![]), unmentioned: vec![user] },
        Body::delete(1),
        Body::Delete { target: 1, unmentioned: vec![user] },
        Body::React { target: 1, emoji, on: true },
        Body::Pin { target: 1, on: false },
        Body::Member {
            user,
            state: MemberState::Banned,
            role: Role::Member,
            muted_until: Some(Timestamp(1)),
            why: Some("noise".into()),
        },
        Body::Room(Room {
            id: room,
            kind: RoomKind::Private,
            slug: None,
            name: None,
            description: "tea".into(),
            archived: true,
            hides_past: true,
            slow_mode_s: 1,
            pair: Some((user, user)),
            rev: 2,
        }),
        Body::UserRoom(UserRoom {
            room,
            state: MemberState::Joined,
            role: Role::Owner,
            rev: 1,
            level: domain::Level::None,
            quiet_until: None,
            hidden: true,
            why: None,
            request: Some(domain::Request::Pending { at: Timestamp(4) }),
            read_seq: 1,
            read_n: 1,
            mentions: vec![3],
        }),
        Body::NotificationAdded(Notification {
            key,
            kind: NotificationKind::Mention,
            notif_type: None,
            room: Some(room),
            seq: Some(3),
            from: Some(user),
            title: "ada".into(),
            body: "hi".into(),
            rev: 0,
            read_at: None,
        }),
        Body::NotificationChanged(Notification {
            key,
            kind: NotificationKind::Mention,
            notif_type: None,
            room: Some(room),
            seq: Some(3),
            from: Some(user),
            title: "ada".into(),
            body: String::new(),
            rev: 9,
            read_at: None,
        }),
        Body::NotificationRead { key: None },
        Body::NotificationGone { key },
        Body::Setting { name: "theme".into(), value: serde_json::json!({"dark": true}) },
        Body::SessionEnded { session: None },
    ];
    let mut kinds = Vec::new();
    for body in all {
        let stored = encode_body(&body);
        assert_eq!(decode_body(ENTRY_VERSION, &stored), Ok(body.clone()), "{stored}");
        let value: Value = serde_json::from_str(&stored).expect("it is JSON");
        assert_eq!(value["kind"], body.kind());
        kinds.push(body.kind().to_owned());
    }
    kinds.dedup();
    assert_eq!(kinds, KINDS, "each kind is here once");
}

#[test]
fn the_text_of_an_edit_is_not_stored() {
    assert_eq!(encode_body(&Body::edit(3)), r#"{"kind":"edit","target":3}"#);
}

#[test]
fn values_that_todays_rules_refuse_are_still_read() {
    let long = "x".repeat(domain::limits::TEXT_CHARS + 1);
    let stored =
        format!(r#"{{"kind":"message","text":"{long}","rev":1,"reactions":[{{"emoji":"ok","n":0,"users":[]}}]}}"#);
    let Ok(Body::Message(message)) = decode_body(1, &stored) else { panic!("it is a message") };
    assert_eq!((message.text.as_str(), message.reactions[0].emoji.as_str()), (long.as_str(), "ok"));
    let room = r#"{"id":"00000000-0000-0000-0000-000000000008","kind":"public","slug":"Not A Slug","name":"","added_later":7}"#;
    let RoomRecord(room) = crate::from_json(room).expect("it is a room");
    assert_eq!(room.slug.expect("it has one").as_str(), "Not A Slug");
}

#[test]
fn a_known_kind_that_cannot_be_decoded_is_unreadable_and_not_unknown() {
    let secret = "what a user wrote";
    for (v, stored) in [
        (1, format!(r#"{{"kind":"message","text":["{secret}"],"rev":1}}"#)),
        (1, format!(r#"{{"kind":"message","text":"{secret}"}}"#)),
        (1, r#"{"kind":"member","user":"nobody","state":"joined","role":"member"}"#.to_owned()),
        (
            1,
            r#"{"kind":"member","user":"00000000-0000-0000-0000-000000000008","state":"asleep","role":"member"}"#
                .to_owned(),
        ),
        (ENTRY_VERSION + 1, format!(r#"{{"kind":"message","text":"{secret}","rev":1}}"#)),
    ] {
        let unreadable = decode_body(v, &stored).expect_err("it cannot be decoded");
        assert!(!unreadable.why.contains(secret), "{}", unreadable.why);
        assert_eq!(unreadable.kind, if stored.contains("member") { "member" } else { "message" });
        assert_eq!(encode_body(&unreadable.into_body()), stored, "it is kept unchanged");
    }
    for stored in ["", "tea", "[]", "{}", r#"{"kind":3}"#] {
        let unreadable = decode_body(1, stored).expect_err("it has no kind");
        assert_eq!((unreadable.kind.clone(), encode_body(&unreadable.into_body())), (String::new(), stored.to_owned()));
    }
}
