//! A server that vanishes silently: no answer arrives, and no connection ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use conformance::suite::world::{LogWriter, a_room};
use domain::LogId;
use local_servers::shared;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::new_database;
use crate::{SqlSettings, SqlStore};

/// A proxy in front of the server, until it falls silent.
struct Proxy {
    port: u16,
    silent: Arc<AtomicBool>,
}

impl Proxy {
    async fn before(server: u16) -> Proxy {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let silent = Arc::new(AtomicBool::new(false));
        let is_silent = silent.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { continue };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(pass(from_client, to_server, is_silent.clone()));
                tokio::spawn(pass(from_server, to_client, is_silent.clone()));
            }
        });
        Proxy { port, silent }
    }
}

/// Connections from before the silence stay open, without a server behind them.
async fn pass(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    silent: Arc<AtomicBool>,
) {
    let mut buffer = vec![0; 16 * 1024];
    let mut fell_silent = false;
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        fell_silent |= silent.load(Ordering::SeqCst);
        if !fell_silent && to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vanished_server_blocks_no_reader() {
    let direct = new_database();
    let server = shared::postgres().port();
    let proxy = Proxy::before(server).await;
    let url = direct.replace(&format!(":{server}/"), &format!(":{}/", proxy.port));
    assert_ne!(url, direct, "the proxy is in between");
    let statement_timeout = Duration::from_millis(300);
    let read_timeout = Duration::from_secs(1);
    let settings = SqlSettings { readers: 2, statement_timeout, read_timeout, ..SqlSettings::default() };
    let store = SqlStore::connect(&url, None, settings).await.expect("it opens").store();
    let log = LogId::Room(a_room());
    let mut log_writer = LogWriter::new(&store, log).await;
    assert_eq!(log_writer.say("there").await, 1);
    // All readers are connected.
    let (one, two) = tokio::join!(store.log.tip(log), store.log.tip(log));
    assert!(one.is_ok() && two.is_ok());

    proxy.silent.store(true, Ordering::SeqCst);
    let began = Instant::now();
    let (one, two) = tokio::join!(store.log.tip(log), store.log.tip(log));
    assert!(one.is_err() && two.is_err(), "{one:?} {two:?}");
    assert!(began.elapsed() < Duration::from_secs(6), "each fault is answered within 3 s, on a machine with time");

    // Another host serves under the same name; TCP itself gives the old one up after a quarter of an hour.
    proxy.silent.store(false, Ordering::SeqCst);
    // Beside all other tests, a new connection may have to wait for a while.
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let read = store.log.tip(log).await;
        if read == Ok(log_writer.tip) {
            break;
        }
        assert!(Instant::now() < deadline, "readers wait for dead connections: {read:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
