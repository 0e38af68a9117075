//! Adapters of the ports `Bus` and `PresenceStore`, in the process and on Redis; and of `ConnectionPush`.
//!
//! Never holds anything durable: what is lost here is found in the log, or rebuilt by the next refresh.

mod broker;
pub mod limits;
mod presence;
#[cfg(feature = "push")]
mod push;
#[cfg(feature = "redis")]
mod redis;

pub use broker::{Broker, InProcessBus};
pub use presence::InProcessPresence;
#[cfg(feature = "push")]
pub use push::{ConnectionsPush, PushSettings};
#[cfg(feature = "redis")]
pub use redis::{BusFigures, ConnectError, InvalidUrl, RedisBus, RedisPresence, RedisSettings, check_url};
