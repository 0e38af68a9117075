//! The sockets of one shard.

use std::io;
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustc_hash::FxHashMap;
use websocket::Decoder;

use crate::SocketId;
use crate::socket::{Opening, Slot, Socket};

/// The sockets of one shard, by their numbers.
pub struct Sockets<S> {
    registry: Registry,
    pub(crate) slots: FxHashMap<SocketId, Box<Slot<S>>>,
    /// Sockets to settle, each once.
    pub(crate) touched: Vec<SocketId>,
}

impl<S> Sockets<S> {
    pub(crate) fn new(registry: Registry) -> Sockets<S> {
        Sockets { registry, slots: FxHashMap::default(), touched: Vec::new() }
    }

    /// Adds a socket. If that fails, returns its state.
    pub fn open(&mut self, id: SocketId, opening: Opening, state: S) -> Result<(), S> {
        let Opening { stream, read } = opening;
        let registered = stream.set_nonblocking(true).and_then(|()| {
            let mut stream = TcpStream::from_std(stream);
            self.register(&mut stream, id).map(|()| stream)
        });
        let Ok(stream) = registered else { return Err(state) };
        let slot = Slot {
            socket: Socket::new(id, stream, state),
            decoder: Decoder::new(),
            unread: read.into(),
            readable: true,
            read_closed: false,
            deaf: false,
            close_answered: false,
            blocked_since: None,
            scheduled: Duration::MAX,
            touched: false,
        };
        self.slots.insert(id, Box::new(slot));
        self.touch(id);
        Ok(())
    }

    fn register(&self, stream: &mut TcpStream, id: SocketId) -> io::Result<()> {
        let token = usize::try_from(id).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.registry.register(stream, Token(token), Interest::READABLE | Interest::WRITABLE)
    }

    /// Returns a socket that the driver has not closed.
    pub fn get(&mut self, id: SocketId) -> Option<&mut Socket<S>> {
        self.slots.get_mut(&id).map(|slot| &mut slot.socket).filter(|socket| !socket.is_closing())
    }

    /// Calls `send` for every open socket, and touches those for which bytes wait after it.
    pub fn each(&mut self, mut send: impl FnMut(&mut Socket<S>)) {
        let mut blocked = Vec::new();
        for (id, slot) in &mut self.slots {
            send(&mut slot.socket);
            if slot.socket.is_blocked() {
                blocked.push(*id);
            }
        }
        blocked.into_iter().for_each(|id| self.touch(id));
    }

    /// Makes the shard call the driver for this socket, and whatever else it needs, once all commands are handled.
    pub fn touch(&mut self, id: SocketId) {
        if let Some(slot) = self.slots.get_mut(&id)
            && !std::mem::replace(&mut slot.touched, true)
        {
            self.touched.push(id);
        }
    }

    /// Ends a socket at once, without a close frame.
    pub fn cut(&mut self, id: SocketId) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.socket.output.broken = true;
            self.touch(id);
        }
    }

    /// Returns the numbers of all sockets.
    pub fn ids(&self) -> Vec<SocketId> {
        self.slots.keys().copied().collect()
    }
}
