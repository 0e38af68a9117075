//! The WebSocket tier: holds the sockets and fans every event out to those that should get it.
//!
//! `realtime` decides; this crate does the I/O. Nothing durable is stored here: a socket reads missed entries from the
//! log.
//!
//! Start at [`Node`]. A socket begins in `listener` and lives in a shard, as a `socket` that `shard_driver` drives; a commit arrives in
//! `delivery` and reaches the sockets through `follow`, `shards` and `fan_out`.

mod backend;
mod connections;
mod delivery;
mod drain;
pub mod engine_io;
mod fan_out;
mod follow;
mod handshake;
mod hot_rooms;
pub mod limits;
mod listener;
mod memory;
mod node;
mod node_api;
mod peers;
mod presence;
mod receipts;
mod relay;
mod replay;
mod resume;
mod send_queue;
#[cfg(feature = "serve")]
mod serve;
mod shard_driver;
mod shards;
mod socket;
mod socketio;
mod tasks;
mod typing;
mod work;

pub use node::{Node, NodeSettings, StartError};
pub use node_api::AccessKeys;
pub use peers::Reachable;
#[cfg(feature = "serve")]
pub use serve::{ServeError, serve};
