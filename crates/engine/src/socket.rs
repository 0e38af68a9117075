//! One socket of a shard: what is written to it, and the state of its driver.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Write};
use std::net::TcpStream as StdStream;
use std::time::Duration;

use bytes::{Buf, Bytes};
use mio::net::TcpStream;
use websocket::{Decoder, Opcode, close_payload, frame};

use crate::SocketId;
use crate::limits::FRAMES_PER_WRITE;

/// A connection after its handshake.
#[derive(Debug)]
pub struct Opening {
    /// The connection.
    pub stream: StdStream,
    /// What the client sent after its handshake and was read together with it.
    pub read: Bytes,
}

/// A socket that is open, with its driver's state.
#[derive(Debug)]
pub struct Socket<S> {
    id: SocketId,
    /// The driver's state.
    pub state: S,
    pub(crate) output: Output,
    /// The close frame's content, once the driver has closed the socket.
    pub(crate) closing: Option<(u16, &'static str)>,
}

/// The writing half of a connection.
#[derive(Debug)]
pub(crate) struct Output {
    pub stream: TcpStream,
    /// Bytes that the kernel has not accepted. Empty while the socket keeps up.
    unsent: VecDeque<Bytes>,
    unsent_bytes: usize,
    /// The payload of the last ping that could not be answered because bytes are queued.
    pong: Option<Bytes>,
    /// Writing failed: the client is gone.
    pub broken: bool,
}

/// What a shard keeps of a socket besides what its driver sees.
#[derive(Debug)]
pub(crate) struct Slot<S> {
    pub socket: Socket<S>,
    pub decoder: Decoder,
    /// What was read before the driver stopped reading.
    pub unread: Vec<u8>,
    /// The kernel may have more to read.
    pub readable: bool,
    /// The client has closed its writing half.
    pub read_closed: bool,
    /// Nothing more can be decoded.
    pub deaf: bool,
    /// The client sent a close frame, and it was answered.
    pub close_answered: bool,
    /// Since when bytes are queued.
    pub blocked_since: Option<Duration>,
    /// The earliest time at which the timers bring it up.
    pub scheduled: Duration,
    /// Whether it is in the list of sockets to settle.
    pub touched: bool,
}

impl<S> Socket<S> {
    pub(crate) fn new(id: SocketId, stream: TcpStream, state: S) -> Socket<S> {
        Socket { id, state, output: Output::new(stream), closing: None }
    }

    /// Returns the socket's number.
    pub fn id(&self) -> SocketId {
        self.id
    }

    /// Returns whether bytes wait because the client does not read fast enough. What is sent now waits behind them.
    pub fn is_blocked(&self) -> bool {
        self.output.is_blocked()
    }

    /// Returns whether the driver has closed the socket.
    pub fn is_closing(&self) -> bool {
        self.closing.is_some()
    }

    /// Sends whole frames, header included. Queues what the kernel does not accept.
    pub fn send(&mut self, frames: &[Bytes]) {
        self.output.send(frames);
    }

    /// Closes the socket with a close frame, after everything that was sent. The driver gets no further call but
    /// [`crate::Driver::on_end`].
    pub fn close(&mut self, code: u16, reason: &'static str) {
        self.closing.get_or_insert((code, reason));
    }
}

impl Output {
    fn new(stream: TcpStream) -> Output {
        Output { stream, unsent: VecDeque::new(), unsent_bytes: 0, pong: None, broken: false }
    }

    pub fn is_blocked(&self) -> bool {
        self.unsent_bytes > 0
    }

    pub fn send(&mut self, frames: &[Bytes]) {
        if self.broken {
            return;
        }
        let mut sent = 0;
        if !self.is_blocked() {
            sent = match self.write(frames) {
                Ok(sent) => sent,
                Err(_) => {
                    self.broken = true;
                    return;
                }
            };
        }
        for frame in frames {
            let skipped = sent.min(frame.len());
            sent -= skipped;
            if skipped < frame.len() {
                let rest = frame.slice(skipped..);
                self.unsent_bytes += rest.len();
                self.unsent.push_back(rest);
            }
        }
    }

    /// Sends one control frame.
    pub fn control(&mut self, opcode: Opcode, payload: &[u8]) {
        self.send(&[frame(opcode, payload).into()]);
    }

    /// Answers a ping. While bytes are queued, only the last ping is answered, after them.
    pub fn pong(&mut self, payload: &[u8]) {
        match self.is_blocked() {
            true => self.pong = Some(Bytes::copy_from_slice(payload)),
            false => self.control(Opcode::Pong, payload),
        }
    }

    pub fn close(&mut self, code: Option<u16>, reason: &str) {
        let payload = code.map_or_else(Vec::new, |code| close_payload(code, reason));
        self.control(Opcode::Close, &payload);
    }

    /// Writes queued bytes, because the kernel may accept some.
    pub fn flush(&mut self) {
        while self.is_blocked() && !self.broken {
            let frames: Vec<Bytes> = self.unsent.iter().take(FRAMES_PER_WRITE).cloned().collect();
            let offered: usize = frames.iter().map(Bytes::len).sum();
            match self.write(&frames) {
                Ok(sent) => {
                    self.discard(sent);
                    if sent < offered {
                        return;
                    }
                }
                Err(_) => self.broken = true,
            }
        }
        // Most sockets never block: the queue of one that did is not kept.
        self.unsent = VecDeque::new();
        if let Some(payload) = self.pong.take() {
            self.control(Opcode::Pong, &payload);
        }
    }

    fn discard(&mut self, mut sent: usize) {
        self.unsent_bytes -= sent;
        while sent > 0
            && let Some(front) = self.unsent.front_mut()
        {
            let taken = sent.min(front.len());
            front.advance(taken);
            sent -= taken;
            if front.is_empty() {
                self.unsent.pop_front();
            }
        }
    }

    /// Writes until the kernel accepts no more. Returns the number of bytes written.
    fn write(&mut self, frames: &[Bytes]) -> io::Result<usize> {
        let mut written = 0;
        if let [frame] = frames {
            return self.write_one(frame);
        }
        for frames in frames.chunks(FRAMES_PER_WRITE) {
            let offered: usize = frames.iter().map(Bytes::len).sum();
            let mut slices = [IoSlice::new(&[]); FRAMES_PER_WRITE];
            slices.iter_mut().zip(frames).for_each(|(slice, frame)| *slice = IoSlice::new(frame));
            let mut slices = &mut slices[..frames.len()];
            let mut left = offered;
            while left > 0 {
                match self.stream.write_vectored(slices) {
                    Ok(0) => return Err(ErrorKind::WriteZero.into()),
                    Ok(sent) => {
                        written += sent;
                        left -= sent;
                        IoSlice::advance_slices(&mut slices, sent);
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(written),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(written)
    }

    /// Like [`Output::write`], for the usual case.
    fn write_one(&mut self, frame: &[u8]) -> io::Result<usize> {
        let mut written = 0;
        while written < frame.len() {
            match self.stream.write(&frame[written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(sent) => written += sent,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }
}
