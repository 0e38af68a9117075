//! HTTP long-polling: a GET takes what waits for the client, a POST brings what the client sends.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use socketio::engine::{Packet, SEPARATOR, decode_payload};

use super::answer::{self, Refused};
use super::session::{Farewell, Poll, Session, Written};
use super::{EngineSettings, Piece};

/// Answers a GET: at once if something waits, or once something does.
pub(super) async fn poll(session: &Arc<Session>, settings: &EngineSettings) -> Response {
    match session.begin_poll() {
        Poll::Wait | Poll::Noop => {}
        Poll::Ended(farewell) => return bid(farewell),
        Poll::Wrong => return Refused::Sid.into_response(),
    }
    // Also ends a poll whose client has gone.
    let _ending = Ending(|| session.end_poll());
    loop {
        if session.is_polled()
            && let Some(written) = session.take(settings.max_payload)
        {
            return write(session, &written);
        }
        match session.poll() {
            Poll::Wait => session.signals.output.notified().await,
            Poll::Noop => return answer::text(Packet::Noop.text()),
            Poll::Ended(farewell) => return bid(farewell),
            Poll::Wrong => return Refused::Sid.into_response(),
        }
    }
}

fn write(session: &Session, written: &Written) -> Response {
    let mut payload = String::new();
    let mut add = |text: &str| {
        if !payload.is_empty() {
            payload.push(SEPARATOR);
        }
        payload.push_str(text);
    };
    if written.ping {
        add(&Packet::Ping("".into()).text());
    }
    let mut bytes = 0;
    for piece in &written.pieces {
        bytes += piece.len();
        match piece {
            Piece::Packets(frame) => add(&String::from_utf8_lossy(&frame.payload())),
            Piece::Binary(bytes) => add(&Packet::Binary((&bytes[..]).into()).text()),
        }
    }
    session.peer.written(bytes);
    if written.close.is_some() {
        add(&Packet::Close.text());
        session.end(None);
    }
    answer::text(payload)
}

fn bid(farewell: Farewell) -> Response {
    let packet = match farewell {
        Farewell::Close => Packet::Close,
        Farewell::Noop => Packet::Noop,
    };
    answer::text(packet.text())
}

/// Answers a POST once all its packets were passed in. Waits while the peer reads none, so a client that sends faster than
/// it is served is slowed down.
pub(super) async fn post(session: &Arc<Session>, body: &[u8]) -> Response {
    if !session.begin_post() {
        session.end(Some(Farewell::Close));
        return Refused::Request.into_response();
    }
    let _ending = Ending(|| session.end_post());
    let Ok(payload) = std::str::from_utf8(body) else {
        session.on_breach();
        return Refused::Request.into_response();
    };
    for packet in decode_payload(payload) {
        while !session.peer.reads() && !session.is_ended() {
            session.signals.reads.notified().await;
        }
        if !packet.is_ok_and(|packet| session.on_packet(&packet)) {
            session.on_breach();
            return Refused::Request.into_response();
        }
    }
    answer::text("ok".to_owned())
}

/// Calls something when it is dropped.
struct Ending<F: FnMut()>(F);

impl<F: FnMut()> Drop for Ending<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
