//! A TCP proxy in front of the emulator that swallows answers: the request arrives, its answer never does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Runs until the test ends.
pub struct Proxy {
    port: u16,
    swallow: Arc<AtomicUsize>,
}

impl Proxy {
    /// Starts a proxy for the server at this port of 127.0.0.1.
    pub async fn before(server: u16) -> Proxy {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let swallow = Arc::new(AtomicUsize::new(0));
        let counter = swallow.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, server, counter.clone()));
            }
        });
        Proxy { port, swallow }
    }

    /// Returns its address.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Loses the next answers, so many, and their connections with them.
    pub fn swallow(&self, answers: usize) {
        self.swallow.store(answers, Ordering::SeqCst);
    }

    /// Returns how many answers are still to be lost.
    pub fn left(&self) -> usize {
        self.swallow.load(Ordering::SeqCst)
    }
}

async fn pass(client: TcpStream, server: u16, swallow: Arc<AtomicUsize>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
        let lost = swallow.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if lost || to_client.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
    up.abort();
}
