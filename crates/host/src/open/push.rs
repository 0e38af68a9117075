//! Opens the transport to sockets that API Gateway holds, outside any ws-tier.

use std::sync::Arc;

use service::ports::ConnectionPush;

use super::{OpenError, Profile};
use crate::Settings;

impl Profile {
    /// Returns the transport to sockets that API Gateway holds. Requests are signed with the first key of the private
    /// port, if there is one, and otherwise with the AWS SDK's credentials.
    #[cfg(feature = "push")]
    pub async fn push(&self, settings: &Settings) -> Result<Arc<dyn ConnectionPush>, OpenError> {
        let key = settings.internal.as_ref().and_then(|internal| internal.keys.first());
        let credentials = key.map(|key| (key.id.clone(), key.secret.expose().to_owned()));
        let ports = &self.services.ports;
        let settings = bus::PushSettings { credentials, region: None };
        Ok(Arc::new(bus::ConnectionsPush::new(settings, ports.store.nodes.clone(), ports.clock.clone()).await))
    }

    /// Returns the error of a program that is built without it.
    #[cfg(not(feature = "push"))]
    pub async fn push(&self, _: &Settings) -> Result<Arc<dyn ConnectionPush>, OpenError> {
        Err(OpenError::NotBuiltIn("Push"))
    }
}
