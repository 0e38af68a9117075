use super::*;

fn frame(class: Class, bytes: usize) -> Frame {
    Frame { text: "x".repeat(bytes).into(), class }
}

fn take(send_queue: &SendQueue, max: usize) -> Vec<Frame> {
    match send_queue.next(max) {
        Next::Write(frames) => {
            send_queue.written(frames.iter().map(Frame::len).sum());
            frames
        }
        _ => Vec::new(),
    }
}

#[test]
fn slow_reader_first_loses_what_passes_and_is_told() {
    let send_queue = SendQueue::default();
    send_queue.push(frame(Class::Durable, BACKLOG_SOFT_BYTES));
    send_queue.push(frame(Class::Typing, 1));
    send_queue.push(frame(Class::Presence, 1));
    send_queue.push(frame(Class::Durable, 10));
    let all = take(&send_queue, usize::MAX);
    let (lag, chat) = all.split_last().expect("three frames");
    assert_eq!(chat.iter().map(Frame::len).collect::<Vec<_>>(), [BACKLOG_SOFT_BYTES, 10]);
    assert_eq!(lag.text.as_str(), r#"{"t":"lag","dropped":["typing","presence"]}"#);
    assert!(matches!(send_queue.next(1), Next::Idle), "one is told once");
}

#[test]
fn slow_reader_is_closed() {
    let send_queue = SendQueue::default();
    send_queue.push(frame(Class::Durable, BACKLOG_HARD_BYTES));
    assert_eq!(send_queue.closing(), None);
    send_queue.push(frame(Class::Durable, 1));
    assert_eq!(send_queue.closing(), Some(CloseCode::Lagged));
    send_queue.push(frame(Class::Durable, 1));
    assert!(matches!(send_queue.next(1), Next::Close(CloseCode::Lagged)), "what waited comes again by its cursors");
}

#[test]
fn what_is_being_written_still_counts() {
    let send_queue = SendQueue::default();
    send_queue.push(frame(Class::Durable, BACKLOG_HARD_BYTES));
    assert!(matches!(send_queue.next(usize::MAX), Next::Write(_)));
    send_queue.push(frame(Class::Durable, 1));
    assert_eq!(send_queue.closing(), Some(CloseCode::Lagged));
}

#[test]
fn a_close_comes_after_what_waits_and_the_first_reason_counts() {
    let send_queue = SendQueue::default();
    send_queue.push(frame(Class::Durable, 5));
    send_queue.close(CloseCode::Unauthenticated);
    send_queue.close(CloseCode::Drained);
    assert_eq!(take(&send_queue, 100).len(), 1);
    assert!(matches!(send_queue.next(100), Next::Close(CloseCode::Unauthenticated)));
}

#[test]
fn a_batch_is_cut_at_the_frame_limit_but_never_empty() {
    let send_queue = SendQueue::default();
    for bytes in [50, 60, 200, 10] {
        send_queue.push(frame(Class::Durable, bytes));
    }
    let lens = |frames: Vec<Frame>| frames.iter().map(Frame::len).collect::<Vec<_>>();
    assert_eq!(lens(take(&send_queue, 110)), [50, 60]);
    assert_eq!(lens(take(&send_queue, 110)), [200]);
    assert_eq!(lens(take(&send_queue, 110)), [10]);
}
