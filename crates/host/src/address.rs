//! The address that a server listens on, as people write it: with or without a host, or a Unix socket.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::str::FromStr;

/// An address to listen on. The text is `127.0.0.1:8080`, `[::1]:8080`, `:8080` (every IPv4 address of the machine),
/// `localhost:8080`, the name of an address of the machine with a port, or `unix:/run/palaver.sock`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    /// An IP address and a port.
    Tcp(SocketAddr),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

/// A text that is not a [`ListenAddress`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    /// Neither an address nor a path.
    #[error(
        "must be an address such as 127.0.0.1:8080, localhost:8080, :8080 (every address) or unix:/run/palaver.sock"
    )]
    Form,
    /// The host name has no address.
    #[error("the name before the port has no address: write an IP address of this machine, or :PORT for every address")]
    Unknown,
    /// The path cannot be that of a socket.
    #[error("the path of the Unix socket is empty or too long: the system accepts about 100 bytes")]
    Path,
}

/// What a Unix socket's path begins with.
const UNIX: &str = "unix:";

impl ListenAddress {
    /// Returns the IP address and port; `None` for a Unix socket.
    pub fn tcp(&self) -> Option<SocketAddr> {
        match self {
            ListenAddress::Tcp(address) => Some(*address),
            ListenAddress::Unix(_) => None,
        }
    }

    /// Returns whether this is every address of the machine, which is none that another program could connect to.
    pub fn is_unspecified(&self) -> bool {
        self.tcp().is_some_and(|address| address.ip().is_unspecified())
    }

    /// Returns the URL to open in a browser on this machine; for a Unix socket, its address.
    pub fn url(&self) -> String {
        match self {
            ListenAddress::Tcp(address) if self.is_unspecified() => format!("http://127.0.0.1:{}", address.port()),
            ListenAddress::Tcp(address) => format!("http://{address}"),
            ListenAddress::Unix(_) => self.to_string(),
        }
    }
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        ListenAddress::Tcp(address)
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ListenAddress::Tcp(address) => address.fmt(f),
            ListenAddress::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

impl FromStr for ListenAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        if let Some(path) = text.strip_prefix(UNIX) {
            // `unix:///run/x` is the same path as `unix:/run/x`.
            let path = path.strip_prefix("//").unwrap_or(path);
            let is_path = !path.is_empty() && std::os::unix::net::SocketAddr::from_pathname(path).is_ok();
            return if is_path { Ok(ListenAddress::Unix(path.into())) } else { Err(InvalidAddress::Path) };
        }
        if let Ok(address) = text.parse() {
            return Ok(ListenAddress::Tcp(address));
        }

        let (host, port) = text.rsplit_once(':').ok_or(InvalidAddress::Form)?;
        let port: u16 = port.parse().map_err(|_| InvalidAddress::Form)?;
        let ip = match host {
            "" | "*" => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            _ if host.eq_ignore_ascii_case("localhost") => IpAddr::V4(Ipv4Addr::LOCALHOST),
            _ if !is_host(host) => return Err(InvalidAddress::Form),
            _ => resolve(host)?,
        };
        Ok(ListenAddress::Tcp(SocketAddr::new(ip, port)))
    }
}

/// Returns whether a text can be a host name, so that nothing else is looked up.
fn is_host(text: &str) -> bool {
    text.len() <= 253 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

/// Returns a host name's address, IPv4 first.
fn resolve(host: &str) -> Result<IpAddr, InvalidAddress> {
    let found = (host, 0).to_socket_addrs().map_err(|_| InvalidAddress::Unknown)?;
    found.map(|address| address.ip()).min_by_key(IpAddr::is_ipv6).ok_or(InvalidAddress::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_understood_as_people_write_them() {
        for (text, expected) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("[::1]:8080", "[::1]:8080"),
            (":8080", "0.0.0.0:8080"),
            ("*:8080", "0.0.0.0:8080"),
            ("localhost:8080", "127.0.0.1:8080"),
            ("LocalHost:1", "127.0.0.1:1"),
            ("unix:/run/palaver.sock", "unix:/run/palaver.sock"),
            ("unix:///run/palaver.sock", "unix:/run/palaver.sock"),
            ("unix:palaver.sock", "unix:palaver.sock"),
        ] {
            let address: ListenAddress = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(address.to_string(), expected);
            assert_eq!(address.to_string().parse(), Ok(address), "what is printed can be read again");
        }
        let long = format!("unix:/{}", "x".repeat(200));
        for text in ["nowhere", "7", "", ":", ":http", ":99999", "a b:80", "http://x:80", "::1:80", "unix:", &long] {
            assert!(text.parse::<ListenAddress>().is_err(), "{text}");
        }
    }
}
