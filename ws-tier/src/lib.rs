//! The WebSocket tier: holds the sockets and fans every event out to those that should see it.
//!
//! What is decided is decided in `realtime`; this crate does the I/O. Nothing durable lives here: what a socket misses, it reads from
//! the log.

mod gateway;
mod internal;
pub mod limits;
#[cfg(feature = "serve")]
mod serve;

pub use gateway::{Reachable, Tier, TierSettings};
pub use internal::AccessKeys;
#[cfg(feature = "serve")]
pub use serve::{ServeError, serve, url};
