//! Decides which connections the server takes: as many as it has room for, and of one address no more than its share.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use service::log_throttle::LogThrottle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use web::{AddressCap, ConnectionPermit, Network, OverCap, is_trusted};

use crate::settings::CONNECTIONS_PER_ADDRESS;

/// The connections of a server.
pub(super) struct Admission {
    total: Arc<Semaphore>,
    connections: usize,
    addresses: Arc<AddressCap>,
    trusted_proxies: Vec<Network>,
}

impl Admission {
    /// Allows this many connections, of these `per_address` from each address. A trusted proxy's connections carry many
    /// people, so it has no cap.
    pub fn new(connections: usize, per_address: usize, trusted_proxies: Vec<Network>) -> Admission {
        let addresses = AddressCap::new("connections", CONNECTIONS_PER_ADDRESS, per_address, connections);
        Admission { total: Arc::new(Semaphore::new(connections)), connections, addresses, trusted_proxies }
    }

    /// Waits until another connection may be opened, and logs it if it has to wait: from outside, a server whose
    /// connections are all in use looks as if it were down.
    pub async fn room(&self) -> OwnedSemaphorePermit {
        static LINE: LogThrottle = LogThrottle::new();
        if let Ok(permit) = self.total.clone().try_acquire_owned() {
            return permit;
        }
        if let Some(repeated) = LINE.admit("full", Instant::now()) {
            tracing::warn!(
                connections = self.connections,
                repeated,
                "all connections are in use, new ones wait; PALAVER_LIMITS_CONNECTIONS_PER_NODE and the limit of open \
                 files (ulimit -n) set how many there are"
            );
        }
        self.total.clone().acquire_owned().await.expect("the semaphore is never closed")
    }

    /// Admits a connection of this peer, unless the peer holds its share of a busy server.
    pub fn admit(&self, total: OwnedSemaphorePermit, peer: IpAddr) -> Result<ConnectionPermit, OverCap> {
        if is_trusted(peer, &self.trusted_proxies) {
            return Ok(ConnectionPermit { total, address: None });
        }
        // The connection itself is not in use yet.
        let in_use = self.connections.saturating_sub(self.total.available_permits() + 1);
        let address = self.addresses.take(peer, in_use).inspect_err(|_| {
            metrics::counter!("palaver_connections_refused_total").increment(1);
        })?;
        Ok(ConnectionPermit { total, address: Some(address) })
    }

    /// Returns once no connection is left: each holds a permit.
    pub async fn all_ended(&self) {
        let all = u32::try_from(self.connections).unwrap_or(u32::MAX);
        drop(self.total.acquire_many(all).await);
    }
}
