//! A shard with real connections: its calls of the driver, and what its clients see.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use bytes::Bytes;
use engine::{Driver, End, Event, Limits, Opening, Shard, Socket, SocketId, Sockets, Violation, start};
use websocket::{Header, Opcode};

const WAIT: Duration = Duration::from_secs(5);

/// Echoes messages, sends commands to all sockets, and reports each end.
struct Echo {
    began: Instant,
    patience: Duration,
    ends: Sender<(SocketId, End)>,
}

enum Command {
    Open(SocketId, Opening),
    SendAll(String),
    /// Panics once.
    Panic,
    /// Makes a socket read again.
    Resume(SocketId),
}

#[derive(Default)]
struct State {
    replies: Vec<Bytes>,
    paused: bool,
    violation: Option<Violation>,
}

fn frame(opcode: Opcode, payload: &[u8]) -> Bytes {
    websocket::frame(opcode, payload).into()
}

impl Driver for Echo {
    type Socket = State;
    type Command = Command;

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn limits(&self, _: &State) -> Limits {
        Limits { message: 100_000, fragments: 16 }
    }

    fn reads(&self, socket: &State) -> bool {
        !socket.paused
    }

    fn patience(&self, _: &State) -> Duration {
        self.patience
    }

    fn next_tick(&self, _: &State) -> Option<Duration> {
        None
    }

    fn on_commands(&mut self, commands: &mut Vec<Command>, sockets: &mut Sockets<State>) {
        for command in commands.drain(..) {
            match command {
                Command::Open(id, opening) => assert!(sockets.open(id, opening, State::default()).is_ok()),
                Command::SendAll(text) => {
                    let frame = [frame(Opcode::Text, text.as_bytes())];
                    for id in sockets.ids() {
                        sockets.get(id).expect("it is open").send(&frame);
                        sockets.touch(id);
                    }
                }
                Command::Panic => panic!("a command that panics"),
                Command::Resume(id) => {
                    sockets.get(id).expect("it is open").state.paused = false;
                    sockets.touch(id);
                }
            }
        }
    }

    fn on_event(&mut self, socket: &mut Socket<State>, event: &Event<'_>) {
        match event {
            Event::Text("panic") => panic!("a message that panics"),
            Event::Text("pause") => socket.state.paused = true,
            Event::Text(text) => socket.state.replies.push(frame(Opcode::Text, text.as_bytes())),
            Event::Binary(data) => socket.state.replies.push(frame(Opcode::Binary, data)),
            _ => {}
        }
    }

    fn on_violation(&mut self, socket: &mut Socket<State>, violation: Violation) {
        socket.state.violation = Some(violation);
    }

    fn on_tick(&mut self, _: &mut Socket<State>) {}

    fn on_writable(&mut self, socket: &mut Socket<State>) {
        let replies = std::mem::take(&mut socket.state.replies);
        socket.send(&replies);
        if let Some(violation) = socket.state.violation {
            socket.close(violation.close_code(), "violation");
        }
    }

    fn on_end(&mut self, id: SocketId, _: State, end: End) {
        let _ = self.ends.send((id, end));
    }

    fn on_lost_commands(&mut self, sockets: &mut Sockets<State>) {
        for id in sockets.ids() {
            sockets.get(id).into_iter().for_each(|socket| socket.close(4408, "lagged"));
            sockets.touch(id);
        }
    }
}

struct Running {
    shard: Shard<Command>,
    ends: Receiver<(SocketId, End)>,
    listener: TcpListener,
    opened: SocketId,
}

impl Running {
    fn start(patience: Duration) -> Running {
        let (ends, receiver) = channel();
        let make = move || Echo { began: Instant::now(), patience, ends };
        let shard = start("test".to_owned(), None, make).expect("a thread can start");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        Running { shard, ends: receiver, listener, opened: 0 }
    }

    /// Opens a socket; `read` is what arrived together with its handshake.
    fn open(&mut self, read: Vec<u8>) -> TcpStream {
        let client = TcpStream::connect(self.listener.local_addr().expect("bound")).expect("it listens");
        client.set_read_timeout(Some(WAIT)).expect("a valid timeout");
        let (stream, _) = self.listener.accept().expect("a connection");
        self.shard.send(Command::Open(self.opened, Opening { stream, read: read.into() }));
        self.opened += 1;
        client
    }

    fn end(&self) -> (SocketId, End) {
        self.ends.recv_timeout(WAIT).expect("a socket ends")
    }
}

/// Returns a client's frame with a mask of zeros.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut header = Header::new(Opcode::Text, payload.len()).bytes().to_vec();
    header[0] = first;
    header[1] |= 0x80;
    [&header[..], &[0; 4], payload].concat()
}

#[track_caller]
fn expect(client: &mut TcpStream, opcode: Opcode, payload: &[u8]) {
    let wanted = frame(opcode, payload);
    let mut found = vec![0; wanted.len()];
    client.read_exact(&mut found).expect("an answer");
    assert_eq!(found, wanted);
}

