use super::*;

fn frame(class: Class, bytes: usize) -> Frame {
    Frame { text: "x".repeat(bytes).into(), class }
}

fn take(outbox: &Outbox, max: usize) -> Vec<Frame> {
    match outbox.next(max) {
        Next::Write(frames) => {
            outbox.written(frames.iter().map(Frame::len).sum());
            frames
        }
        _ => Vec::new(),
    }
}

#[test]
fn slow_reader_first_loses_what_passes_and_is_told() {
    let outbox = Outbox::default();
    outbox.push(frame(Class::Durable, BACKLOG_SOFT_BYTES));
    outbox.push(frame(Class::Typing, 1));
    outbox.push(frame(Class::Presence, 1));
    outbox.push(frame(Class::Durable, 10));
    let all = take(&outbox, usize::MAX);
    let (lag, chat) = all.split_last().expect("three frames");
    assert_eq!(chat.iter().map(Frame::len).collect::<Vec<_>>(), [BACKLOG_SOFT_BYTES, 10]);
    assert_eq!(lag.text.as_str(), r#"{"t":"lag","dropped":["typing","presence"]}"#);
    assert!(matches!(outbox.next(1), Next::Idle), "one is told once");
}

#[test]
fn slow_reader_is_closed() {
    let outbox = Outbox::default();
    outbox.push(frame(Class::Durable, BACKLOG_HARD_BYTES));
    assert_eq!(outbox.closing(), None);
    outbox.push(frame(Class::Durable, 1));
    assert_eq!(outbox.closing(), Some(CloseCode::Lagged));
    outbox.push(frame(Class::Durable, 1));
    assert!(matches!(outbox.next(1), Next::Close(CloseCode::Lagged)), "what waited comes again by its cursors");
}

#[test]
fn what_is_being_written_still_counts() {
    let outbox = Outbox::default();
    outbox.push(frame(Class::Durable, BACKLOG_HARD_BYTES));
    assert!(matches!(outbox.next(usize::MAX), Next::Write(_)));
    outbox.push(frame(Class::Durable, 1));
    assert_eq!(outbox.closing(), Some(CloseCode::Lagged));
}

#[test]
fn a_close_comes_after_what_waits_and_the_first_reason_counts() {
    let outbox = Outbox::default();
    outbox.push(frame(Class::Durable, 5));
    outbox.close(CloseCode::Unauthenticated);
    outbox.close(CloseCode::Drained);
    assert_eq!(take(&outbox, 100).len(), 1);
    assert!(matches!(outbox.next(100), Next::Close(CloseCode::Unauthenticated)));
}

#[test]
fn a_batch_is_cut_at_the_frame_limit_but_never_empty() {
    let outbox = Outbox::default();
    for bytes in [50, 60, 200, 10] {
        outbox.push(frame(Class::Durable, bytes));
    }
    let lens = |frames: Vec<Frame>| frames.iter().map(Frame::len).collect::<Vec<_>>();
    assert_eq!(lens(take(&outbox, 110)), [50, 60]);
    assert_eq!(lens(take(&outbox, 110)), [200]);
    assert_eq!(lens(take(&outbox, 110)), [10]);
}
