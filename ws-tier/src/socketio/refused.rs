//! A session that the node does not admit: its client learns why, in the form in which it learns of any refusal, and is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::Refusal;
use parking_lot::Mutex;
use realtime::codec::CodecKind;
use realtime::message::{Message, Reply};
use realtime::{Class, Frame};

use crate::engine_io::{Incoming, Next, Peer, Piece, Signals};
use crate::limits::{REFUSED_SESSION, REFUSED_SESSIONS};

/// How many such sessions there are.
#[derive(Clone, Default)]
pub(super) struct RefusedSessions(Arc<AtomicUsize>);

/// One of them.
pub(super) struct RefusedPeer {
    refusal: Refusal,
    state: Mutex<State>,
    signals: Arc<Signals>,
    sessions: RefusedSessions,
}

enum State {
    /// The client has sent nothing.
    New,
    /// The answer is to be written.
    Asked,
    /// Everything is written.
    Answered,
}

impl RefusedSessions {
    /// Returns a session that tells its client of a refusal; `None` if there are too many already.
    pub fn open(&self, refusal: Refusal, signals: Arc<Signals>) -> Option<Arc<RefusedPeer>> {
        let more = |count| (count < REFUSED_SESSIONS).then_some(count + 1);
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(Arc::new(RefusedPeer { refusal, state: Mutex::new(State::New), signals, sessions: self.clone() }))
    }
}

impl Drop for RefusedPeer {
    fn drop(&mut self) {
        self.sessions.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Peer for RefusedPeer {
    fn reads(&self) -> bool {
        matches!(*self.state.lock(), State::New)
    }

    fn on_message(&self, _: Incoming<'_>) {
        *self.state.lock() = State::Asked;
        self.signals.has_output();
    }

    fn on_control(&self) {}

    fn on_breach(&self) {}

    fn next(&self, _: usize) -> Next {
        let mut state = self.state.lock();
        match *state {
            State::New => Next::Idle,
            State::Asked => {
                *state = State::Answered;
                let reply = Reply::unnamed("hello", None);
                let message = Message::Refused { reply, refusal: self.refusal.clone(), epoch: None };
                let payload = CodecKind::SocketIo.open().encode_own(&message).unwrap_or_default();
                Next::Write(vec![Piece::Packets(Frame::new(Class::Durable, payload))])
            }
            State::Answered => Next::Close { code: 1013, reason: "overloaded" },
        }
    }

    fn written(&self, _: usize) {
        self.signals.has_output();
    }

    fn next_tick(&self) -> Option<Duration> {
        self.reads().then_some(REFUSED_SESSION)
    }

    fn on_tick(&self) {
        *self.state.lock() = State::Answered;
        self.signals.has_output();
    }

    fn on_end(&self) {}
}
