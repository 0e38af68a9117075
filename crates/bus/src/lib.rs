//! Adapters of the ports `Bus` and `PresenceStore`: in the process (Redis next).
//!
//! Never holds anything durable: what is lost here is found in the log, or rebuilt by the next refresh.

mod broker;
mod presence;

pub use broker::{Broker, InProcessBus};
pub use presence::InProcessPresence;
