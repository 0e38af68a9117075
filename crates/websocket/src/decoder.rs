//! Decodes what a client sends, however the network cuts it.

use crate::frame::{MAX_CONTROL, Opcode};
use crate::mask;

/// The longest header of a client's frame, in bytes.
const MAX_CLIENT_HEADER: usize = 14;
/// Buffers above this size are freed once their message is done, so that an idle connection holds little memory.
const KEPT_CAPACITY: usize = 256;

/// What a client's messages may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Maximum size of a message, whole or in fragments, in bytes.
    pub message: usize,
    /// Maximum number of fragments of a message.
    pub fragments: u32,
}

/// Something that a client sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// A fragment that does not end its message. Reported so that it can be counted: it may be empty.
    Fragment,
    /// A ping, to be answered with a pong that has the same payload.
    Ping(&'a [u8]),
    /// A pong.
    Pong(&'a [u8]),
    /// The client closes the connection. It sends nothing after it.
    Close {
        /// The client's code, if it sent one.
        code: Option<u16>,
    },
}

/// A breach of RFC 6455 or of the limits. Nothing that the client sends after it can be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A frame is malformed or out of order.
    #[error("{0}")]
    Protocol(&'static str),
    /// A text message, or the reason of a close frame, is not UTF-8.
    #[error("text is not UTF-8")]
    NotUtf8,
    /// A message is larger than its limit.
    #[error("message over the size limit")]
    TooLarge,
    /// A message has more fragments than its limit.
    #[error("message in too many fragments")]
    TooManyFragments,
}

impl Violation {
    /// Returns the code that RFC 6455 names for closing the connection.
    pub fn close_code(self) -> u16 {
        match self {
            Violation::Protocol(_) => 1002,
            Violation::NotUtf8 => 1007,
            Violation::TooLarge | Violation::TooManyFragments => 1009,
        }
    }
}

/// The state between two reads of a connection.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The first bytes of a header whose rest has not arrived.
    head: [u8; MAX_CLIENT_HEADER],
    head_len: u8,
    /// The frame whose payload is arriving.
    frame: Option<Frame>,
    /// The message whose fragments are arriving.
    message: Option<Message>,
    /// The payload of the message so far.
    data: Vec<u8>,
    /// The payload of a control frame so far.
    control: Vec<u8>,
    /// Whether `data` or `control` was returned and can be cleared.
    returned: bool,
}

/// A frame whose payload has not all arrived.
#[derive(Debug, Clone, Copy)]
struct Frame {
    opcode: Opcode,
    fin: bool,
    mask: [u8; 4],
    len: usize,
    /// The number of payload bytes that have arrived.
    arrived: usize,
}

/// A message whose last fragment has not arrived.
#[derive(Debug, Clone, Copy)]
struct Message {
    is_text: bool,
    fragments: u32,
    /// How many bytes of the text are known to be whole characters.
    checked: usize,
}

impl Decoder {
    /// Returns the state of a new connection.
    pub fn new() -> Decoder {
        Decoder::default()
    }

    /// Returns whether a message or frame has arrived in part.
    pub fn is_mid_message(&self) -> bool {
        self.head_len > 0 || self.frame.is_some() || self.message.is_some()
    }

    /// Decodes the next event of `input` and removes its bytes from the front; unmasks them in place. Returns `None` when
    /// all of `input` is consumed. After a [`Violation`], the rest of the connection is undefined.
    pub fn next<'a, 'b: 'a>(
        &'a mut self,
        input: &mut &'b mut [u8],
        limits: &Limits,
    ) -> Result<Option<Event<'a>>, Violation> {
        if std::mem::take(&mut self.returned) {
            self.release();
        }
        let frame = match self.frame {
            Some(frame) => frame,
            None => match self.header(input)? {
                Some(frame) => {
                    self.admit(&frame, limits)?;
                    frame
                }
                None => return Ok(None),
            },
        };

        let wanted = frame.len - frame.arrived;
        let taken = wanted.min(input.len());
        let (payload, rest) = std::mem::take(input).split_at_mut(taken);
        *input = rest;
        mask::apply(payload, frame.mask, frame.arrived);
        if taken < wanted {
            self.keep(&frame, payload)?;
            self.frame = Some(Frame { arrived: frame.arrived + taken, ..frame });
            return Ok(None);
        }

        self.frame = None;
        if frame.opcode.is_control() {
            // Most arrive whole: no copy.
            if frame.arrived == 0 {
                return control(frame.opcode, payload).map(Some);
            }
            self.control.extend_from_slice(payload);
            self.returned = true;
            return control(frame.opcode, &self.control).map(Some);
        }
        let whole = frame.fin && frame.arrived == 0 && self.data.is_empty();
        if whole && self.message.is_some_and(|message| message.fragments == 1) {
            let message = self.message.take();
            return message.map(|message| message.event(payload)).transpose();
        }

        self.keep(&frame, payload)?;
        if !frame.fin {
            return Ok(Some(Event::Fragment));
        }
        self.returned = true;
        let message = self.message.take();
        message.map(|message| message.event(&self.data)).transpose()
    }

    /// Reads a header, or keeps its first bytes until the rest arrives.
    fn header(&mut self, input: &mut &mut [u8]) -> Result<Option<Frame>, Violation> {
        let mut head_len = usize::from(self.head_len);
        loop {
            let needed = header_len(&self.head[..head_len]);
            let taken = (needed - head_len).min(input.len());
            let (front, rest) = std::mem::take(input).split_at_mut(taken);
            *input = rest;
            self.head[head_len..head_len + taken].copy_from_slice(front);
            head_len += taken;
            // Fails as soon as the first two bytes allow: a client that sends garbage must not be waited for.
            if head_len >= 2 {
                check_start(self.head[0], self.head[1])?;
            }
            if head_len < needed {
                self.head_len = head_len as u8;
                return Ok(None);
            }
            if header_len(&self.head[..head_len]) == head_len {
                self.head_len = 0;
                return parse(&self.head[..head_len]).map(Some);
            }
        }
    }

    /// Checks a frame against the message it belongs to and against the limits, before any of its payload is stored.
    fn admit(&mut self, frame: &Frame, limits: &Limits) -> Result<(), Violation> {
        if frame.opcode.is_control() {
            return Ok(());
        }
        let message = match (frame.opcode, &mut self.message) {
            (Opcode::Continuation, None) => {
                return Err(Violation::Protocol("a continuation without a message"));
            }
            (Opcode::Continuation, Some(message)) => message,
            (_, Some(_)) => return Err(Violation::Protocol("a new message inside another one")),
            (opcode, none) => none.insert(Message { is_text: opcode == Opcode::Text, fragments: 0, checked: 0 }),
        };
        message.fragments += 1;
        if message.fragments > limits.fragments {
            return Err(Violation::TooManyFragments);
        }
        if frame.len > limits.message.saturating_sub(self.data.len()) {
            return Err(Violation::TooLarge);
        }
        Ok(())
    }

    /// Stores a part of a payload, and checks a text as far as it has arrived.
    fn keep(&mut self, frame: &Frame, payload: &[u8]) -> Result<(), Violation> {
        if frame.opcode.is_control() {
            self.control.extend_from_slice(payload);
            return Ok(());
        }
        self.data.extend_from_slice(payload);
        match &mut self.message {
            Some(message) => message.check(&self.data),
            None => Ok(()),
        }
    }

    fn release(&mut self) {
        self.control.clear();
        // A control frame may arrive between two fragments of a message.
        if self.message.is_none() {
            match self.data.capacity() > KEPT_CAPACITY {
                true => self.data = Vec::new(),
                false => self.data.clear(),
            }
        }
    }
}

