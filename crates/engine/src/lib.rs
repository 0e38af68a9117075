//! Shards of WebSockets. A shard is one thread that owns its sockets: it reads and writes them without blocking, and
//! everything that another thread wants of them is a command in its queue.
//!
//! A socket costs no task, timer or buffer while it is idle. A message for many sockets is one command; the shard writes
//! it to each socket directly and queues bytes only for a socket whose kernel buffer is full. Knows nothing of chat:
//! what a socket says and means is up to its [`Driver`].

mod limits;
mod lingering;
mod shard;
mod socket;
mod sockets;
mod thread;
mod timers;

use std::time::Duration;

pub use shard::{Shard, cores, start};
pub use socket::{Opening, Socket};
pub use sockets::Sockets;
pub use websocket::{Event, Limits, Violation};

/// The number of a socket, unique in its process.
pub type SocketId = u64;

/// Decides what the sockets of one shard do. The shard calls it on its own thread, so no method may block; a panic closes
/// the socket that it concerns.
pub trait Driver: Send + 'static {
    /// What the driver knows about one socket.
    type Socket;
    /// What other threads ask of the shard.
    type Command: Send + 'static;

    /// Returns the time that ticks are measured in.
    fn now(&self) -> Duration;

    /// Returns what the socket's next message may cost.
    fn limits(&self, socket: &Self::Socket) -> Limits;

    /// Returns whether the socket's next message may be read.
    fn reads(&self, socket: &Self::Socket) -> bool;

    /// Returns how long a socket may leave queued bytes unread before it counts as gone.
    fn patience(&self, socket: &Self::Socket) -> Duration;

    /// Returns when [`Driver::on_tick`] is due.
    fn next_tick(&self, socket: &Self::Socket) -> Option<Duration>;

    /// Handles the commands that arrived since the last call, in order; leaves `commands` empty.
    fn on_commands(&mut self, commands: &mut Vec<Self::Command>, sockets: &mut Sockets<Self::Socket>);

    /// Handles what the client sent. The shard answers pings and close frames itself.
    fn on_event(&mut self, socket: &mut Socket<Self::Socket>, event: &Event<'_>);

    /// Handles a client that broke the protocol: nothing more can be read. The driver should close the socket.
    fn on_violation(&mut self, socket: &mut Socket<Self::Socket>, violation: Violation);

    /// Handles the passing of time.
    fn on_tick(&mut self, socket: &mut Socket<Self::Socket>);

    /// Sends what waits for this socket, because it was touched or can be written again.
    fn on_writable(&mut self, socket: &mut Socket<Self::Socket>);

    /// Handles the end of a socket: it was closed by either side, is gone, or its driver panicked.
    fn on_end(&mut self, id: SocketId, socket: Self::Socket, end: End);

    /// Handles a panic in [`Driver::on_commands`]: some commands were lost.
    fn on_lost_commands(&mut self, sockets: &mut Sockets<Self::Socket>);
}

/// How a socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The driver closed it.
    Closed,
    /// The client closed it, disconnected, or read nothing for too long.
    Gone,
    /// The driver panicked.
    Panicked,
}
