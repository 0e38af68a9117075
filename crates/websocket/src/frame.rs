//! The header of a frame, and the payload of a close frame.

/// The maximum length of a server's header, in bytes. A client's header has four more, for its mask.
pub const MAX_HEADER: usize = 10;
/// The maximum length of a control frame's payload, in bytes.
pub const MAX_CONTROL: usize = 125;

/// The kind of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// A further fragment of a message.
    Continuation = 0,
    /// A text message, or its first fragment.
    Text = 1,
    /// A binary message, or its first fragment.
    Binary = 2,
    /// The sender closes the connection.
    Close = 8,
    /// Asks for a pong with the same payload.
    Ping = 9,
    /// The answer to a ping, or a heartbeat.
    Pong = 10,
}

impl Opcode {
    /// Returns the opcode of this number, or `None` for a reserved one.
    pub fn of(number: u8) -> Option<Opcode> {
        Some(match number {
            0 => Opcode::Continuation,
            1 => Opcode::Text,
            2 => Opcode::Binary,
            8 => Opcode::Close,
            9 => Opcode::Ping,
            10 => Opcode::Pong,
            _ => return None,
        })
    }

    /// Returns whether frames of this kind control the connection and are never fragmented.
    pub fn is_control(self) -> bool {
        self as u8 >= 8
    }
}

/// The header of a server's frame: final and unmasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    bytes: [u8; MAX_HEADER],
    len: u8,
}

impl Header {
    /// Returns the header of a frame with a payload of `len` bytes.
    pub fn new(opcode: Opcode, len: usize) -> Header {
        let mut bytes = [0; MAX_HEADER];
        bytes[0] = 0x80 | opcode as u8;
        let len = match (u8::try_from(len), u16::try_from(len)) {
            (Ok(len), _) if len <= 125 => {
                bytes[1] = len;
                2
            }
            (_, Ok(len)) => {
                bytes[1] = 126;
                bytes[2..4].copy_from_slice(&len.to_be_bytes());
                4
            }
            _ => {
                bytes[1] = 127;
                bytes[2..10].copy_from_slice(&(len as u64).to_be_bytes());
                10
            }
        };
        Header { bytes, len }
    }

    /// Returns its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// Returns a server's frame: its header, then the payload.
pub fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    [Header::new(opcode, payload.len()).bytes(), payload].concat()
}

/// Returns the payload of a close frame. Cuts a reason that is too long for a control frame.
pub fn close_payload(code: u16, reason: &str) -> Vec<u8> {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(&reason.as_bytes()[..reason.floor_char_boundary(MAX_CONTROL - 2)]);
    payload
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_uses_the_shortest_form_of_its_length() {
        let header = |len| Header::new(Opcode::Text, len).bytes().to_vec();
        assert_eq!(header(0), [0x81, 0]);
        assert_eq!(header(125), [0x81, 125]);
        assert_eq!(header(126), [0x81, 126, 0, 126]);
        assert_eq!(header(65_535), [0x81, 126, 0xff, 0xff]);
        assert_eq!(header(65_536), [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        assert_eq!(Header::new(Opcode::Pong, 4).bytes(), [0x8a, 4]);
    }

    #[test]
    fn the_reason_of_a_close_frame_is_cut_between_two_characters() {
        assert_eq!(close_payload(1000, "bye"), [0x03, 0xe8, b'b', b'y', b'e']);
        let payload = close_payload(1002, &"ä".repeat(80));
        assert_eq!(payload.len(), 124);
        assert!(std::str::from_utf8(&payload[2..]).is_ok());
    }
}
