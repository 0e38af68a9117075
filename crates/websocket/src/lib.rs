//! The frames of RFC 6455, for the server's end of a connection.
//!
//! No I/O: bytes come in, [`Event`]s go out. The decoder is strict, and its cost is bounded by its [`Limits`] before it
//! stores a byte. It keeps no buffer while no message is half read.

mod decoder;
mod frame;
mod mask;

pub use decoder::{Decoder, Event, Limits, Violation};
pub use frame::{Header, MAX_HEADER, Opcode, close_payload, frame};
