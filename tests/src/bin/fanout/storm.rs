//! Many clients that connect at the same moment, as after a restart: one thread with one epoll opens all of them.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream as StdStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::load::{frame_length, handshake, source};

/// How long the clients wait for the next progress of any of them.
const WAIT: Duration = Duration::from_secs(30);
/// A client that is not admitted retries after one to two times this.
const RETRY: Duration = Duration::from_secs(1);
/// How often the clients look for those that are due to retry.
const LOOK: Duration = Duration::from_millis(20);
/// The error of Linux for a connection that is being opened.
const EINPROGRESS: i32 = 115;

/// How far a client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It connects at this moment.
    Waiting(Instant),
    /// The request for the handshake is not sent.
    Connecting,
    /// The answer to the handshake has not arrived.
    Opening,
    /// The frame that makes it live has not arrived.
    SignedOut,
    Live,
}

struct Client {
    stream: TcpStream,
    phase: Phase,
    /// What it says after the handshake.
    hello: Vec<u8>,
    /// Bytes that arrived and that are not a whole frame yet.
    partial: Vec<u8>,
}

/// The sockets after a storm.
pub struct Calm {
    pub streams: Vec<StdStream>,
    /// The time until all of them were live.
    pub took: Duration,
    /// How many times a client was not admitted and retried.
    pub retries: usize,
}

/// Connects all clients at once; each says its `hello` after the handshake. One that the server does not admit retries after
/// a while. Returns once all of them have received a frame that begins with `live`.
pub fn connect(server: SocketAddr, path: &str, hellos: Vec<Vec<u8>>, live: &[u8]) -> Result<Calm> {
    let (mut poll, begun) = (Poll::new()?, Instant::now());
    let mut clients = Vec::with_capacity(hellos.len());
    for (index, hello) in hellos.into_iter().enumerate() {
        let stream = begin(&poll, server, index)?;
        clients.push(Client { stream, phase: Phase::Connecting, hello, partial: Vec::new() });
    }

    let (mut events, mut buffer) = (Events::with_capacity(1_024), vec![0; 64 * 1024]);
    let (mut waiting, mut retries, mut progress) = (clients.len(), 0, begun);
    while waiting > 0 {
        poll.poll(&mut events, Some(LOOK))?;
        for event in &events {
            progress = Instant::now();
            let client = &mut clients[event.token().0];
            if event.is_writable() && client.phase == Phase::Connecting {
                client.stream.take_error()?.map_or(Ok(()), Err).context("a client was not accepted")?;
                client.stream.write_all(handshake(server, path).as_bytes())?;
                client.phase = Phase::Opening;
            }
            if event.is_readable() && client.read(&mut buffer, live)? {
                waiting -= 1;
            }
        }
        ensure!(progress.elapsed() < WAIT, "{waiting} of {} clients are not live", clients.len());

        for (index, client) in clients.iter_mut().enumerate() {
            if matches!(client.phase, Phase::Waiting(until) if until <= Instant::now()) {
                client.stream = begin(&poll, server, index)?;
                client.phase = Phase::Connecting;
                retries += 1;
            }
        }
    }
    let streams = clients.into_iter().map(|client| client.stream.into()).collect();
    Ok(Calm { streams, took: begun.elapsed(), retries })
}

/// Begins to connect.
fn begin(poll: &Poll, server: SocketAddr, index: usize) -> Result<TcpStream> {
    let socket = source()?;
    socket.set_nonblocking(true)?;
    match socket.connect(&server.into()) {
        Err(error) if error.raw_os_error() != Some(EINPROGRESS) => return Err(error).context("connecting a client"),
        _ => {}
    }
    let mut stream = TcpStream::from_std(socket.into());
    poll.registry().register(&mut stream, Token(index), Interest::READABLE | Interest::WRITABLE)?;
    Ok(stream)
}

impl Client {
    /// Reads what has arrived. Returns whether that made the client live.
    fn read(&mut self, buffer: &mut [u8], live: &[u8]) -> Result<bool> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) if self.phase == Phase::Live => bail!("the server closed a client that was live"),
                Ok(0) => {
                    self.phase = Phase::Waiting(Instant::now() + RETRY.mul_f64(rand::random_range(1.0..2.0)));
                    self.partial.clear();
                    return Ok(false);
                }
                Ok(read) => self.partial.extend_from_slice(&buffer[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return self.take(live),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn take(&mut self, live: &[u8]) -> Result<bool> {
        if self.phase == Phase::Opening
            && let Some(end) = self.partial.windows(4).position(|window| window == b"\r\n\r\n")
        {
            let answer: Vec<u8> = self.partial.drain(..end + 4).collect();
            ensure!(answer.starts_with(b"HTTP/1.1 101"), "no upgrade: {}", String::from_utf8_lossy(&answer));
            self.stream.write_all(&self.hello)?;
            self.phase = Phase::SignedOut;
        }
        if !matches!(self.phase, Phase::SignedOut | Phase::Live) {
            return Ok(false);
        }

        let (mut used, mut became_live) = (0, false);
        while let Some((header, len)) = frame_length(&self.partial[used..]) {
            let Some(payload) = self.partial.get(used + header..used + header + len) else { break };
            ensure!(!payload.starts_with(br#"{"t":"error""#), "{}", String::from_utf8_lossy(payload));
            if payload.starts_with(live) && self.phase == Phase::SignedOut {
                (self.phase, became_live) = (Phase::Live, true);
            }
            used += header + len;
        }
        self.partial.drain(..used);
        Ok(became_live)
    }
}
