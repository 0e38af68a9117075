//! Compares the decoder with tungstenite on random frames that are mostly valid, cut at random places and sometimes
//! damaged. `PALAVER_FUZZ_SECONDS` sets how long it runs.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};
use websocket::{Decoder, Event, Limits};

const LIMITS: Limits = Limits { message: 400, fragments: 1_000 };

/// What both decoders must agree on: the events before the first breach, and whether there was one.
#[derive(Debug, PartialEq)]
struct Outcome {
    events: Vec<(u8, Vec<u8>)>,
    breach: bool,
}

/// A stream whose input is complete, and which discards what is written.
struct Input<'a>(&'a [u8]);

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            read => Ok(read),
        }
    }
}

impl Write for Input<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn theirs(bytes: &[u8]) -> Outcome {
    let config = WebSocketConfig::default().max_message_size(Some(LIMITS.message)).max_frame_size(Some(LIMITS.message));
    let mut socket = WebSocket::from_raw_socket(Input(bytes), Role::Server, Some(config));
    let mut events = Vec::new();
    loop {
        let event = match socket.read() {
            Ok(Message::Text(text)) => (1, text.as_bytes().to_vec()),
            Ok(Message::Binary(data)) => (2, data.to_vec()),
            Ok(Message::Ping(data)) => (9, data.to_vec()),
            Ok(Message::Pong(data)) => (10, data.to_vec()),
            Ok(Message::Close(frame)) => {
                // tungstenite reports a code that it does not accept as 1002.
                let code = frame.map_or(0, |frame| u16::from(frame.code));
                events.push((8, if code == 1002 { 0 } else { code }.to_be_bytes().to_vec()));
                return Outcome { events, breach: false };
            }
            Ok(Message::Frame(_)) => continue,
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                return Outcome { events, breach: false };
            }
            Err(_) => return Outcome { events, breach: true },
        };
        events.push(event);
    }
}

fn ours(bytes: &[u8], random: &mut StdRng) -> Outcome {
    let mut decoder = Decoder::new();
    let mut events = Vec::new();
    let mut bytes = bytes.to_vec();
    let mut left = &mut bytes[..];
    while !left.is_empty() {
        let cut = random.random_range(1..=left.len());
        let (mut piece, rest) = left.split_at_mut(cut);
        left = rest;
        loop {
            let event = match decoder.next(&mut piece, &LIMITS) {
                Ok(Some(Event::Text(text))) => (1, text.as_bytes().to_vec()),
                Ok(Some(Event::Binary(data))) => (2, data.to_vec()),
                Ok(Some(Event::Ping(data))) => (9, data.to_vec()),
                Ok(Some(Event::Pong(data))) => (10, data.to_vec()),
                Ok(Some(Event::Fragment)) => continue,
                Ok(Some(Event::Close { code })) => {
                    // tungstenite does not accept 1014, which was registered later.
                    let code = code.filter(|code| ![1002, 1014].contains(code)).unwrap_or(0);
                    events.push((8, code.to_be_bytes().to_vec()));
                    return Outcome { events, breach: false };
                }
                Ok(None) => break,
                Err(_) => return Outcome { events, breach: true },
            };
            events.push(event);
        }
    }
    Outcome { events, breach: false }
}

/// Appends a client's frame that may break a rule. `open` says whether a message has begun and not ended.
fn push_frame(bytes: &mut Vec<u8>, open: &mut bool, random: &mut StdRng) {
    let opcode = match random.random_range(0..40) {
        0..26 if *open => 0,
        0..18 => 1,
        18..27 => 2,
        27..32 => 9,
        32..37 => 10,
        37 | 38 => 8,
        _ => random.random_range(0..16),
    };
    let fin = u8::from(opcode >= 8 || random.random_bool(0.6)) << 7;
    if opcode < 8 {
        *open = fin == 0;
    }
    let len = match random.random_range(0..10) {
        0..7 => random.random_range(0..20),
        7 | 8 => random.random_range(100..140),
        _ => random.random_range(0..500),
    };
    let len = if opcode >= 8 && random.random_bool(0.95) { len % 126 } else { len };
    let mut payload: Vec<u8> = match random.random_range(0..8) {
        0 => (0..len).map(|_| random.random()).collect(),
        1 => "añ€😀\u{10ffff}".bytes().cycle().take(len).collect(),
        _ => vec![b'a'; len],
    };
    if opcode == 8 && payload.len() >= 2 {
        let code: u16 = random.random_range(999..1016);
        payload[..2].copy_from_slice(&code.to_be_bytes());
        payload[2..].fill(b'x');
    }

    bytes.push(fin | opcode | if random.random_bool(0.01) { 0x40 } else { 0 });
    let masked = if random.random_bool(0.99) { 0x80 } else { 0 };
    match payload.len() {
        len @ 0..126 => bytes.push(masked | len as u8),
        len => {
            bytes.push(masked | 126);
            bytes.extend((len as u16).to_be_bytes());
        }
    }
    let mask: [u8; 4] = random.random();
    if masked != 0 {
        bytes.extend(mask);
        payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    }
    bytes.extend(payload);
}

/// Returns whether this decoder only gave up earlier: it rejects lengths that are not in their shortest form, invalid text
/// before its message ends, and close codes that must not be sent.
fn is_stricter(ours: &Outcome, theirs: &Outcome) -> bool {
    ours.breach && theirs.events.starts_with(&ours.events)
}

#[test]
fn the_decoder_agrees_with_tungstenite() {
    let seconds = std::env::var("PALAVER_FUZZ_SECONDS").map_or(2, |text| text.parse().expect("a number of seconds"));
    let seed = rand::random();
    let mut random = StdRng::seed_from_u64(seed);
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut inputs, mut events, mut breaches, mut stricter) = (0_u64, 0_u64, 0_u64, 0_u64);
    while Instant::now() < end {
        let (mut bytes, mut open) = (Vec::new(), false);
        for _ in 0..random.random_range(1..8) {
            push_frame(&mut bytes, &mut open, &mut random);
        }
        if random.random_bool(0.1) {
            let at = random.random_range(0..bytes.len());
            bytes[at] = random.random();
        }
        if random.random_bool(0.2) {
            bytes.truncate(random.random_range(0..bytes.len()));
        }
        let (ours, theirs) = (ours(&bytes, &mut random), theirs(&bytes));
        inputs += 1;
        events += ours.events.len() as u64;
        breaches += u64::from(ours.breach);
        if ours != theirs {
            assert!(is_stricter(&ours, &theirs), "seed {seed}, input {bytes:02x?}\nours {ours:?}\ntheirs {theirs:?}");
            stricter += 1;
        }
    }
    println!("{inputs} inputs, {events} events, {breaches} breaches, {stricter} times stricter than tungstenite");
    assert!(events > inputs / 2 && breaches > inputs / 50, "the inputs exercise both outcomes");
    assert!(stricter < inputs / 5, "stricter only where the RFC says so");
}
