use domain::{Epoch, RoomId, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;
use wire::{Event, EventKind, UserRef};

use super::*;

fn encoded(message: &Message) -> Value {
    serde_json::from_slice(&Native.encode_own(message).expect("the native protocol encodes every message"))
        .expect("JSON")
}

#[test]
fn a_binary_message_breaks_the_protocol() {
    assert_eq!(Native.decode(Incoming::Binary(b"{}")), Decoded::Breach);
}

#[test]
fn an_unknown_frame_is_rejected_with_what_it_names() {
    let decoded = Native.decode(Incoming::Text(r#"{"t":"dance","id":"7","room":"r"}"#));
    let Decoded::Rejected { reply, .. } = decoded else { panic!("{decoded:?}") };
    assert_eq!(reply, Reply { to: ReplyTo::Frame("7".into()), of: Some("dance".into()), room: Some("r".into()) });
}

#[test]
fn an_event_equals_the_frame_of_the_wire_crate() {
    let by = UserRef { id: "1".into(), name: "ada".into(), display_name: None, guest: false, deleted: false };
    let event = wire::AnyEvent::Room(Event {
        room: "r".into(),
        seq: 1_041,
        n: 7,
        by,
        at: "2026-11-29T00:00:00.000Z".into(),
        id: "i".into(),
        kind: EventKind::Delete { target: 9 },
    });
    let frame = encode_shared(&SharedMessage::Event(Box::new(event.clone()))).expect("a frame");
    let expected = serde_json::to_vec(&ServerFrame::Event(event)).expect("JSON");
    assert_eq!(frame, expected);
}

#[test]
fn answers_carry_the_id_of_their_request_if_it_had_one() {
    let to = || ReplyTo::Frame("a".into());
    let room = RoomId(Uuid::nil());
    let ack = Message::Ack { reply: to(), room: Some(room), seq: Some(4), at: Timestamp(0), dup: false, noop: false };
    assert_eq!(encoded(&ack)["id"], "a");
    assert_eq!(encoded(&Message::Pong { reply: ReplyTo::Nothing, now: Timestamp(0) }).get("id"), None);
    let unknown = Message::NoSuchLog { reply: to(), room: "junk".into(), epoch: Epoch(0x7f3a) };
    let expected = json!({"t": "sync", "re": "a", "room": "junk", "status": "not_found", "epoch": Epoch(0x7f3a).to_string(),
        "as_of": 0, "events": []});
    assert_eq!(encoded(&unknown), expected);
}
