//! The HTTP server: bounded connections, limits for the time and size of headers, and a shutdown that lets calls finish.
//! Does not know what the router does with a call.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::limits::{HEADER_BYTES, HEADER_TIMEOUT, HTTP_CONNECTIONS};
use crate::listener::Listener;
use crate::{ListenAddress, Settings};
use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use service::Supervisor;
use service::log_throttle::LogThrottle;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt;

use web::Patience;

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
    patience: Duration,
    grace: Duration,
}

/// Serves a router until the process is asked to stop, or a background task failed permanently. The caller then asks the
/// supervisor which of the two happened.
pub async fn serve(router: Router, settings: &Settings, supervisor: &Supervisor) -> io::Result<()> {
    let server = Server::bind(&settings.listen).await?;
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
            patience: HEADER_TIMEOUT,
            grace: GRACE,
        })
    }

    /// Sets the maximum number of concurrent connections.
    pub fn with_connections(mut self, connections: usize) -> Self {
        self.connections = connections;
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
    /// grace period in any case. It does not wait for upgraded sockets: their owner drains them.
    pub async fn run(self, router: Router, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let (stop, stopped) = watch::channel(false);
        let permits = Arc::new(Semaphore::new(self.connections));
        let mut shutdown = pin!(shutdown);
        loop {
            let accept = async { (permit(&permits, self.connections).await, self.listener.accept().await) };
            let (permit, accepted) = tokio::select! {
                accepted = accept => accepted,
                () = &mut shutdown => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "accepting a connection failed, will retry");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let (router, stopped, patience) = (router.clone(), stopped.clone(), self.patience);
            tokio::spawn(async move {
                answer(stream, peer, router, stopped, patience).await;
                drop(permit);
            });
        }
        drop(self.listener);
        let _ = stop.send(true);
        // Every connection holds a permit: once all permits are back, no connection is left.
        let all = permits.acquire_many(self.connections as u32);
        if tokio::time::timeout(self.grace, all).await.is_err() {
            tracing::warn!("some calls did not finish in time, closing them");
        }
        Ok(())
    }
}

/// Waits until another connection may be opened, and logs it if it has to wait: from outside, a server whose connections
/// are all in use looks as if it were down.
async fn permit(permits: &Arc<Semaphore>, connections: usize) -> OwnedSemaphorePermit {
    static LINE: LogThrottle = LogThrottle::new();
    if let Ok(permit) = permits.clone().try_acquire_owned() {
        return permit;
    }
    if let Some(repeated) = LINE.admit("full", std::time::Instant::now()) {
        tracing::warn!(
            connections,
            repeated,
            "all connections are in use, new ones wait; PALAVER_LIMITS_CONNECTIONS_PER_NODE sets the limit"
        );
    }
    permits.clone().acquire_owned().await.expect("the semaphore is never closed")
}

/// Answers the calls of one connection until it ends.
async fn answer(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    mut stopped: watch::Receiver<bool>,
    patience: Duration,
) {
    // Answers are small and urgent.
    let _ = stream.set_nodelay(true);
    let (stream, called) = Patience::new(stream, patience, patience * STALL);
    let service = hyper::service::service_fn(move |request: http::Request<Incoming>| {
        called.now();
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
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
