//! The servers that the product is compared with: `floor`, a bare loop of `send(2)` of the same bytes to the same sockets,
//! and `engine`, our shards without a store or a protocol. `echo` is the engine for Autobahn's cases.
//!
//! Each sends every message of a client to all clients, and prints its address when it listens.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use engine::{Driver, End, Event, Limits, Opening, Shard, Socket, SocketId, Sockets, Violation};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use websocket::{Decoder, Header, Opcode};

/// Large enough for Autobahn's largest message.
const LIMITS: Limits = Limits { message: 32 << 20, fragments: u32::MAX };

/// Runs a server until the process is killed.
pub fn serve(kind: &str) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("listening {}", listener.local_addr()?);
    match kind {
        "floor" => floor(listener),
        "engine" => shards(listener, Answer::All),
        "echo" => shards(listener, Answer::Sender),
        other => bail!("unknown server {other:?}; the servers are floor, engine, echo"),
    }
}

/// Accepts a connection and performs the opening handshake.
fn accept(listener: &TcpListener) -> Result<TcpStream> {
    let (mut stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    let (mut request, mut byte) = (Vec::new(), [0]);
    while !request.ends_with(b"\r\n\r\n") {
        ensure!(stream.read(&mut byte)? == 1, "the client closed during the handshake");
        request.push(byte[0]);
    }
    let request = String::from_utf8(request)?;
    let is_key = |line: &&str| line.to_ascii_lowercase().starts_with("sec-websocket-key:");
    let key = request.lines().find(is_key).and_then(|line| line.split_once(':')).context("no key")?.1;
    let accept = derive_accept_key(key.trim().as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes())?;
    Ok(stream)
}

/// Reads the first client, and writes what it sends to all clients: one call for each client and read.
fn floor(listener: TcpListener) -> Result<()> {
    let publisher = accept(&listener)?;
    let (joined, others) = channel();
    let mut reader = publisher.try_clone()?;
    joined.send(publisher)?;
    std::thread::spawn(move || {
        while let Ok(stream) = accept(&listener) {
            if joined.send(stream).is_err() {
                return;
            }
        }
    });
    let mut clients = Vec::new();
    let (mut decoder, mut buffer) = (Decoder::new(), vec![0; 256 * 1024]);
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        let wire = echoes(&mut decoder, &mut buffer[..read])?;
        take_new(&others, &mut clients);
        for client in &mut clients {
            client.write_all(&wire)?;
        }
    }
}

fn take_new(others: &Receiver<TcpStream>, clients: &mut Vec<TcpStream>) {
    clients.extend(others.try_iter());
}

/// Returns the frames of a server that sends these messages back.
fn echoes(decoder: &mut Decoder, mut bytes: &mut [u8]) -> Result<Vec<u8>> {
    let mut wire = Vec::new();
    while let Some(event) = decoder.next(&mut bytes, &LIMITS)? {
        if let Event::Text(text) = event {
            wire.extend_from_slice(Header::new(Opcode::Text, text.len()).bytes());
            wire.extend_from_slice(text.as_bytes());
        }
    }
    Ok(wire)
}

/// Who gets a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    All,
    Sender,
}

enum Command {
    Open(SocketId, TcpStream),
    SendAll(Bytes),
}

type Handles = Arc<OnceLock<Vec<Shard<Command>>>>;

/// Runs one shard per core.
fn shards(listener: TcpListener, answer: Answer) -> Result<()> {
    let cores = engine::cores();
    let handles: Handles = Arc::default();
    let start = |core: &usize| {
        let (all, began) = (handles.clone(), Instant::now());
        engine::start(format!("shard-{core}"), Some(*core), move || ShardDriver { answer, all, began })
    };
    let shards: Vec<_> = cores.iter().map(start).collect::<Result<_, _>>()?;
    let shards = handles.get_or_init(|| shards);
    for id in 0.. {
        let Ok(stream) = accept(&listener) else { continue };
        shards[(id % shards.len() as u64) as usize].send(Command::Open(id, stream));
    }
    Ok(())
}

struct ShardDriver {
    answer: Answer,
    all: Handles,
    began: Instant,
}

#[derive(Default)]
struct State {
    /// The frames that answer what was read last.
    replies: Vec<u8>,
    violation: Option<Violation>,
}

impl Driver for ShardDriver {
    type Socket = State;
    type Command = Command;

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn limits(&self, _: &State) -> Limits {
        LIMITS
    }

    fn reads(&self, _: &State) -> bool {
        true
    }

    fn patience(&self, _: &State) -> Duration {
        Duration::from_secs(60)
    }

    fn next_tick(&self, _: &State) -> Option<Duration> {
        None
    }

    fn on_commands(&mut self, commands: &mut Vec<Command>, sockets: &mut Sockets<State>) {
        let mut frames = Vec::new();
        for command in commands.drain(..) {
            match command {
                Command::Open(id, stream) => {
                    let _ = sockets.open(id, Opening { stream, read: Bytes::new() }, State::default());
                }
                Command::SendAll(frame) => frames.push(frame),
            }
        }
        let wire = match &frames[..] {
            [] => return,
            [one] => one.clone(),
            many => many.concat().into(),
        };
        sockets.each(|socket| socket.send(std::slice::from_ref(&wire)));
    }

    fn on_event(&mut self, socket: &mut Socket<State>, event: &Event<'_>) {
        let (opcode, payload) = match event {
            Event::Text(text) => (Opcode::Text, text.as_bytes()),
            Event::Binary(data) => (Opcode::Binary, *data),
            _ => return,
        };
        socket.state.replies.extend_from_slice(Header::new(opcode, payload.len()).bytes());
        socket.state.replies.extend_from_slice(payload);
    }

    fn on_violation(&mut self, socket: &mut Socket<State>, violation: Violation) {
        socket.state.violation = Some(violation);
    }

    fn on_tick(&mut self, _: &mut Socket<State>) {}

    fn on_writable(&mut self, socket: &mut Socket<State>) {
        let replies = Bytes::from(std::mem::take(&mut socket.state.replies));
        match self.answer {
            _ if replies.is_empty() => {}
            Answer::Sender => socket.send(&[replies]),
            Answer::All => {
                let shards = self.all.get().into_iter().flatten();
                shards.for_each(|shard| shard.send(Command::SendAll(replies.clone())));
            }
        }
        if let Some(violation) = socket.state.violation {
            socket.close(violation.close_code(), "");
        }
    }

    fn on_end(&mut self, _: SocketId, _: State, _: End) {}

    fn on_lost_commands(&mut self, _: &mut Sockets<State>) {}
}
