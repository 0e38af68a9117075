//! The HTTP server: bounded connections, headers in time and in size, and a shutdown that lets calls
//! finish. What the router does with a call is none of its business.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use domain::limits::{HEADER_BYTES, HEADER_TIMEOUT, HTTP_CONNECTIONS};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

mod patience;

use patience::Patience;

/// How long calls may take to finish once the shutdown has begun.
const GRACE: Duration = Duration::from_secs(25);
/// How long to wait before accepting again when the system has no sockets left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How many times longer than for headers the server waits for a client that does not read.
const STALL: u32 = 6;

/// A bound listener that does not answer yet: so a caller knows the address first.
pub struct Server {
    listener: TcpListener,
    connections: usize,
    patience: Duration,
}

/// Serves a router until the process is told to stop.
pub async fn serve(router: Router, address: SocketAddr) -> io::Result<()> {
    let server = Server::bind(address).await?;
    tracing::info!(address = %server.local_address()?, "listening");
    server.run(router, shutdown_signal()).await
}

/// Whether the process is an AWS Lambda function (and the feature `lambda` is on): it stands still between its calls.
pub fn is_lambda() -> bool {
    cfg!(feature = "lambda") && std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some()
}

/// Comes when the process is asked to stop: SIGTERM, or Ctrl-C.
pub async fn shutdown_signal() {
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

impl Server {
    /// Takes the address; port 0 is any free one.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        Ok(Server {
            listener: TcpListener::bind(address).await?,
            connections: HTTP_CONNECTIONS,
            patience: HEADER_TIMEOUT,
        })
    }

    /// Another number of connections at once.
    pub fn with_connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// Where it listens.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `shutdown` comes; then no new connection is taken, calls under way finish, and after
    /// a grace period it ends all the same. Upgraded sockets are not waited for: their owner drains them.
    pub async fn run(self, router: Router, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let (stop, stopped) = watch::channel(false);
        let places = Arc::new(Semaphore::new(self.connections));
        let mut shutdown = pin!(shutdown);
        loop {
            let place = places.clone().acquire_owned();
            let accept = async { (place.await.expect("never closed"), self.listener.accept().await) };
            let (place, accepted) = tokio::select! {
                accepted = accept => accepted,
                () = &mut shutdown => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let (router, stopped, patience) = (router.clone(), stopped.clone(), self.patience);
            tokio::spawn(async move {
                answer(stream, peer, router, stopped, patience).await;
                drop(place);
            });
        }
        drop(self.listener);
        let _ = stop.send(true);
        // Every connection holds a place: with all of them in hand there is none left.
        let all = places.acquire_many(self.connections as u32);
        if tokio::time::timeout(GRACE, all).await.is_err() {
            tracing::warn!("some calls did not finish in time");
        }
        Ok(())
    }
}

/// Answers the calls of one connection until it ends.
async fn answer(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    mut stopped: watch::Receiver<bool>,
    patience: Duration,
) {
    // Answers are small and wanted at once.
    let _ = stream.set_nodelay(true);
    let (stream, called) = Patience::new(stream, patience, patience * STALL);
    let service = hyper::service::service_fn(move |request: http::Request<Incoming>| {
        called.now();
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    // HTTP/1 alone: browsers speak HTTP/2 only over TLS, which is a proxy's affair, and an HTTP/2 connection without calls
    // would keep its place for ever.
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(HEADER_BYTES);
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
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
        // A client that goes away is no event of ours.
        tracing::debug!(%error, "a connection ended");
    }
}

#[cfg(test)]
mod tests;
