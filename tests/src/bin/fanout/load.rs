//! The load: the clients of one server, in one thread with one epoll. Counts every delivery and checks its order.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream as StdStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use websocket::{Header, Opcode};

/// How long the clients wait for the next delivery.
const WAIT: Duration = Duration::from_secs(30);
/// How many connections in a row share a source address. A closed connection keeps its port for a minute, so the ports of
/// one address would be used up.
const PER_ADDRESS: usize = 4_000;
/// The source addresses 127.0.0.2 to 127.0.0.251. The first loopback address is left to HTTP clients.
const ADDRESSES: usize = 250;
/// How many connections were opened.
static OPENED: AtomicUsize = AtomicUsize::new(0);

/// How a delivery is recognised among a server's frames, and what its number is.
pub type NumberOf = fn(&[u8]) -> Option<u64>;

/// The clients of one server.
pub struct Clients {
    clients: Vec<Client>,
    poll: Poll,
    buffer: Vec<u8>,
    number_of: NumberOf,
    /// The number of the next delivery.
    next: u64,
    /// How many clients do not read, from the last one down.
    stalled: usize,
}

struct Client {
    stream: TcpStream,
    /// The beginning of a frame whose rest has not arrived.
    partial: Vec<u8>,
    /// The number of the next delivery.
    next: u64,
}

/// Returns a socket that is bound to the next loopback address.
pub fn source() -> Result<socket2::Socket> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    let host = 2 + (OPENED.fetch_add(1, Ordering::Relaxed) / PER_ADDRESS % ADDRESSES) as u8;
    let source = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, host)), 0);
    socket.set_reuse_address(true)?;
    socket.bind(&source.into())?;
    socket.set_tcp_nodelay(true)?;
    Ok(socket)
}

/// Returns the request of the opening handshake.
pub fn handshake(server: SocketAddr, path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nhost: {server}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// Connects and performs the opening handshake. Nothing of the server's first frames is read.
pub fn open(server: SocketAddr, path: &str) -> Result<StdStream> {
    let socket = source()?;
    socket.connect(&server.into()).context("connecting a client")?;
    let mut stream = StdStream::from(socket);
    stream.write_all(handshake(server, path).as_bytes())?;
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        ensure!(stream.read(&mut byte)? == 1, "the server closed during the handshake");
        answer.push(byte[0]);
    }
    ensure!(answer.starts_with(b"HTTP/1.1 101"), "no upgrade: {}", String::from_utf8_lossy(&answer));
    Ok(stream)
}

/// Returns a client's text frame, with a mask of zeros.
pub fn masked(payload: &[u8]) -> Vec<u8> {
    let mut header = Header::new(Opcode::Text, payload.len()).bytes().to_vec();
    header[1] |= 0x80;
    [&header[..], &[0; 4], payload].concat()
}

/// Reads the payload of the next frame.
pub fn read_frame(stream: &mut impl Read) -> Result<Vec<u8>> {
    let (mut header, mut byte) = (Vec::new(), [0]);
    let len = loop {
        stream.read_exact(&mut byte)?;
        header.push(byte[0]);
        if let Some((_, len)) = frame_length(&header) {
            break len;
        }
    };
    let mut payload = vec![0; len];
    stream.read_exact(&mut payload)?;
    Ok(payload)
}

impl Clients {
    /// Takes over open connections. The first delivery has the number `next`.
    pub fn new(streams: Vec<StdStream>, number_of: NumberOf, next: u64) -> Result<Clients> {
        let poll = Poll::new()?;
        let mut clients = Vec::new();
        for (index, stream) in streams.into_iter().enumerate() {
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(index), Interest::READABLE)?;
            clients.push(Client { stream, partial: Vec::new(), next });
        }
        Ok(Clients { clients, poll, buffer: vec![0; 256 * 1024], number_of, next, stalled: 0 })
    }

    /// Makes some clients read nothing from now on; nothing is expected of them.
    pub fn stall(&mut self, count: usize) {
        self.stalled = count;
    }

    /// Returns the number of the next delivery.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Sends frames from one client at once.
    pub fn send(&mut self, client: usize, frames: &[u8]) -> Result<()> {
        let stream = &mut self.clients[client].stream;
        let mut rest = frames;
        while !rest.is_empty() {
            match stream.write(rest) {
                Ok(sent) => rest = &rest[sent..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits until every client that reads has received `count` further deliveries, in order and without a gap.
    pub fn receive(&mut self, count: u64) -> Result<()> {
        let target = self.next + count;
        let reading = self.clients.len() - self.stalled;
        let mut behind = self.clients[..reading].iter().filter(|client| client.next < target).count();
        let mut events = Events::with_capacity(1_024);
        while behind > 0 {
            self.poll.poll(&mut events, Some(WAIT))?;
            if events.is_empty() {
                bail!("{behind} of {} clients miss a delivery", self.clients.len());
            }
            for event in events.iter().filter(|event| event.token().0 < reading) {
                let client = &mut self.clients[event.token().0];
                let was_behind = client.next < target;
                client.read(&mut self.buffer, self.number_of)?;
                ensure!(client.next <= target, "a client received a delivery that was not sent");
                behind -= usize::from(was_behind && client.next == target);
            }
        }
        self.next = target;
        Ok(())
    }
}

impl Client {
    fn read(&mut self, buffer: &mut [u8], number_of: NumberOf) -> Result<()> {
        loop {
            let read = match self.stream.read(buffer) {
                Ok(0) => bail!("the server closed a client"),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            if self.partial.is_empty() {
                let used = self.frames(&buffer[..read], number_of)?;
                self.partial.extend_from_slice(&buffer[used..read]);
            } else {
                self.partial.extend_from_slice(&buffer[..read]);
                let partial = std::mem::take(&mut self.partial);
                let used = self.frames(&partial, number_of)?;
                self.partial = partial[used..].to_vec();
            }
        }
    }

    /// Counts whole frames. Returns how many bytes they have.
    fn frames(&mut self, bytes: &[u8], number_of: NumberOf) -> Result<usize> {
        let mut at = 0;
        while let Some((header, len)) = frame_length(&bytes[at..]) {
            let Some(payload) = bytes.get(at + header..at + header + len) else { break };
            if let Some(number) = number_of(payload) {
                ensure!(number == self.next, "delivery {number} arrived instead of {}", self.next);
                self.next += 1;
            } else if payload.starts_with(br#"{"t":"ping""#) {
                self.stream.write_all(&masked(br#"{"t":"pong"}"#))?;
            }
            at += header + len;
        }
        Ok(at)
    }
}

/// Returns the length of a server's header and of its payload, if the header is complete.
pub fn frame_length(bytes: &[u8]) -> Option<(usize, usize)> {
    match *bytes.get(1)? {
        126 => Some((4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)))),
        127 => Some((10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize)),
        short => Some((2, usize::from(short))),
    }
}
