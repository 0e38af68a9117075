//! Opens what connects the nodes, as the settings say.

use std::sync::Arc;

use bus::{Broker, InProcessPresence};
use service::ports::{Bus, PresenceStore};

use super::OpenError;
use crate::{BusBackend, Secret};

/// The bus and the presence that come with it.
pub(super) type OpenBus = (Arc<dyn Bus>, Arc<dyn PresenceStore>);

/// Opens it for the node of this name.
pub(super) async fn open(backend: &BusBackend, node: &str) -> Result<OpenBus, OpenError> {
    match backend {
        BusBackend::InProcess => Ok((Arc::new(Broker::new().endpoint()), Arc::new(InProcessPresence::new()))),
        BusBackend::Redis { url, prefix } => redis(url, prefix, node).await,
    }
}

#[cfg(feature = "redis")]
async fn redis(url: &Secret, prefix: &str, node: &str) -> Result<OpenBus, OpenError> {
    let settings = bus::RedisSettings { prefix: prefix.to_owned(), ..Default::default() };
    let bus = bus::RedisBus::connect(url.expose(), node, settings).await?;
    let presence = bus.presence();
    Ok((Arc::new(bus), Arc::new(presence)))
}

#[cfg(not(feature = "redis"))]
async fn redis(_: &Secret, _: &str, _: &str) -> Result<OpenBus, OpenError> {
    Err(OpenError::NotBuiltIn("Redis"))
}
