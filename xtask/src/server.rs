//! A server that runs during a command: on its own port, with its own data, which is removed afterwards. Tests have
//! their own, in `tests`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The timeout until the server answers for the first time.
const START: Duration = Duration::from_secs(30);

/// Seeding is faster than users are, so no limit may get in its way.
const LIMITS: [&str; 5] = [
    "PALAVER_LIMITS_SENDS_PER_10S",
    "PALAVER_LIMITS_FRAMES_PER_60S",
    "PALAVER_LIMITS_JOINS_PER_MINUTE",
    "PALAVER_LIMITS_REQUESTS_PER_MINUTE",
    "PALAVER_LIMITS_SIGN_INS_PER_MINUTE",
];

/// A running server; dropping the value ends it.
pub struct Server {
    child: Child,
    address: SocketAddr,
    _data: tempfile::TempDir,
}

impl Server {
    /// Starts the server on loopback and waits until it is healthy.
    pub fn start(palaver: &Path) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = Command::new(palaver)
            .args(["--listen", &address.to_string(), "--data"])
            .arg(data.path())
            .envs(LIMITS.map(|limit| (limit, "1000000")))
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", palaver.display()))?;
        let mut server = Self { child, address, _data: data };
        let deadline = Instant::now() + START;
        while !server.healthy() {
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended before it was healthy: {status}");
            }
            if Instant::now() > deadline {
                bail!("the server was not healthy within {} s", START.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// Returns where it listens, as a URL without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn healthy(&self) -> bool {
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(1))?;
            stream.set_read_timeout(Some(Duration::from_secs(2)))?;
            write!(stream, "GET /health HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address)?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; neither error needs handling.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
