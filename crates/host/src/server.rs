//! The HTTP server: bounded connections, limits for the time and size of headers, and a shutdown that lets calls finish.
//! Does not know what the router does with a call.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::limits::{HEADER_BYTES, HEADER_TIMEOUT, HTTP_CONNECTIONS};
use crate::listener::Listener;
use crate::{ListenAddress, Settings, descriptors};
use axum::Router;
use axum::extract::ConnectInfo;
use http::header;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use service::Supervisor;
use service::log_throttle::LogThrottle;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tower::ServiceExt;

use web::{ConnectionPermit, Network, Patience};

mod admission;

use admission::Admission;

/// How long calls may take to finish once the shutdown has begun, unless a process sets another time.
const GRACE: Duration = Duration::from_secs(25);
/// How long to wait before accepting again if the system has no sockets left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How many times longer than for headers the server waits for a client that does not read.
const STALL: u32 = 6;

/// A bound listener that does not answer yet, so that a caller knows the address first.
pub struct Server {
    listener: Listener,
    connections: usize,
    per_address: usize,
    trusted_proxies: Vec<Network>,
    patience: Duration,
    grace: Duration,
}

/// Serves a router until the process is asked to stop, or a background task failed permanently. The caller then asks the
/// supervisor which of the two happened.
pub async fn serve(router: Router, settings: &Settings, supervisor: &Supervisor) -> io::Result<()> {
    let connections = descriptors::for_clients(descriptors::raise()).min(HTTP_CONNECTIONS);
    let server = Server::bind(&settings.listen).await?.with_connections(connections).with_addresses(settings);
    crate::log::started(settings, &server.local_address()?);
    server.run(router, end_of(supervisor)).await
}

/// Returns whether the process is an AWS Lambda function (and the feature `lambda` is on), which is frozen between its
/// calls.
pub fn is_lambda() -> bool {
    cfg!(feature = "lambda") && std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some()
}

/// Whether the process was asked to stop, or must. There is one per process, like its signals.
static STOPPING: AtomicBool = AtomicBool::new(false);

/// Returns whether [`shutdown_signal`] or [`end_of`] has resolved: no new work should be sent to this process.
pub fn is_stopping() -> bool {
    STOPPING.load(Ordering::Relaxed)
}

/// Resolves when the process is asked to stop: SIGTERM, or Ctrl-C.
pub async fn shutdown_signal() {
    signal().await;
    STOPPING.store(true, Ordering::Relaxed);
}

async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).expect("a handler for SIGTERM can be installed");
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.expect("a handler for Ctrl-C can be installed");
}

/// Resolves when the process should end: when it is asked to stop, or when a background task failed permanently. In the
/// second case [`Supervisor::failure`] says why, and the process exits with code 1 once it has drained.
pub async fn end_of(supervisor: &Supervisor) {
    tokio::select! {
        () = shutdown_signal() => {}
        _ = supervisor.failed() => {}
    }
    STOPPING.store(true, Ordering::Relaxed);
}

impl Server {
    /// Binds the address; port 0 means any free one.
    pub async fn bind(address: &ListenAddress) -> io::Result<Self> {
        Ok(Server {
            listener: Listener::bind(address).await?,
            connections: HTTP_CONNECTIONS,
            per_address: 0,
            trusted_proxies: Vec::new(),
            patience: HEADER_TIMEOUT,
            grace: GRACE,
        })
    }

    /// Sets the maximum number of concurrent connections, those that became sockets included.
    pub fn with_connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// Caps how many of the connections one address holds, except trusted proxies and the proxy on a Unix socket. Without
    /// it, no address has a cap.
    pub fn with_addresses(mut self, settings: &Settings) -> Self {
        self.per_address = match self.listener {
            Listener::Tcp(_) => settings.limits.connections_per_address,
            Listener::Unix(..) => 0,
        };
        self.trusted_proxies = settings.web.trusted_proxies.clone();
        self
    }

    /// Sets how long calls may take to finish once the shutdown has begun.
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Returns the address that the server listens on.
    pub fn local_address(&self) -> io::Result<ListenAddress> {
        self.listener.address()
    }

    /// Serves until `shutdown` resolves; then it accepts no new connections, lets running calls finish, and ends after a
    /// grace period in any case. The owner of upgraded sockets drains them before.
    pub async fn run(self, router: Router, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let (stop, stopped) = watch::channel(false);
        let admission = Admission::new(self.connections, self.per_address, self.trusted_proxies);
        let mut shutdown = pin!(shutdown);
        loop {
            let accept = async { (admission.room().await, self.listener.accept().await) };
            let (room, accepted) = tokio::select! {
                accepted = accept => accepted,
                () = &mut shutdown => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    pause_after(&error).await;
                    continue;
                }
            };
            // A connection that is not admitted is closed without an answer, which costs as little as possible.
            let Ok(permit) = admission.admit(room, peer.ip()) else { continue };
            let (router, stopped, patience) = (router.clone(), stopped.clone(), self.patience);
            tokio::spawn(answer(stream, peer, permit, router, stopped, patience));
        }
        drop(self.listener);
        let _ = stop.send(true);
        if tokio::time::timeout(self.grace, admission.all_ended()).await.is_err() {
            tracing::warn!("some calls did not finish in time, closing them");
        }
        Ok(())
    }
}

/// Waits after a failed accept, unless only the client failed: while the process has no descriptor left, the next accept
/// would fail at once.
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    static LINE: LogThrottle = LogThrottle::new();
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    if let Some(repeated) = LINE.admit("accept", std::time::Instant::now()) {
        tracing::warn!(%error, repeated, "accepting a connection failed, will retry");
    }
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

/// Answers the calls of one connection until it ends.
async fn answer(
    stream: TcpStream,
    peer: SocketAddr,
    permit: ConnectionPermit,
    router: Router,
    mut stopped: watch::Receiver<bool>,
    patience: Duration,
) {
    // Answers are small and urgent.
    let _ = stream.set_nodelay(true);
    let (stream, called) = Patience::new(stream, permit, patience, patience * STALL);
    let service = hyper::service::service_fn(move |request: http::Request<Incoming>| {
        called.now();
        let has_body = !request.body().is_end_stream();
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let (router, called) = (router.clone(), called.clone());
        async move {
            let response = router.oneshot(request).await?;
            // The router says so if the client may still be sending.
            if has_body && response.headers().get(header::CONNECTION).is_some_and(|value| value == "close") {
                called.ends_unread();
            }
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    // HTTP/1 only: browsers use HTTP/2 only over TLS, which a proxy terminates, and an HTTP/2 connection without calls
    // would keep its permit forever. hyper-util's `auto` builder serves HTTP/2 even when it is set to HTTP/1 only,
    // because `serve_connection_with_upgrades` ignores that setting.
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(HEADER_BYTES);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let result = tokio::select! {
        result = connection.as_mut() => Some(result),
        // The channel changes once, or closes with the server.
        _ = stopped.changed() => None,
    };
    let result = match result {
        Some(result) => result,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        // A client that disconnects is not an error of the server.
        tracing::debug!(%error, "a connection ended");
    }
}

#[cfg(test)]
mod tests;
