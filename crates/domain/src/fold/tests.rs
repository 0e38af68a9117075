use uuid::Uuid;

use super::*;
use crate::entry::{Body, Entry};
use crate::ids::{EntryId, UserId};

fn entry(seq: Seq, body: Body) -> Entry {
    let (by, id) = (UserId(Uuid::from_u128(1)), EntryId(Uuid::from_u128(seq.into())));
    Entry { v: 1, seq, n: 0, by, id, at: Timestamp(seq as i64), body }
}

fn text(text: &str) -> MessageText {
    text.to_owned().try_into().expect("valid")
}

#[test]
fn a_change_that_is_already_applied_has_no_effect() {
    let mut message = Message::of(text("new"), 1);
    message.rev = 5;
    edit(&mut message, 4, Timestamp(0), Some(&text("old")), None);
    assert_eq!(message.text.as_str(), "new");
    delete(&mut message, 6);
    edit(&mut message, 7, Timestamp(0), Some(&text("late")), None);
    assert!(message.deleted && message.text.is_blank(), "deletion is final");
    assert!(!react(&mut message, 8, UserId(Uuid::nil()), &"👍".to_owned().try_into().expect("valid"), true));
    assert!(message.reactions.is_empty());
}

#[test]
fn a_gap_is_reported() {
    let mut state = RoomState::default();
    let message = || Body::Message(Message::of(text("one"), 1));
    state.apply(&entry(1, message()), None).expect("the first");
    assert_eq!(state.apply(&entry(3, message()), None), Err(Gap { head: 1, found: 3 }));
    assert_eq!(state.apply(&entry(1, message()), None), Err(Gap { head: 1, found: 1 }));
    state.apply(&entry(2, Body::Unknown(serde_json::json!({"kind": "poll"}))), None).expect("kept unchanged");
    assert_eq!(state.seq, 2);
}
