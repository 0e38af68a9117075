//! Tests with a socket that accepts only so much, and one that breaks the rules.

use std::convert::Infallible;
use std::pin::Pin;

use super::*;
use realtime::Class;

impl IsBreach for Infallible {
    fn is_breach(&self) -> bool {
        match *self {}
    }
}

/// A WebSocket whose client accepts `room` more messages, and has sent `sent`.
#[derive(Default)]
struct Fake {
    room: usize,
    taken: Vec<String>,
    sent: VecDeque<Message>,
}

impl Stream for Fake {
    type Item = Result<Message, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.sent.pop_front() {
            Some(message) => Poll::Ready(Some(Ok(message))),
            None => Poll::Pending,
        }
    }
}

impl Sink<Message> for Fake {
    type Error = Infallible;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.room == 0 { Poll::Pending } else { Poll::Ready(Ok(())) }
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Infallible> {
        self.room -= 1;
        self.taken.push(message.into_text().expect("a text").to_string());
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }
}

const PATIENCE: Duration = Duration::from_secs(50);

fn frames(texts: &[&str]) -> Vec<Frame> {
    texts.iter().map(|text| Frame::new(Class::Durable, (*text).to_owned())).collect()
}

#[tokio::test]
async fn messages_of_a_client_that_does_not_read_are_still_received() {
    let mut io = SocketIo::new(Fake { room: 1, sent: [Message::Text("pong".into())].into(), ..Fake::default() });
    io.start(frames(&["one", "two"]), false, PATIENCE);
    assert!(matches!(io.next(true).await, Event::Message(Message::Text(text)) if text == "pong"));
    assert!(!io.is_idle(), "the second frame waits");
    io.ws.room = 1;
    assert!(matches!(io.next(true).await, Event::Written(6)));
    assert!(io.is_idle());
    assert_eq!(io.ws.taken, ["one", "two"]);
}

#[tokio::test]
async fn nothing_is_lost_when_a_wait_is_cancelled() {
    let mut io = SocketIo::new(Fake { room: 1, ..Fake::default() });
    io.start(frames(&["one", "two", "three"]), false, PATIENCE);
    assert!(futures_util::FutureExt::now_or_never(io.next(true)).is_none());
    io.ws.room = 2;
    assert!(matches!(io.finish().await, Event::Written(11)));
    assert_eq!(io.ws.taken, ["one", "two", "three"]);
}

#[tokio::test]
async fn several_frames_are_sent_as_one_array_if_the_client_asked_for_it() {
    let mut io = SocketIo::new(Fake { room: 2, ..Fake::default() });
    io.start(frames(&["{}", "{}"]), true, PATIENCE);
    assert!(matches!(io.finish().await, Event::Written(4)));
    io.start(frames(&["{}"]), true, PATIENCE);
    assert!(matches!(io.finish().await, Event::Written(2)));
    assert_eq!(io.ws.taken, ["[{},{}]", "{}"]);
}

#[tokio::test]
async fn a_client_that_reads_nothing_for_too_long_is_disconnected() {
    let (mut io, patience) = (SocketIo::new(Fake::default()), Duration::from_millis(20));
    let began = Instant::now();
    io.start(frames(&["one"]), false, patience);
    assert!(matches!(io.next(true).await, Event::Gone));
    assert!(began.elapsed() >= patience);
}
