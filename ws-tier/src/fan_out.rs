//! Messages that many sockets of a shard get: joined while they wait together, encoded once for all sockets.

use std::cell::OnceCell;
use std::sync::Arc;

use bytes::Bytes;
use engine::{Socket, Sockets};
use realtime::codec::CodecKind;
use realtime::hub::SocketId;
use realtime::limits::BACKLOG_SOFT_BYTES;
use realtime::message::{Delivery, Outgoing};
use realtime::{Frame, joined};

use crate::socket::SocketState;

/// Messages for the same sockets, in order.
pub(crate) struct FanOut {
    to: Arc<Vec<SocketId>>,
    messages: Vec<Arc<[Outgoing]>>,
    bytes: usize,
}

impl FanOut {
    /// Returns messages for these sockets.
    pub fn new(to: Arc<Vec<SocketId>>, messages: Arc<[Outgoing]>) -> FanOut {
        let bytes = size(&messages);
        FanOut { to, messages: vec![messages], bytes }
    }

    /// Adds further messages if they are for the same sockets, and all of them fit into an empty queue.
    pub fn join(&mut self, to: &Arc<Vec<SocketId>>, messages: &Arc<[Outgoing]>) -> bool {
        let bytes = self.bytes + size(messages);
        let joins = Arc::ptr_eq(&self.to, to) && bytes <= BACKLOG_SOFT_BYTES;
        if joins {
            self.messages.push(messages.clone());
            self.bytes = bytes;
        }
        joins
    }

    /// Queues the messages for each socket. With `direct`, writes them at once to each socket that keeps up.
    pub fn deliver(self, sockets: &mut Sockets<SocketState>, direct: bool) {
        let encoded = direct.then(|| Encoded::new(&self)).flatten();
        for id in self.to.iter() {
            let Some(socket) = sockets.get(*id) else { continue };
            let written = encoded.as_ref().is_some_and(|encoded| encoded.write(socket));
            if !written {
                let queue = &mut socket.state.queue;
                queue.change(|backlog| {
                    self.messages.iter().flat_map(|messages| messages.iter()).for_each(|message| backlog.push(message));
                });
            }
            if !written || socket.is_blocked() {
                sockets.touch(*id);
            }
        }
    }
}

/// The bytes of messages that are the same for every socket of the native protocol.
struct Encoded {
    frames: Vec<Frame>,
    /// The frames one after another, as one socket gets them.
    wire: Bytes,
    /// One frame with all messages in an array, made for the first client that accepts that.
    array: OnceCell<Bytes>,
    bytes: usize,
}

impl Encoded {
    /// Encodes messages; `None` if one of them is for a single socket.
    fn new(fan_out: &FanOut) -> Option<Encoded> {
        let shared = |message: &Outgoing| match message {
            Outgoing::Shared(delivery) => Some(delivery.clone()),
            Outgoing::Own(_) => None,
        };
        let deliveries: Vec<Arc<Delivery>> =
            fan_out.messages.iter().flat_map(|messages| messages.iter()).map(shared).collect::<Option<_>>()?;
        let frames: Vec<Frame> =
            deliveries.iter().filter_map(|delivery| delivery.frame(CodecKind::Native).cloned()).collect();
        let wire = match &frames[..] {
            [] => return None,
            [one] => one.wire().clone(),
            many => many.iter().map(|frame| &frame.wire()[..]).collect::<Vec<_>>().concat().into(),
        };
        Some(Encoded { frames, wire, array: OnceCell::new(), bytes: fan_out.bytes })
    }

    fn array(&self) -> &Bytes {
        self.array.get_or_init(|| joined(&self.frames).wire().clone())
    }

    /// Writes the messages to a socket for which nothing waits. Returns false if they must be queued.
    fn write(&self, socket: &mut Socket<SocketState>) -> bool {
        if socket.is_blocked() || !socket.state.takes_direct(CodecKind::Native) {
            return false;
        }
        let wire = if socket.state.batches { self.array() } else { &self.wire };
        socket.send(std::slice::from_ref(wire));
        if socket.is_blocked() {
            socket.state.writes(self.bytes);
        }
        true
    }
}

/// Returns the bytes of shared messages in the native protocol.
fn size(messages: &[Outgoing]) -> usize {
    let bytes = |message: &Outgoing| match message {
        Outgoing::Shared(delivery) => delivery.frame(CodecKind::Native).map_or(0, Frame::len),
        Outgoing::Own(_) => 0,
    };
    messages.iter().map(bytes).sum()
}
