//! The WebSocket tier: holds the sockets and fans every event out to those that should see it.
//!
//! Hub and session decide and never do I/O; the gateway does the I/O and decides nothing. Nothing durable
//! lives here: what a socket misses, it reads from the log.

mod frame;
mod gateway;
pub mod hub;
mod page;
mod parts;
mod room_list;
pub mod session;

pub use frame::{Class, Frame};
pub use gateway::{Tier, TierSettings};
pub use page::Page;
pub use parts::Parts;
pub use room_list::room_frames;
