use super::*;

#[test]
fn an_unknown_kind_is_carried_unchanged() {
    let stored = serde_json::json!({"kind": "poll", "question": "tea?", "v": [1, 2]});
    let body: Body = serde_json::from_value(stored.clone()).expect("any kind reads");
    assert_eq!(body.kind(), "poll");
    assert_eq!(serde_json::to_value(&body).expect("writes"), stored);
}

#[test]
fn every_kind_reads_what_it_writes() {
    let user = UserId(uuid::Uuid::from_u128(7));
    let room = crate::ids::RoomId(uuid::Uuid::from_u128(8));
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
        Body::edit(1, None),
        Body::Edit { target: 1, text: None, mentions: Some(vec![]), unmentioned: vec![user] },
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
            kind: crate::room::RoomKind::Private,
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
            level: crate::room::Level::None,
            hidden: true,
            why: None,
            read_seq: 1,
            read_n: 1,
            mentions: vec![3],
        }),
        Body::NotificationAdded(Notification {
            key,
            kind: crate::own::NotificationKind::Mention,
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
            kind: crate::own::NotificationKind::Mention,
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
    for body in all {
        let stored = serde_json::to_string(&body).expect("writes");
        assert_eq!(serde_json::from_str::<Body>(&stored).expect("reads"), body, "{stored}");
        assert_eq!(serde_json::to_value(&body).expect("writes")["kind"], body.kind());
    }
}

#[test]
fn the_text_of_an_edit_is_not_stored() {
    let edit = Body::edit(3, Some("secret".to_owned().try_into().expect("valid")));
    assert_eq!(serde_json::to_string(&edit).expect("writes"), r#"{"kind":"edit","target":3}"#);
}
