//! The protocol of sockets and who gets what, for the WebSocket tier and the API Gateway function alike.
//!
//! [`hub`] and [`protocol`] decide and never do I/O.

pub mod encode;
mod frame;
pub mod hub;
pub mod limits;
mod page;
mod parts;
pub mod protocol;
mod room_list;

pub use frame::{Class, Frame};
pub use page::Page;
pub use parts::{Parts, Stretch};
pub use room_list::room_frames;
