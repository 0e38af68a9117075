//! Accepts connections on an IP address or a Unix socket, in one form.

use std::fs::{self, Permissions};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};

use crate::ListenAddress;
use crate::limits::LISTEN_BACKLOG;

/// The peer of every connection on a Unix socket: like a proxy on the loopback address, it can be trusted with
/// `PALAVER_TRUSTED_PROXIES`.
const LOCAL_PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A bound listener.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, SocketFile),
}

/// The file of a Unix socket, removed with its listener.
#[derive(Debug)]
pub(crate) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl Listener {
    pub async fn bind(address: &ListenAddress) -> io::Result<Listener> {
        match address {
            ListenAddress::Tcp(address) => bind_tcp(*address).map(Listener::Tcp),
            ListenAddress::Unix(path) => bind_unix(path).await,
        }
    }

    pub fn address(&self) -> io::Result<ListenAddress> {
        match self {
            Listener::Tcp(listener) => listener.local_addr().map(ListenAddress::Tcp),
            Listener::Unix(_, file) => Ok(ListenAddress::Unix(file.0.clone())),
        }
    }

    /// Waits for a connection. One on a Unix socket comes as a TCP stream too, because nothing above reads or writes in
    /// another way: only the options of TCP fail on it.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        match self {
            Listener::Tcp(listener) => listener.accept().await,
            Listener::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                let descriptor = OwnedFd::from(stream.into_std()?);
                Ok((TcpStream::from_std(descriptor.into())?, LOCAL_PEER))
            }
        }
    }
}

fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Without it, a restart could not bind the address for as long as connections of the last run linger. On Windows
    // it would let another process take the address over.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(LISTEN_BACKLOG)
}

/// Binds a path. A socket on which nobody listens any more was left by a process that crashed, and is replaced.
async fn bind_unix(path: &Path) -> io::Result<Listener> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    let is_stale = async || {
        let refused = UnixStream::connect(path).await.err();
        refused.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    };
    if is_socket && is_stale().await {
        fs::remove_file(path)?;
    }

    let listener = UnixListener::bind(path)?;
    let file = SocketFile(path.to_owned());
    // The proxy runs as another user. Who can reach the file is decided by the folder, as on the loopback address.
    fs::set_permissions(path, Permissions::from_mode(0o666))?;
    Ok(Listener::Unix(listener, file))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_one_in_use_is_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("palaver.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).expect("bound"));
        assert!(path.exists(), "the system leaves the file");
        let address = ListenAddress::Unix(path.clone());
        let listener = Listener::bind(&address).await.expect("nobody listens");
        let second = Listener::bind(&address).await.expect_err("somebody listens");
        assert_eq!(second.kind(), io::ErrorKind::AddrInUse);

        // The second one's look at the socket arrives as a connection without a call.
        listener.accept().await.expect("accepted");
        let mut client = UnixStream::connect(&path).await.expect("connected");
        let (mut accepted, peer) = listener.accept().await.expect("accepted");
        assert!(peer.ip().is_loopback());
        client.write_all(b"hello").await.expect("written");
        let mut bytes = [0; 5];
        accepted.read_exact(&mut bytes).await.expect("read");
        assert_eq!(&bytes, b"hello");

        drop(listener);
        assert!(!path.exists());
        fs::write(&path, "not a socket").expect("written");
        Listener::bind(&address).await.expect_err("a file that is no socket stays");
        assert_eq!(fs::read_to_string(&path).expect("still there"), "not a socket");
    }
}