impl Message {
    /// Fails if no continuation could make this beginning of a text valid.
    fn check(&mut self, data: &[u8]) -> Result<(), Violation> {
        if !self.is_text {
            return Ok(());
        }
        match std::str::from_utf8(&data[self.checked..]) {
            Ok(text) => self.checked += text.len(),
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(Violation::NotUtf8),
        }
        Ok(())
    }

    /// Returns the event of the complete message.
    fn event(self, data: &[u8]) -> Result<Event<'_>, Violation> {
        match self.is_text {
            true => std::str::from_utf8(data).map(Event::Text).map_err(|_| Violation::NotUtf8),
            false => Ok(Event::Binary(data)),
        }
    }
}

/// Returns the length of a header, as far as its first bytes tell.
fn header_len(head: &[u8]) -> usize {
    match head.get(1).map(|byte| byte & 0x7f) {
        None => 2,
        Some(126) => 2 + 2 + 4,
        Some(127) => 2 + 8 + 4,
        Some(_) => 2 + 4,
    }
}

/// Checks the first two bytes of a header.
fn check_start(first: u8, second: u8) -> Result<(), Violation> {
    if first & 0x70 != 0 {
        return Err(Violation::Protocol("a reserved bit is set, but no extension was negotiated"));
    }
    let opcode = Opcode::of(first & 0x0f).ok_or(Violation::Protocol("a reserved opcode"))?;
    if second & 0x80 == 0 {
        return Err(Violation::Protocol("a client's frame without a mask"));
    }
    if opcode.is_control() && first & 0x80 == 0 {
        return Err(Violation::Protocol("a control frame in fragments"));
    }
    if opcode.is_control() && usize::from(second & 0x7f) > MAX_CONTROL {
        return Err(Violation::Protocol("a control frame with more than 125 bytes"));
    }
    Ok(())
}

/// Parses a complete header whose start was checked.
fn parse(head: &[u8]) -> Result<Frame, Violation> {
    let (head, mask) = head.split_last_chunk::<4>().ok_or(Violation::Protocol("a header without a mask"))?;
    let opcode = Opcode::of(head[0] & 0x0f).ok_or(Violation::Protocol("a reserved opcode"))?;
    let len = match (head[1] & 0x7f, &head[2..]) {
        (126, &[a, b]) => u64::from(u16::from_be_bytes([a, b])),
        (127, &[a, b, c, d, e, f, g, h]) => u64::from_be_bytes([a, b, c, d, e, f, g, h]),
        (short, _) => u64::from(short),
    };
    let shortest = match head.len() {
        2 => true,
        4 => len > 125,
        _ => len > u64::from(u16::MAX) && len >> 63 == 0,
    };
    if !shortest {
        return Err(Violation::Protocol("a length that is not in its shortest form"));
    }
    let len = usize::try_from(len).map_err(|_| Violation::TooLarge)?;
    Ok(Frame { opcode, fin: head[0] & 0x80 != 0, mask: *mask, len, arrived: 0 })
}

/// Returns the event of a complete control frame.
fn control(opcode: Opcode, payload: &[u8]) -> Result<Event<'_>, Violation> {
    match opcode {
        Opcode::Ping => Ok(Event::Ping(payload)),
        Opcode::Pong => Ok(Event::Pong(payload)),
        _ => close(payload),
    }
}

fn close(payload: &[u8]) -> Result<Event<'_>, Violation> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return match payload.is_empty() {
            true => Ok(Event::Close { code: None }),
            false => Err(Violation::Protocol("a close frame with half a code")),
        };
    };
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(Violation::Protocol("a close code that must not be sent"));
    }
    std::str::from_utf8(reason).map_err(|_| Violation::NotUtf8)?;
    Ok(Event::Close { code: Some(code) })
}

#[cfg(test)]
mod tests;