/// Reads a close frame and the end of the connection. Returns the code.
#[track_caller]
fn expect_close(client: &mut TcpStream) -> u16 {
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).expect("a clean end");
    assert_eq!(rest.first(), Some(&0x88), "a close frame, not {rest:?}");
    u16::from_be_bytes([rest[2], rest[3]])
}

#[test]
fn messages_are_echoed_in_order_and_pings_are_answered() {
    let mut running = Running::start(WAIT);
    let mut client = running.open(masked(0x81, b"with the handshake"));
    expect(&mut client, Opcode::Text, b"with the handshake");
    let bytes = [masked(0x89, b"?"), masked(0x01, b"a"), masked(0x80, b"b"), masked(0x82, &[7; 70_000])].concat();
    for piece in bytes.chunks(1_000) {
        client.write_all(piece).expect("it is open");
    }
    expect(&mut client, Opcode::Pong, b"?");
    expect(&mut client, Opcode::Text, b"ab");
    expect(&mut client, Opcode::Binary, &[7; 70_000]);

    client.write_all(&masked(0x88, &1000_u16.to_be_bytes())).expect("it is open");
    assert_eq!(expect_close(&mut client), 1000, "the client's close is answered");
    assert_eq!(running.end(), (0, End::Gone));
}

#[test]
fn breaches_are_closed_with_the_code_of_the_rfc() {
    let mut running = Running::start(WAIT);
    for (bytes, code) in
        [(masked(0xc1, b""), 1002), (masked(0x81, &[0xff]), 1007), (masked(0x81, &[b'a'; 100_001]), 1009)]
    {
        let mut client = running.open(Vec::new());
        let _ = client.write_all(&bytes);
        assert_eq!(expect_close(&mut client), code);
        assert_eq!(running.end().1, End::Closed);
    }
}

#[test]
fn a_client_that_does_not_read_delays_no_other_and_then_gets_everything_in_order() {
    let mut running = Running::start(WAIT);
    let (mut slow, mut fast) = (running.open(Vec::new()), running.open(Vec::new()));
    let text = |n: usize| format!("{n:05}-{}", "x".repeat(20_000));
    for n in 0..1_000 {
        running.shard.send(Command::SendAll(text(n)));
        expect(&mut fast, Opcode::Text, text(n).as_bytes());
    }
    slow.write_all(&masked(0x89, b"late")).expect("it is open");
    for n in 0..1_000 {
        expect(&mut slow, Opcode::Text, text(n).as_bytes());
    }
    expect(&mut slow, Opcode::Pong, b"late");
}

#[test]
fn a_client_that_reads_nothing_for_too_long_is_gone() {
    let mut running = Running::start(Duration::from_millis(200));
    let _client = running.open(Vec::new());
    for _ in 0..1_000 {
        running.shard.send(Command::SendAll("x".repeat(20_000)));
    }
    assert_eq!(running.end(), (0, End::Gone));
}

#[test]
fn a_socket_that_is_not_read_keeps_what_its_client_sends() {
    let mut running = Running::start(WAIT);
    let mut client = running.open(Vec::new());
    client.write_all(&[masked(0x81, b"pause"), masked(0x81, b"later")].concat()).expect("it is open");
    client.set_read_timeout(Some(Duration::from_millis(200))).expect("valid");
    let nothing = client.read(&mut [0]).expect_err("the socket is paused");
    assert!(matches!(nothing.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{nothing}");
    client.write_all(&masked(0x81, b"even later")).expect("it is open");
    running.shard.send(Command::Resume(0));
    client.set_read_timeout(Some(WAIT)).expect("valid");
    expect(&mut client, Opcode::Text, b"later");
    expect(&mut client, Opcode::Text, b"even later");
}

#[test]
fn a_panic_ends_only_the_socket_that_it_concerns() {
    let mut running = Running::start(WAIT);
    let (mut bad, mut good) = (running.open(Vec::new()), running.open(Vec::new()));
    bad.write_all(&masked(0x81, b"panic")).expect("it is open");
    assert_eq!(expect_close(&mut bad), 1011);
    assert_eq!(running.end(), (0, End::Panicked));
    good.write_all(&masked(0x81, b"still here")).expect("it is open");
    expect(&mut good, Opcode::Text, b"still here");

    running.shard.send(Command::Panic);
    assert_eq!(expect_close(&mut good), 4408);
    assert_eq!(running.end(), (1, End::Closed));
    let mut next = running.open(masked(0x81, b"hello"));
    expect(&mut next, Opcode::Text, b"hello");
}

#[test]
fn a_shard_without_handles_cuts_its_sockets() {
    let mut running = Running::start(WAIT);
    let mut client = running.open(masked(0x81, b"hello"));
    expect(&mut client, Opcode::Text, b"hello");
    let Running { shard, ends, .. } = running;
    drop(shard);
    assert_eq!(ends.recv_timeout(WAIT), Ok((0, End::Gone)));
    assert_eq!(client.read(&mut [0]).expect("a clean end"), 0);
}
