//! The WebSocket tier: holds the sockets and fans every event out to those that should see it.
//!
//! Hub and session decide and never do I/O; the gateway does the I/O and decides nothing. Nothing durable
//! lives here: what a socket misses, it reads from the log.

pub mod encode;
mod frame;
mod gateway;
pub mod hub;
mod internal;
mod page;
mod parts;
mod room_list;
#[cfg(feature = "serve")]
mod serve;
pub mod session;

pub use frame::{Class, Frame};
pub use gateway::{Reachable, Tier, TierSettings};
pub use internal::AccessKeys;
pub use page::Page;
pub use parts::Parts;
pub use room_list::room_frames;
#[cfg(feature = "serve")]
pub use serve::{ServeError, serve, url};
