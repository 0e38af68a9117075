//! Opens what connects the nodes, as the settings say.

use std::sync::Arc;

use bus::{Broker, InProcessPresence};
use service::ports::{Bus, PresenceStore};

use super::OpenError;
use crate::BusBackend;

/// The bus and the presence that come with it.
pub(super) type OpenBus = (Arc<dyn Bus>, Arc<dyn PresenceStore>);

/// Opens it for the node of this name.
pub(super) async fn open(backend: &BusBackend, _node: &str) -> Result<OpenBus, OpenError> {
    match backend {
        BusBackend::InProcess => Ok((Arc::new(Broker::new().endpoint()), Arc::new(InProcessPresence::new()))),
        BusBackend::Redis { .. } => Err(OpenError::NotBuiltIn("Redis")),
    }
}
