//! One running `palaver`: its port, its data folder, its log. Owns the process and ends it when dropped; `person` makes
//! its HTTP calls.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use crate::backends::{Backends, Profile};
use crate::binary;
use crate::wait::{self, PATIENCE};

/// The settings that a server is started with.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    data: Option<PathBuf>,
    open_files: Option<u32>,
    everywhere: bool,
    backends: Option<Backends>,
}

impl Settings {
    /// Adds a flag, or a flag and its value.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Uses a data folder that outlives the server, instead of its own.
    #[must_use]
    pub fn data(mut self, folder: &Path) -> Self {
        self.data = Some(folder.to_owned());
        self
    }

    /// Limits how many files and connections the process may open, like `ulimit -n`.
    #[must_use]
    pub fn open_files(mut self, limit: u32) -> Self {
        self.open_files = Some(limit);
        self
    }

    /// Listens on all addresses of the machine, instead of its own loopback address only.
    #[must_use]
    pub fn listen_everywhere(mut self) -> Self {
        self.everywhere = true;
        self
    }

    /// Uses these backends, whatever the profile of this run is.
    #[must_use]
    pub fn on(mut self, backends: &Backends) -> Self {
        self.backends = Some(backends.clone());
        self
    }

    /// Starts the server, on the profile of this run, and waits until it is healthy.
    pub async fn start(mut self) -> Server {
        if self.backends.is_none() {
            self.backends = Backends::fresh(Profile::of_this_run()).await;
        }
        let own = tempfile::tempdir().expect("a temporary folder can be made");
        let data = self.data.clone().unwrap_or_else(|| own.path().join("data"));
        let log = Arc::new(Mutex::new(String::new()));
        let mut server =
            Server { child: None, address: free_port(), data, settings: self, log, sockets: None, _own: own };
        server.start_again().await;
        if let Some(backends) = &server.settings.backends {
            server.sockets = backends.sockets(&server.settings.environment, &server.http("")).await;
        }
        server
    }

    /// Returns the command with these settings, for a test of how it ends.
    pub fn command(&self) -> Command {
        let program = if self.backends.is_some() { binary::full() } else { binary::palaver() };
        let mut command = match self.open_files {
            Some(limit) => {
                let mut shell = binary::clean(Path::new("sh"));
                shell.arg("-c").arg(format!("ulimit -n {limit} && exec \"$0\" \"$@\"")).arg(program);
                shell
            }
            None => binary::clean(program),
        };
        if let Some(backends) = &self.backends {
            command.envs(backends.variables().iter().cloned());
        }
        command.args(&self.arguments).envs(self.environment.iter().cloned());
        command
    }
}

/// A running server. Dropping it kills it and removes its data.
pub struct Server {
    child: Option<Child>,
    address: SocketAddr,
    data: PathBuf,
    settings: Settings,
    log: Arc<Mutex<String>>,
    /// The URL of its sockets, if something else holds them.
    sockets: Option<String>,
    _own: tempfile::TempDir,
}

impl Server {
    /// Starts a server with its default settings.
    pub async fn start() -> Self {
        Settings::default().start().await
    }

    /// Restarts it on the same port and with the same data.
    ///
    /// # Panics
    /// If it ends, or is not healthy in time; the log is shown.
    pub async fn start_again(&mut self) {
        assert!(self.child.is_none(), "the server is running");
        let mut command = self.settings.command();
        let mut listen = self.address;
        if self.settings.everywhere {
            listen.set_ip(std::net::Ipv4Addr::UNSPECIFIED.into());
        }
        command.arg("--listen").arg(listen.to_string()).arg("--data").arg(&self.data);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("palaver can be started");
        self.keep(child.stdout.take().expect("the output is piped"));
        self.keep(child.stderr.take().expect("the errors are piped"));
        self.child = Some(child);

        let health = self.http("/health");
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            if reqwest::get(&health).await.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            let ended = self.child.as_mut().expect("it was started").try_wait().expect("its status can be read");
            let late = std::time::Instant::now() > deadline;
            assert!(ended.is_none() && !late, "the server did not come up ({ended:?}):\n{}", self.log());
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Returns the number of its process.
    ///
    /// # Panics
    /// If it is not running.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the server is running").id()
    }

    /// Returns a URL of the server.
    pub fn http(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns the address for the Rust client.
    pub fn client(&self) -> client::Address {
        client::Address::new(&self.http("")).with_sockets(&self.websocket())
    }

    /// Returns the URL of its WebSocket.
    pub fn websocket(&self) -> String {
        self.sockets.clone().unwrap_or_else(|| format!("ws://{}/v1/ws", self.address))
    }

    /// Returns the address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns its data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Returns the key that it signs access tokens with, in PEM: the configured one, or the one that it generated.
    ///
    /// # Panics
    /// If there is none.
    pub fn signing_key(&self) -> String {
        let variables = self.settings.backends.iter().flat_map(|backends| backends.variables());
        let given = variables.chain(&self.settings.environment).find(|(name, _)| name == "PALAVER_SIGNING_KEY");
        given.map_or_else(
            || std::fs::read_to_string(self.data.join("signing-key.pem")).expect("it is kept in the data folder"),
            |(_, key)| key.clone(),
        )
    }

    /// Returns everything that it has written to standard output and standard error.
    pub fn log(&self) -> String {
        self.log.lock().expect("no reader panicked").clone()
    }

    /// Returns the token of the first admin, which the server prints once it is ready.
    pub async fn first_token(&self) -> String {
        const BEFORE: &str = "Register it with this token: ";
        wait::until("the token of the first admin", async || {
            Some(self.log().split_once(BEFORE)?.1.split_once('\n')?.0.to_owned())
        })
        .await
    }

    /// Kills it, like a crash: SIGKILL, nothing flushed, no client notified.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("the server is running");
        child.kill().expect("a running process can be killed");
        child.wait().expect("a killed process ends");
    }

    /// Asks it to end, like `docker stop`. It is still running when this returns.
    pub fn ask_to_end(&self) {
        self.signal("-TERM");
    }

    /// Pauses it, like a suspended machine: its sockets stay open, and it does nothing.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Resumes it after [`Server::pause`].
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        let id = self.child.as_ref().expect("the server is running").id().to_string();
        let status = Command::new("kill").args([name, &id]).status().expect("kill runs");
        assert!(status.success(), "the signal was not sent");
    }

    /// Waits until it has ended, and returns its exit status.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("the server was started");
        wait::until("the server's end", || std::future::ready(child.try_wait().expect("its status can be read"))).await
    }

    /// Returns whether it is still running.
    pub fn is_running(&mut self) -> bool {
        let child = self.child.as_mut().expect("the server was started");
        child.try_wait().expect("its status can be read").is_none()
    }

    /// Reads a stream to its end, so that the server never waits for a full pipe.
    fn keep(&self, stream: impl Read + Send + 'static) {
        let log = Arc::clone(&self.log);
        std::thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                let mut log = log.lock().expect("no reader panicked");
                log.push_str(&String::from_utf8_lossy(&line));
                log.push('\n');
            }
        });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
        if std::thread::panicking() {
            eprintln!("── the server's log\n{}", self.log());
        }
    }
}

/// Returns a port that was free a moment ago.
pub fn free_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], local_servers::free_port()))
}
