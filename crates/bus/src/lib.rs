//! Adapters of the ports `Bus` and `PresenceStore`, in one process and on Redis; of `SharedLimits` on Redis; and of
//! `ConnectionPush`.
//!
//! Stores nothing durable: what is lost here is recovered from the log, or restored by the next refresh.

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
pub use redis::{BusFigures, ConnectError, InvalidUrl, RedisBus, RedisLimits, RedisPresence, RedisSettings, check_url};
