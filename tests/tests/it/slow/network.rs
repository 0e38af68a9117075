//! A private network for one test, with packets of Ethernet's size. Packets on the loopback interface may have 64 KiB,
//! and a client with a small window does not behave like a phone there.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};

/// The variable with the folder of the sockets that lead out of the private network. Set if a test runs inside one.
const OWN_NETWORK: &str = "TEST_HAS_A_NETWORK_OF_ITS_OWN";
/// The variable with the URL of the database outside the private network.
const DATABASE: &str = "TEST_DATABASE_OUTSIDE";
/// The socket in that folder that leads to the database server.
const WAY_OUT: &str = "database";
/// Configures the network with packets of Ethernet's size, then starts the test.
const SET_UP: &str = r#"ip link set lo mtu 1500 up && exec "$0" "$@""#;
/// How often the proxy reads from the server.
const TICKS_PER_SECOND: u32 = 10;
/// The receive buffer between server and proxy.
const SLOWED_BUFFER: u32 = 16 * 1024;

/// Returns whether this process runs in a private network.
pub fn is_own() -> bool {
    std::env::var_os(OWN_NETWORK).is_some()
}

/// Runs one test of this binary again, in a new network namespace.
///
/// # Panics
/// If it fails there.
pub async fn run_again(test: &str, database: Option<&str>) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--net", "sh", "-c", SET_UP]);
    command.arg(std::env::current_exe().expect("a test has a file")).args([test, "--exact", "--nocapture"]);
    command.env(OWN_NETWORK, folder.path()).stdin(Stdio::null());
    if let Some(database) = database {
        command.env(DATABASE, database);
        let listener = UnixListener::bind(folder.path().join(WAY_OUT)).expect("a socket can be made in a new folder");
        let server = server_of(database);
        tokio::spawn(async move {
            while let Ok((mut inside, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut outside = TcpStream::connect(server).await.expect("PostgreSQL listens");
                    let _ = copy_bidirectional(&mut inside, &mut outside).await;
                });
            }
        });
    }
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("it does not panic");
    let output = output.expect("util-linux is installed");
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{said}{errors}");
    assert!(output.status.success() && said.contains("1 passed"), "the test failed in its own network");
}

/// Returns the URL under which the database is reached from inside the private network.
pub async fn database() -> String {
    let outside = std::env::var(DATABASE).expect("it was named outside");
    let way_out = PathBuf::from(std::env::var_os(OWN_NETWORK).expect("this is inside")).join(WAY_OUT);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let inside = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((mut inside, _)) = listener.accept().await {
            let way_out = way_out.clone();
            tokio::spawn(async move {
                let mut outside = UnixStream::connect(way_out).await.expect("the test outside listens");
                let _ = copy_bidirectional(&mut inside, &mut outside).await;
            });
        }
    });
    outside.replace(&server_of(&outside).to_string(), &inside.to_string())
}

/// Returns the address in a URL.
fn server_of(url: &str) -> SocketAddr {
    let after = url.split('@').next_back().expect("a URL has an authority");
    after.split('/').next().and_then(|address| address.parse().ok()).expect("tests listen on an address")
}

/// Starts a proxy to a server that forwards at most this many of its bytes per second, and returns the proxy's address.
pub async fn slowed(server: SocketAddr, bytes_per_second: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let socket = TcpSocket::new_v4().expect("a socket can be made");
            socket.set_recv_buffer_size(SLOWED_BUFFER).expect("the size can be set");
            let server = socket.connect(server).await.expect("the server listens");
            let ((mut from_client, to_client), (from_server, mut to_server)) =
                (client.into_split(), server.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            tokio::spawn(trickle(from_server, to_client, bytes_per_second));
        }
    });
    address
}

async fn trickle(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    bytes_per_second: usize,
) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / TICKS_PER_SECOND);
    let mut bytes = vec![0; bytes_per_second / TICKS_PER_SECOND as usize];
    loop {
        ticks.tick().await;
        match from.read(&mut bytes).await {
            Ok(read @ 1..) if to.write_all(&bytes[..read]).await.is_ok() => {}
            _ => return,
        }
    }
}
