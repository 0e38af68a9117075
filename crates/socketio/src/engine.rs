//! Engine.IO v4: the packets that a transport carries, and the payloads that long-polling carries.
//!
//! A WebSocket carries one packet in each message, and bytes as they are. Long-polling carries several packets in one body,
//! divided by a record separator, and bytes as Base64.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The version that a client names in `EIO`.
pub const VERSION: &str = "4";
/// Divides the packets of a payload. JSON never contains it unescaped.
pub const SEPARATOR: char = '\u{1e}';

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The server's answer to a handshake, as JSON.
    Open(Cow<'a, str>),
    /// The session ends.
    Close,
    /// A heartbeat of the server, or a client's probe of a new transport.
    Ping(Cow<'a, str>),
    /// The answer to a ping.
    Pong(Cow<'a, str>),
    /// A message of the protocol above.
    Text(Cow<'a, str>),
    /// A message of bytes.
    Binary(Cow<'a, [u8]>),
    /// The client uses its new transport from now on.
    Upgrade,
    /// Nothing: it ends a poll.
    Noop,
}

/// Why something is not a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The packet is empty.
    #[error("A packet is empty.")]
    Empty,
    /// Its first character is not a type.
    #[error("A packet has an unknown type.")]
    Type,
    /// It is not Base64.
    #[error("A packet of bytes is not Base64.")]
    Base64,
}

/// What a client writes to probe a new transport, and what the server answers.
pub const PROBE: &str = "probe";

impl<'a> Packet<'a> {
    /// Decodes the text of a packet.
    pub fn decode(text: &'a str) -> Result<Packet<'a>, Invalid> {
        let mut chars = text.chars();
        let kind = chars.next().ok_or(Invalid::Empty)?;
        let rest = chars.as_str();
        Ok(match kind {
            '0' => Packet::Open(rest.into()),
            '1' => Packet::Close,
            '2' => Packet::Ping(rest.into()),
            '3' => Packet::Pong(rest.into()),
            '4' => Packet::Text(rest.into()),
            '5' => Packet::Upgrade,
            '6' => Packet::Noop,
            'b' => Packet::Binary(BASE64.decode(rest).map_err(|_| Invalid::Base64)?.into()),
            _ => return Err(Invalid::Type),
        })
    }

    /// Appends the packet's text, with bytes as Base64.
    pub fn encode(&self, out: &mut String) {
        let (kind, rest): (char, &str) = match self {
            Packet::Open(json) => ('0', json),
            Packet::Close => ('1', ""),
            Packet::Ping(text) => ('2', text),
            Packet::Pong(text) => ('3', text),
            Packet::Text(text) => ('4', text),
            Packet::Upgrade => ('5', ""),
            Packet::Noop => ('6', ""),
            Packet::Binary(bytes) => {
                out.push('b');
                return BASE64.encode_string(bytes, out);
            }
        };
        out.push(kind);
        out.push_str(rest);
    }

    /// Returns the packet's text, with bytes as Base64.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.encode(&mut text);
        text
    }
}

/// Decodes the packets of a payload, one after the other.
pub fn decode_payload(payload: &str) -> impl Iterator<Item = Result<Packet<'_>, Invalid>> {
    payload.split(SEPARATOR).map(Packet::decode)
}

/// Returns the payload with these packets.
pub fn encode_payload<'a>(packets: impl IntoIterator<Item = Packet<'a>>) -> String {
    let mut payload = String::new();
    for packet in packets {
        if !payload.is_empty() {
            payload.push(SEPARATOR);
        }
        packet.encode(&mut payload);
    }
    payload
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng as _, SeedableRng};

    use super::*;

    fn decoded(payload: &str) -> Result<Vec<Packet<'_>>, Invalid> {
        decode_payload(payload).collect()
    }

    #[test]
    fn every_type_has_the_number_of_the_protocol() {
        let packets = [
            (Packet::Open("{}".into()), "0{}"),
            (Packet::Close, "1"),
            (Packet::Ping("probe".into()), "2probe"),
            (Packet::Pong("probe".into()), "3probe"),
            (Packet::Text("hello".into()), "4hello"),
            (Packet::Upgrade, "5"),
            (Packet::Noop, "6"),
            (Packet::Binary(vec![1, 2, 3, 4].into()), "bAQIDBA=="),
        ];
        for (packet, text) in packets {
            assert_eq!(packet.text(), text);
            assert_eq!(Packet::decode(text), Ok(packet));
        }
    }

    #[test]
    fn a_payload_carries_text_and_bytes_in_order() {
        let expected = [Packet::Text("hello".into()), Packet::Binary(vec![1, 2, 3, 4].into())];
        assert_eq!(decoded("4hello\u{1e}bAQIDBA==").as_deref(), Ok(&expected[..]));
        assert_eq!(encode_payload(expected), "4hello\u{1e}bAQIDBA==");
        let tests = ["test1", "test2", "test3"].map(|text| Packet::Text(text.into()));
        assert_eq!(decoded("4test1\u{1e}4test2\u{1e}4test3").as_deref(), Ok(&tests[..]));
    }

    #[test]
    fn what_is_no_packet_is_rejected() {
        assert_eq!(decoded("abc"), Err(Invalid::Type));
        assert_eq!(decoded(""), Err(Invalid::Empty));
        assert_eq!(decoded("4a\u{1e}"), Err(Invalid::Empty));
        assert_eq!(decoded("7"), Err(Invalid::Type));
        assert_eq!(decoded("é"), Err(Invalid::Type));
        assert_eq!(decoded("b*"), Err(Invalid::Base64));
        assert_eq!(decoded("bAQIDBA"), Ok(vec![Packet::Binary(vec![1, 2, 3, 4].into())]), "padding is optional");
    }

    #[test]
    fn any_payload_is_decoded_into_the_packets_that_were_encoded() {
        let mut random = StdRng::seed_from_u64(4);
        for _ in 0..2_000 {
            let packets: Vec<Packet<'_>> = (0..random.random_range(1..6)).map(|_| any_packet(&mut random)).collect();
            assert_eq!(decoded(&encode_payload(packets.clone())), Ok(packets));
        }
    }

    #[test]
    fn any_text_is_decoded_or_rejected() {
        let mut random = StdRng::seed_from_u64(5);
        for _ in 0..2_000 {
            let text = any_text(&mut random);
            if let Ok(packet) = Packet::decode(&text)
                && !matches!(packet, Packet::Close | Packet::Upgrade | Packet::Noop | Packet::Binary(_))
            {
                assert_eq!(packet.text(), text);
            }
        }
    }

    fn any_text(random: &mut StdRng) -> String {
        let chars = ['0', '1', '2', '3', '4', '5', '6', 'b', '{', '"', 'ä', '\u{1f600}', '=', '-', ',', '/'];
        (0..random.random_range(0..12)).map(|_| chars[random.random_range(0..chars.len())]).collect()
    }

    fn any_packet(random: &mut StdRng) -> Packet<'static> {
        match random.random_range(0..8) {
            0 => Packet::Open(any_text(random).into()),
            1 => Packet::Close,
            2 => Packet::Ping(any_text(random).into()),
            3 => Packet::Pong(any_text(random).into()),
            4 => Packet::Upgrade,
            5 => Packet::Noop,
            6 => Packet::Binary((0..random.random_range(0..9)).map(|_| random.random()).collect()),
            _ => Packet::Text(any_text(random).into()),
        }
    }
}
