//! Decides what is sent on sockets and to whom, for the WebSocket tier and the API Gateway function alike.
//!
//! [`protocol`], [`connection`], [`hub`], [`replay`] and [`codec`] decide and never do I/O: they depend only on `domain` and `wire`,
//! and `cargo xtask tidy` checks that by path. [`interpreter`] performs their actions with the use cases of `service`.
//!
//! Start at [`connection::Connection::on_message`] for a message of a client, and at [`hub::Hub::deliver`] for an entry on its way
//! to sockets.

pub mod codec;
pub mod connection;
mod frame;
pub mod hub;
pub mod interpreter;
pub mod limits;
pub mod message;
mod page;
pub mod protocol;
pub mod replay;
pub mod request;
mod room_lines;

pub use frame::{Class, Frame, joined, json_array};
pub use page::Page;
pub use room_lines::RoomLines;
