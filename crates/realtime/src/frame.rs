//! An encoded message, as a socket's queue stores it.

use bytes::Bytes;
use websocket::Opcode;

/// Whether a frame may be dropped when its socket is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Entries, pages, answers: never dropped. A socket that cannot keep up with them is closed.
    Durable,
    /// A frame that another program posted: written alone and unchanged, since it may not belong to the protocol.
    Posted,
    /// A typing signal.
    Typing,
    /// Presence of users.
    Presence,
    /// A read mark.
    Receipt,
}

impl Class {
    /// Returns its name in a `lag` frame.
    pub fn name(self) -> &'static str {
        match self {
            Class::Durable => "durable",
            Class::Posted => "posted",
            Class::Typing => "typing",
            Class::Presence => "presence",
            Class::Receipt => "receipt",
        }
    }
}

/// An encoded message. Cheap to clone: all sockets that get it share its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The header of a WebSocket's text frame, then the payload.
    wire: Bytes,
    header: usize,
    /// Whether it may be dropped when the socket is slow.
    pub class: Class,
}

impl Frame {
    /// Returns a frame with this payload, which is UTF-8 text.
    pub fn new(class: Class, payload: impl AsRef<[u8]>) -> Frame {
        let payload = payload.as_ref();
        let wire = Bytes::from(websocket::frame(Opcode::Text, payload));
        Frame { header: wire.len() - payload.len(), wire, class }
    }

    /// Returns a ping of the transport, for clients that answer no other.
    pub fn ping() -> Frame {
        let wire = Bytes::from(websocket::frame(Opcode::Ping, &[]));
        Frame { header: wire.len(), wire, class: Class::Durable }
    }

    /// Returns the payload, for transports that have a frame of their own.
    pub fn payload(&self) -> Bytes {
        self.wire.slice(self.header..)
    }

    /// Returns the frame as it is written to a WebSocket.
    pub fn wire(&self) -> &Bytes {
        &self.wire
    }

    /// Returns the number of bytes of its payload.
    pub fn len(&self) -> usize {
        self.wire.len() - self.header
    }

    /// Returns whether it has no payload.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Returns one frame for several: their payloads in a JSON array, or the frame itself if it is alone.
pub fn joined(frames: &[Frame]) -> Frame {
    match frames {
        [one] => one.clone(),
        many => Frame::new(Class::Durable, json_array(many)),
    }
}

/// Joins the payloads of frames into one JSON array.
pub fn json_array(frames: &[Frame]) -> Vec<u8> {
    let bytes: usize = frames.iter().map(|frame| frame.len() + 1).sum();
    let mut array = Vec::with_capacity(bytes + 1);
    for (at, frame) in frames.iter().enumerate() {
        array.push(if at == 0 { b'[' } else { b',' });
        array.extend_from_slice(&frame.wire[frame.header..]);
    }
    array.push(b']');
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_carries_its_header_and_frames_join_into_an_array() {
        let frames = [Frame::new(Class::Durable, "{}"), Frame::new(Class::Typing, "[1]")];
        assert_eq!((&frames[0].wire()[..], frames[0].payload()), (&[0x81, 2, b'{', b'}'][..], Bytes::from("{}")));
        assert_eq!((frames[1].len(), frames[1].is_empty()), (3, false));
        assert_eq!(json_array(&frames), b"[{},[1]]");
        assert_eq!((joined(&frames).payload(), joined(&frames[..1])), (Bytes::from("[{},[1]]"), frames[0].clone()));
    }
}
