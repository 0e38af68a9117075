//! Opens the bus between the nodes, as chosen in the settings.

use std::sync::Arc;

use bus::{Broker, InProcessPresence};
use service::ports::{Bus, PresenceStore, SharedLimits};

use super::OpenError;
use crate::{BusBackend, Secret};

/// The bus, and the presence and the rate limits that belong to it.
pub(super) type OpenBus = (Arc<dyn Bus>, Arc<dyn PresenceStore>, Option<Arc<dyn SharedLimits>>);

/// Opens the bus for the node with this name.
pub(super) async fn open(backend: &BusBackend, node: &str) -> Result<OpenBus, OpenError> {
    match backend {
        BusBackend::InProcess => Ok((Arc::new(Broker::new().endpoint()), Arc::new(InProcessPresence::new()), None)),
        BusBackend::Redis { url, prefix } => redis(url, prefix, node).await,
    }
}

#[cfg(feature = "redis")]
async fn redis(url: &Secret, prefix: &str, node: &str) -> Result<OpenBus, OpenError> {
    let settings = bus::RedisSettings { prefix: prefix.to_owned(), ..Default::default() };
    let bus = bus::RedisBus::connect(url.expose(), node, settings).await?;
    let (presence, limits) = (bus.presence(), bus.limits());
    Ok((Arc::new(bus), Arc::new(presence), Some(Arc::new(limits))))
}

#[cfg(not(feature = "redis"))]
async fn redis(_: &Secret, _: &str, _: &str) -> Result<OpenBus, OpenError> {
    Err(OpenError::NotBuiltIn("Redis"))
}
