//! Runs a process that holds a tier: opens the backends from the settings, listens, and drains when it is asked to stop.
//! SharedMessage by the tier alone and by the single process, which pass in their other routes.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use domain::Refusal;
use domain::limits::Limits;
use host::{
    BlobBackend, DataLock, InternalSettings, ListenAddress, OpenError, Profile, Server, Settings, descriptors, end_of,
    memory_budget, shutdown_signal,
};
use service::supervisor::TaskFailure;
use service::{Duties, Running};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use web::WebSettings;

use crate::{AccessKeys, Node, NodeSettings, Reachable, StartError};

/// Connections allowed in addition to users' sockets: calls, health checks. An eighth of all if the process may open too
/// few descriptors for that.
const CONNECTIONS_FOR_CALLS: usize = 1_000;
/// The share of the grace period (`PALAVER_DRAIN`) that sockets have to leave.
const SOCKETS_SHARE: f64 = 0.75;
/// The share of the grace period after which running calls are cut. The rest is for pending writes.
const CALLS_SHARE: f64 = 0.85;
/// The minimum time for pending writes, whatever the grace period is.
const STOP_WAIT: Duration = Duration::from_secs(1);

/// Why a process failed.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The server cannot listen on its public address.
    #[error("cannot listen on {address}: choose another address with PALAVER_LISTEN (--listen)")]
    Listen {
        /// The address.
        address: ListenAddress,
        /// The I/O error.
        source: io::Error,
    },
    /// The server cannot listen on a private address.
    #[error("cannot listen on {address}: choose another address with {setting}")]
    ListenPrivately {
        /// The address.
        address: ListenAddress,
        /// The setting that contains the address.
        setting: &'static str,
        /// The I/O error.
        source: io::Error,
    },
    /// Metrics cannot be collected.
    #[error("cannot collect metrics: {0}")]
    Metrics(String),
    /// The data cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The node of the tier cannot start.
    #[error(transparent)]
    Node(#[from] StartError),
    /// What a new installation starts with cannot be stored.
    #[error("cannot prepare the installation: {0}")]
    First(String),
    /// The listener failed while serving.
    #[error("the server stopped: {0}")]
    Serve(#[from] io::Error),
    /// A background task that the process cannot work without failed.
    #[error(transparent)]
    Failed(#[from] TaskFailure),
}

/// Serves the tier and `routes` on one address, mounted like every function ([`web::mount`]), until SIGTERM or Ctrl-C,
/// then drains and ends cleanly within the grace period of the settings. Calls `first` before anybody is served, and `ready`
/// with the address and what was opened once everything is open. `F`: whether the routes ever touch the bytes of files.
pub async fn serve<F: BlobBackend>(
    mut settings: Settings,
    first: impl AsyncFnOnce(&Profile) -> Result<(), Refusal>,
    routes: impl FnOnce(&Profile) -> Router,
    ready: impl AsyncFnOnce(&ListenAddress, &Profile),
) -> Result<(), ServeError> {
    let descriptors = descriptors::raise();
    let capacity = Capacity::of(settings.limits.connections_per_node, descriptors);
    settings.limits.connections_per_node = capacity.sockets;
    // A second server that is started by mistake must not touch the data: it learns who holds the folder; with another
    // folder, whose address is in use, it creates nothing.
    let mut lock = if settings.data.is_dir() { reserve(&settings)? } else { None };
    let server = Server::bind(&settings.listen)
        .await
        .map_err(|source| ServeError::Listen { address: settings.listen.clone(), source })?
        .with_connections(capacity.connections)
        .with_addresses(&settings)
        .with_grace(settings.drain.mul_f64(CALLS_SHARE - SOCKETS_SHARE));
    let address = server.local_address()?;
    if lock.is_none() {
        lock = reserve(&settings)?;
    }
    let metrics = host::metrics::install().map_err(|error| ServeError::Metrics(error.to_string()))?;
    let metrics_server =
        bind_privately(settings.metrics_listen.as_ref(), "PALAVER_METRICS_LISTEN", descriptors).await?;
    let internal = settings.internal.as_ref();
    let internal_listen = internal.map(|internal| &internal.listen);
    let internal_server = bind_privately(internal_listen, "PALAVER_INTERNAL_LISTEN", descriptors).await?;

    let profile = Profile::open_with::<F>(&settings, None).await?;
    let duties = Duties { feed: settings.feed, files: F::HAS_BYTES };
    let running = profile.services.start_duties(duties);
    let node = Node::start(profile.services.clone(), node_settings(&profile, &settings), running.supervisor()).await?;
    first(&profile).await.map_err(|refusal| ServeError::First(refusal.message))?;
    let routes = routes(&profile).merge(node.router());
    let shared_counts = Some(profile.services.shared_counts.clone());
    let web_settings = WebSettings { shared_counts, ..settings.web.clone() };
    let router = web::mount(routes, profile.services.auth.clone(), &web_settings);
    let router = web::below(router, settings.public_url.as_ref());

    if let Some(server) = metrics_server {
        tokio::spawn(server.run(host::metrics::router(metrics), shutdown_signal()));
    }
    let drained = CancellationToken::new();
    let mut reachable = None;
    if let (Some(internal), Some(server)) = (internal, internal_server) {
        let keys = Arc::new(access_keys(internal));
        let endpoint = internal.url.clone().unwrap_or(format!("http://{}", server.local_address()?));
        // Other programs may post to sockets until the last one is closed.
        let until = drained.clone().cancelled_owned();
        tokio::spawn(server.run(node.private_router(keys.clone()), until));
        reachable = Some(Reachable { endpoint, keys });
    }
    if reachable.is_some() || !settings.backends.is_local() {
        node.join(reachable);
    }
    host::log::started(&settings, &address);
    ready(&address, &profile).await;

    // Sockets leave first; the listener runs until they have, so that no client is cut off.
    let mut asked = None;
    let drain = async {
        end_of(running.supervisor()).await;
        tracing::info!("shutting down, draining sockets");
        asked = Some(Instant::now());
        node.drain(settings.drain.mul_f64(SOCKETS_SHARE)).await;
        drained.cancel();
    };
    server.run(router, drain).await?;

    let end = asked.unwrap_or_else(Instant::now) + settings.drain;
    let supervisor = running.supervisor().clone();
    stop(running, &node, profile, end).await;
    drop(lock);
    supervisor.failure().map_or(Ok(()), |failure| Err(ServeError::Failed(failure)))
}

/// Reserves the data folder for this server if it holds the database. Nodes that share a database may share a folder, too.
fn reserve(settings: &Settings) -> Result<Option<DataLock>, OpenError> {
    if !settings.backends.is_local() {
        return Ok(None);
    }
    let lock = DataLock::take(&settings.data)?;
    lock.announce("server");
    Ok(Some(lock))
}

/// How many connections a node holds.
#[derive(Debug, PartialEq, Eq)]
struct Capacity {
    /// Users' sockets.
    sockets: usize,
    /// All connections.
    connections: usize,
}

impl Capacity {
    /// Returns what a node can hold that is to serve this many sockets, and logs it if the process may open too few
    /// descriptors for them.
    fn of(sockets: usize, descriptors: usize) -> Capacity {
        let (wanted, possible) = (sockets.saturating_add(CONNECTIONS_FOR_CALLS), descriptors::for_clients(descriptors));
        if wanted <= possible {
            return Capacity { sockets, connections: wanted };
        }
        let calls = (possible / 8).clamp(1, CONNECTIONS_FOR_CALLS);
        let capacity = Capacity { sockets: sockets.min(possible - calls).max(1), connections: possible };
        tracing::warn!(
            open_files = descriptors,
            connections = possible,
            sockets = capacity.sockets,
            "the limit of open files is too low for PALAVER_LIMITS_CONNECTIONS_PER_NODE, taking fewer connections; raise it \
             with `ulimit -Hn`, LimitNOFILE= of systemd or --ulimit nofile= of Docker, or lower the setting"
        );
        capacity
    }
}

/// Writes pending data and closes what is open, within the time that is left: a store that does not answer must not keep
/// the process alive. Only data without a guarantee can be lost: marks and cursors are raised again after the next start.
async fn stop(running: Running, node: &Node, profile: Profile, end: Instant) {
    let stopped = async {
        running.stop().await;
        node.stop();
        profile.close().await;
    };
    let left = end.saturating_duration_since(Instant::now()).max(STOP_WAIT);
    match tokio::time::timeout(left, stopped).await {
        Ok(()) => tracing::info!("shut down cleanly"),
        Err(_) => tracing::warn!("the store did not finish in time, exiting without it"),
    }
}

async fn bind_privately(
    address: Option<&ListenAddress>,
    setting: &'static str,
    descriptors: usize,
) -> Result<Option<Server>, ServeError> {
    let Some(address) = address else { return Ok(None) };
    let connections = host::descriptors::for_private_port(descriptors);
    let server = Server::bind(address).await.map(|server| server.with_connections(connections));
    server.map(Some).map_err(|source| ServeError::ListenPrivately { address: address.clone(), setting, source })
}

fn node_settings(profile: &Profile, settings: &Settings) -> NodeSettings {
    let limits = Limits { memory: memory_budget(settings.limits.memory), ..settings.limits.clone() };
    NodeSettings { name: profile.node.clone(), socketio: settings.socketio, ..NodeSettings::new(limits) }
}

fn access_keys(internal: &InternalSettings) -> AccessKeys {
    let keys = internal.keys.iter().map(|key| (key.id.clone(), key.secret.expose().to_owned()));
    AccessKeys::new(keys).expect("the settings contain at least one key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_holds_what_its_descriptors_allow() {
        assert_eq!(Capacity::of(10_000, 1 << 20), Capacity { sockets: 10_000, connections: 11_000 });
        assert_eq!(Capacity::of(10_000, 1_024), Capacity { sockets: 728, connections: 832 });
        assert_eq!(Capacity::of(10_000, 256), Capacity { sockets: 112, connections: 128 });
        assert_eq!(Capacity::of(20, 256), Capacity { sockets: 20, connections: 128 });
        assert_eq!(Capacity::of(1, 0), Capacity { sockets: 1, connections: 1 });
    }
}
