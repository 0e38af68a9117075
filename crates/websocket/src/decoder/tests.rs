//! Tests of the decoder: what it accepts, what it rejects, and that cuts of the input make no difference.

use super::*;
use crate::frame::Header;

const LIMITS: Limits = Limits { message: 1_000, fragments: 4 };
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Returns a client's frame; `first` is its first byte.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let header = Header::new(Opcode::Text, payload.len());
    let mut bytes = header.bytes().to_vec();
    bytes[0] = first;
    bytes[1] |= 0x80;
    bytes.extend(MASK);
    let at = bytes.len();
    bytes.extend(payload);
    mask::apply(&mut bytes[at..], MASK, 0);
    bytes
}

/// Decodes bytes that arrive in pieces of this size, and writes each event down.
fn decode_in(size: usize, bytes: &[u8], limits: &Limits) -> (Vec<String>, Option<Violation>) {
    let mut decoder = Decoder::new();
    let mut events = Vec::new();
    for piece in bytes.chunks(size.max(1)) {
        let mut piece = piece.to_vec();
        let mut rest = &mut piece[..];
        loop {
            match decoder.next(&mut rest, limits) {
                Ok(Some(event)) => events.push(format!("{event:?}")),
                Ok(None) => break,
                Err(violation) => return (events, Some(violation)),
            }
        }
    }
    (events, None)
}

#[track_caller]
fn expect(bytes: &[u8], events: &[&str], violation: Option<Violation>) {
    for size in [bytes.len(), 1, 2, 3, 7] {
        let found = decode_in(size, bytes, &LIMITS);
        assert_eq!(found, (events.iter().map(|event| (*event).to_owned()).collect(), violation), "pieces of {size}");
    }
}

#[test]
fn messages_are_decoded_however_they_are_cut() {
    expect(&frame(0x81, b""), &[r#"Text("")"#], None);
    expect(&frame(0x81, "hé".as_bytes()), &[r#"Text("hé")"#], None);
    expect(&frame(0x82, &[0xff]), &["Binary([255])"], None);
    let long = "x".repeat(300);
    expect(&frame(0x81, long.as_bytes()), &[&format!("Text({long:?})")], None);
    let two = [frame(0x81, b"a"), frame(0x81, b"b")].concat();
    expect(&two, &[r#"Text("a")"#, r#"Text("b")"#], None);
}

#[test]
fn fragments_are_joined_and_control_frames_may_come_between() {
    let bytes = [
        frame(0x01, &[0xc3]),
        frame(0x89, b"ping"),
        frame(0x00, b""),
        frame(0x8a, b""),
        frame(0x80, &[0xa9]),
        frame(0x81, b"next"),
    ];
    let events = ["Fragment", "Ping([112, 105, 110, 103])", "Fragment", "Pong([])", r#"Text("é")"#, r#"Text("next")"#];
    expect(&bytes.concat(), &events, None);
}

#[test]
fn breaches_of_the_protocol_are_rejected() {
    let mut unmasked = frame(0x81, b"");
    unmasked[1] &= 0x7f;
    let long = |first, len: &[u8]| [&[first], len, &MASK].concat();
    let first = frame(0x01, b"a");
    let cases: [(&str, Vec<u8>); 11] = [
        ("a client's frame without a mask", unmasked),
        ("a reserved bit is set, but no extension was negotiated", frame(0xc1, b"")),
        ("a reserved opcode", frame(0x83, b"")),
        ("a reserved opcode", frame(0x8b, b"")),
        ("a control frame in fragments", frame(0x09, b"")),
        ("a control frame with more than 125 bytes", frame(0x89, &[0; 126])),
        ("a continuation without a message", frame(0x80, b"")),
        ("a length that is not in its shortest form", long(0x81, &[0xfe, 0, 125])),
        ("a length that is not in its shortest form", long(0x81, &[0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff])),
        ("a close frame with half a code", frame(0x88, &[3])),
        ("a close code that must not be sent", frame(0x88, &1005_u16.to_be_bytes())),
    ];
    for (why, bytes) in cases {
        expect(&bytes, &[], Some(Violation::Protocol(why)));
    }
    let inside = [first, frame(0x81, b"b")].concat();
    expect(&inside, &["Fragment"], Some(Violation::Protocol("a new message inside another one")));
}

#[test]
fn text_that_cannot_become_valid_is_rejected_before_its_message_ends() {
    let utf8 = Some(Violation::NotUtf8);
    expect(&frame(0x81, &[0xff]), &[], utf8);
    expect(&frame(0x01, &[0xf4, 0x90]), &[], utf8);
    expect(&[frame(0x01, &[0xc3]), frame(0x80, b"")].concat(), &["Fragment"], utf8);
    expect(&frame(0x88, &[0x03, 0xe8, 0xff]), &[], utf8);
    // The rest of the frame has not arrived.
    let mut half = frame(0x81, &[b'a', 0xf5, b'b', b'c']);
    half.truncate(8);
    expect(&half, &[], utf8);
}

#[test]
fn a_message_over_a_limit_is_rejected_by_its_header() {
    let header = |len: u16| [&[0x81, 0xfe][..], &len.to_be_bytes(), &MASK].concat();
    expect(&header(1_000), &[], None);
    expect(&header(1_001), &[], Some(Violation::TooLarge));
    let halves = [frame(0x01, &[b'a'; 600]), frame(0x80, &[b'a'; 401])].concat();
    expect(&halves, &["Fragment"], Some(Violation::TooLarge));
    let many = [frame(0x01, b""), frame(0x00, b""), frame(0x00, b""), frame(0x00, b""), frame(0x00, b"")].concat();
    let too_many = Some(Violation::TooManyFragments);
    expect(&many, &["Fragment", "Fragment", "Fragment", "Fragment"], too_many);
}

#[test]
fn an_idle_decoder_keeps_no_large_buffer() {
    let mut decoder = Decoder::new();
    let mut bytes = [frame(0x01, &[b'a'; 900]), frame(0x80, b"b")].concat();
    let mut rest = &mut bytes[..];
    assert_eq!(decoder.next(&mut rest, &LIMITS), Ok(Some(Event::Fragment)));
    assert!(decoder.is_mid_message());
    assert!(matches!(decoder.next(&mut rest, &LIMITS), Ok(Some(Event::Text(text))) if text.len() == 901));
    assert_eq!(decoder.next(&mut rest, &LIMITS), Ok(None));
    assert_eq!((decoder.data.capacity(), decoder.is_mid_message()), (0, false));
}
