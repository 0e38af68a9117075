//! Tests what the older contract's frames mean, and what its clients are sent.

use std::time::Duration;

use domain::{CompatId, Timestamp};
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::message::Delivery;

fn codec() -> Compat {
    Compat::new(RoomSlug::keep(RoomId(Uuid::from_u128(1)), "garden"))
}

fn decode(frame: &Value) -> Decoded {
    codec().decode(Incoming::Text(&frame.to_string()))
}

fn refused(frame: &Value) -> Refusal {
    match decode(frame) {
        Decoded::Request(Request::Change { intent: Err(refusal), .. }) => refusal,
        Decoded::Rejected { message, .. } => Refusal::bad_request(message),
        other => panic!("{frame}: {other:?}"),
    }
}

#[test]
fn a_message_is_sent_to_the_room_of_the_socket() {
    let room = RoomId(Uuid::from_u128(1)).to_string();
    let decoded = decode(&json!({ "type": "message", "content": "hello" }));
    let Decoded::Request(Request::Change { id: None, room: to, seen: None, intent: Ok(intent), .. }) = decoded else {
        panic!("{decoded:?}");
    };
    let text = MessageText::try_from("hello".to_owned()).expect("a text");
    assert_eq!((to, intent), (room.clone(), Intent::Send { text, reply_to: None, thread: None, files: Vec::new() }));

    let id = Uuid::from_u128(9).to_string();
    let frame = json!({ "type": "message", "content": "", "message_type": "file", "file_url": format!("/api/files/{id}/download") });
    let Decoded::Request(Request::Change { intent: Ok(Intent::Send { files, .. }), .. }) = decode(&frame) else {
        panic!("{frame}");
    };
    assert_eq!(files, [FileId(Uuid::from_u128(9))]);

    assert_eq!(
        decode(&json!({ "type": "typing" })),
        Decoded::Request(Request::Typing { room: room.clone(), on: true })
    );
    assert_eq!(decode(&json!({ "type": "stop_typing" })), Decoded::Request(Request::Typing { room, on: false }));
}

#[test]
fn whatever_is_no_frame_is_refused_and_closes_nothing() {
    for frame in [json!({}), json!([]), json!(1), json!({ "type": "join" }), json!({ "type": 7 })] {
        assert!(matches!(decode(&frame), Decoded::Rejected { .. }), "{frame}");
    }
    for text in ["", "{", "nonsense"] {
        assert!(matches!(codec().decode(Incoming::Text(text)), Decoded::Rejected { .. }), "{text}");
    }
    assert!(matches!(codec().decode(Incoming::Binary(b"{}")), Decoded::Rejected { .. }));

    for frame in [
        json!({ "type": "message" }),
        json!({ "type": "message", "content": "  " }),
        json!({ "type": "message", "content": 5 }),
        json!({ "type": "message", "content": "x", "message_type": "video" }),
        json!({ "type": "message", "content": "x", "message_type": "file" }),
    ] {
        assert_eq!(refused(&frame).code, Code::BadRequest, "{frame}");
    }
    let missing =
        json!({ "type": "message", "content": "x", "message_type": "file", "file_url": "/api/files/123/download" });
    assert_eq!(refused(&missing).code, Code::NotFound);
    assert_eq!(refused(&json!({ "type": "message", "content": "x".repeat(4_001) })).code, Code::TooLarge);
}

#[test]
fn people_are_called_what_they_called_themselves() {
    let _kept = RoomSlug::keep(RoomId(Uuid::from_u128(1)), "garden");
    let id: CompatId = "Alice 1".parse().expect("an id");
    let by = UserRef {
        id: id.user().to_string(),
        name: id.handle(false).to_string(),
        display_name: Some("Alice".into()),
        guest: true,
        deleted: false,
    };
    let encoded = |message| {
        let delivery = Delivery::new(message);
        let frame = delivery.frame(CodecKind::Compat).expect("encoded");
        serde_json::from_slice::<Value>(&frame.payload()).expect("JSON")
    };
    let room = RoomId(Uuid::from_u128(1));
    let typing = |ttl| SharedMessage::Typing { room, by: by.clone(), ttl };
    let person = json!({ "user_id": "Alice 1", "username": "Alice", "room_id": "garden" });
    let with = |more: Value| {
        let mut all = person.clone();
        all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        all
    };
    assert_eq!(encoded(typing(Duration::from_secs(5))), with(json!({ "type": "typing" })));
    assert_eq!(encoded(typing(Duration::ZERO)), with(json!({ "type": "stop_typing" })));
    let joined = SharedMessage::Attendance { room, by: by.clone(), is_there: true, at: Timestamp(0) };
    assert_eq!(encoded(joined), with(json!({ "type": "user_joined", "timestamp": "1970-01-01T00:00:00.000Z" })));
}

#[test]
fn a_slug_is_known_while_a_socket_needs_it() {
    let room = RoomId(Uuid::from_u128(77));
    let (first, second) = (RoomSlug::keep(room, "attic"), RoomSlug::keep(room, "attic"));
    drop(first);
    assert!(RoomSlug::of(room).is_some());
    drop(second);
    assert!(RoomSlug::of(room).is_none());
}
