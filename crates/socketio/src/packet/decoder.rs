//! Collects a packet's attachments, which follow it as messages of their own.

use super::parse::parse;
use super::{Invalid, Packet};
use crate::limits::ATTACHMENT_BYTES;

/// Decodes the messages of one connection. It stores nothing but a packet whose attachments have not all arrived.
#[derive(Debug, Default)]
pub struct Decoder {
    partial: Option<Box<Partial>>,
}

#[derive(Debug)]
struct Partial {
    packet: Packet,
    missing: usize,
    bytes: usize,
}

impl Decoder {
    /// Decodes a message of text. Returns the packet, unless attachments follow.
    pub fn on_text(&mut self, text: &str) -> Result<Option<Packet>, Invalid> {
        if self.partial.is_some() {
            return Err(Invalid::Order);
        }
        match parse(text)? {
            (packet, 0) => Ok(Some(packet)),
            (packet, missing) => {
                self.partial = Some(Box::new(Partial { packet, missing, bytes: 0 }));
                Ok(None)
            }
        }
    }

    /// Decodes a message of bytes: the next attachment. Returns the packet once it is complete.
    pub fn on_bytes(&mut self, bytes: &[u8]) -> Result<Option<Packet>, Invalid> {
        let mut partial = self.partial.take().ok_or(Invalid::Order)?;
        partial.bytes += bytes.len();
        if partial.bytes > ATTACHMENT_BYTES {
            return Err(Invalid::Size);
        }
        partial.packet.data.attachments.push(bytes.to_vec());
        partial.missing -= 1;
        if partial.missing == 0 {
            return Ok(Some(partial.packet));
        }
        self.partial = Some(partial);
        Ok(None)
    }
}
