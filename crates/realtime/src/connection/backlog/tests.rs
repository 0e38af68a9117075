use std::time::Duration;

use domain::RoomId;
use uuid::Uuid;

use super::*;
use crate::codec::CodecKind;
use crate::message::{Delivery, SharedMessage};

fn backlog() -> Backlog {
    Backlog::new(CodecKind::Native.open())
}

/// Queues a frame with this class and size.
fn push(backlog: &mut Backlog, class: Class, bytes: usize) {
    backlog.push_frame(Frame::new(class, "x".repeat(bytes)));
}

fn take(backlog: &mut Backlog, max: usize) -> Vec<Frame> {
    match backlog.next(max) {
        Next::Write(frames) => {
            backlog.written(frames.iter().map(Frame::len).sum());
            frames
        }
        _ => Vec::new(),
    }
}

#[test]
fn a_slow_consumer_first_loses_ephemeral_frames_and_gets_one_lag_frame() {
    let mut backlog = backlog();
    push(&mut backlog, Class::Durable, BACKLOG_SOFT_BYTES);
    push(&mut backlog, Class::Typing, 1);
    push(&mut backlog, Class::Presence, 1);
    push(&mut backlog, Class::Durable, 10);
    let all = take(&mut backlog, usize::MAX);
    let (lag, chat) = all.split_last().expect("three frames");
    assert_eq!(chat.iter().map(Frame::len).collect::<Vec<_>>(), [BACKLOG_SOFT_BYTES, 10]);
    assert_eq!(lag.payload(), r#"{"t":"lag","dropped":["typing","presence"]}"#);
    assert_eq!(backlog.next(1), Next::Idle);
}

#[test]
fn a_slow_consumer_is_closed() {
    let mut backlog = backlog();
    push(&mut backlog, Class::Durable, BACKLOG_HARD_BYTES);
    assert_eq!(backlog.closing(), None);
    push(&mut backlog, Class::Durable, 1);
    assert_eq!(backlog.closing(), Some(CloseCode::Lagged));
    push(&mut backlog, Class::Durable, 1);
    assert_eq!(backlog.next(1), Next::Close(CloseCode::Lagged), "the client reads the backlog by its cursors");
}

#[test]
fn frames_that_are_being_written_still_count() {
    let mut backlog = backlog();
    push(&mut backlog, Class::Durable, BACKLOG_HARD_BYTES);
    assert!(matches!(backlog.next(usize::MAX), Next::Write(_)));
    push(&mut backlog, Class::Durable, 1);
    assert_eq!(backlog.closing(), Some(CloseCode::Lagged));
}

#[test]
fn a_close_comes_after_the_backlog_and_the_first_code_counts() {
    let mut backlog = backlog();
    push(&mut backlog, Class::Durable, 5);
    backlog.close(CloseCode::Unauthenticated);
    backlog.close(CloseCode::Drained);
    assert_eq!(take(&mut backlog, 100).len(), 1);
    assert_eq!(backlog.next(100), Next::Close(CloseCode::Unauthenticated));
}

#[test]
fn a_batch_is_cut_at_the_frame_limit_but_never_empty() {
    let mut backlog = backlog();
    for bytes in [50, 60, 200, 10] {
        push(&mut backlog, Class::Durable, bytes);
    }
    let lens = |frames: Vec<Frame>| frames.iter().map(Frame::len).collect::<Vec<_>>();
    assert_eq!(lens(take(&mut backlog, 110)), [50, 60]);
    assert_eq!(lens(take(&mut backlog, 110)), [200]);
    assert_eq!(lens(take(&mut backlog, 110)), [10]);
}

#[test]
fn a_shared_message_is_encoded_once_for_all_sockets() {
    let by = wire::UserRef { id: "1".into(), name: "ada".into(), display_name: None, guest: false, deleted: false };
    let typing = Delivery::new(SharedMessage::Typing { room: RoomId(Uuid::nil()), by, ttl: Duration::from_secs(5) });
    let (mut one, mut other) = (backlog(), backlog());
    one.push(&Outgoing::Shared(typing.clone()));
    other.push(&Outgoing::Shared(typing));
    let (one, other) = (take(&mut one, 1_000), take(&mut other, 1_000));
    assert_eq!(one[0].class, Class::Typing);
    assert_eq!(one[0].payload().as_ptr(), other[0].payload().as_ptr(), "the same bytes");
}
