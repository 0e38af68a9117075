//! The packets of Engine.IO v4 and Socket.IO v5, for the server's end of a connection.
//!
//! No I/O, no clock, no state but the attachments of one packet: text and bytes come in, packets go out, and back.
//! [`engine`] is what a transport carries; [`Packet`] is what an Engine.IO message carries.
//!
//! Sources: the Engine.IO protocol, revision 4, and the Socket.IO protocol, revision 5, both of the Socket.IO project.

pub mod engine;
pub mod limits;
mod packet;

pub use packet::{Data, Decoder, Invalid, Kind, MAIN_NAMESPACE, Packet, placeholder};
