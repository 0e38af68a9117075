//! A server's process: started, awaited, ended. Ends when its value is dropped, and with this process however that
//! ends.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::tools;

/// The timeout until a server answers for the first time, on a busy machine.
pub const START: Duration = Duration::from_secs(60);

const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How much of a log is shown with an error.
const SHOWN: usize = 4_000;

/// A running server.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
    log: PathBuf,
}

/// Starts processes in a thread that never ends, because the kernel sends the signal of `PR_SET_PDEATHSIG` at the end
/// of the *thread* that started the process, and a test's thread ends with the test.
type Order = (Command, Sender<std::io::Result<Child>>);
static STARTER: LazyLock<Mutex<Sender<Order>>> = LazyLock::new(|| {
    let (sender, receiver) = channel::<Order>();
    std::thread::Builder::new()
        .name("starts servers".into())
        .spawn(move || {
            for (mut command, answer) in receiver {
                // The caller may have given up.
                let _ = answer.send(command.spawn());
            }
        })
        .expect("a thread can be started");
    Mutex::new(sender)
});

impl Process {
    /// Starts a program that writes its output into `log`.
    pub fn start(name: &str, command: &Command, log: PathBuf) -> Result<Self> {
        Self::start_as(name, command, log, None)
    }

    /// Like [`Process::start`], as another user if one is given.
    pub fn start_as(name: &str, command: &Command, log: PathBuf, user: Option<User>) -> Result<Self> {
        let mut guarded =
            Command::new(tools::find("setpriv").context("setpriv (Debian: util-linux) is not installed")?);
        guarded.args(["--pdeathsig", "KILL"]);
        if let Some(user) = user {
            guarded.args(user.arguments());
        }
        guarded.arg("--").arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => guarded.env(key, value),
                None => guarded.env_remove(key),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            guarded.current_dir(folder);
        }
        let file =
            File::options().create(true).append(true).open(&log).context("the server's log cannot be written")?;
        guarded.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);

        let (sender, receiver) = channel();
        STARTER.lock().expect("no holder of the lock panics").send((guarded, sender)).expect("the thread never ends");
        let child = receiver.recv().expect("the thread answers").with_context(|| format!("cannot start {name}"))?;
        Ok(Self { child, name: name.to_owned(), log })
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// If it ended, or takes longer than `START`; contains the end of its log.
    pub fn wait_until(&mut self, mut is_ready: impl FnMut() -> bool) -> Result<()> {
        let deadline = Instant::now() + START;
        while !is_ready() {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended before it was ready ({status}):\n{}", self.name, self.log());
            }
            if Instant::now() > deadline {
                bail!("{} was not ready within {} s:\n{}", self.name, START.as_secs(), self.log());
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    /// Kills it, like a crash.
    pub fn kill(&mut self) {
        // It may have ended by itself; neither error needs handling.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends it a signal by name, like `kill`.
    pub fn signal(&self, name: &str) -> Result<()> {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status()?;
        if !status.success() {
            bail!("{} did not get the signal {name}", self.name);
        }
        Ok(())
    }

    /// Returns the end of its output.
    pub fn log(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&text[text.len().saturating_sub(SHOWN)..]).into_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// An unprivileged user, for a program that refuses to run as root.
#[derive(Debug, Clone, Copy)]
pub struct User {
    pub id: u32,
    pub group: u32,
}

impl User {
    /// Returns the arguments of `setpriv` that switch to this user.
    pub fn arguments(self) -> [String; 3] {
        [format!("--reuid={}", self.id), format!("--regid={}", self.group), "--clear-groups".to_owned()]
    }
}

/// Runs a program until it ends and returns its output.
pub fn run(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {name}"))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        bail!("{name} failed ({}):\n{}", output.status, String::from_utf8_lossy(&said));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Returns the status of a `GET`, for servers whose health is an HTTP answer.
pub fn http_status(port: u16, path: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    // A server may close before it has read everything; what arrived before that counts.
    let _ = stream.take(64 * 1024).read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).split(' ').nth(1)?.parse().ok()
}

/// Returns the server, or panics with the reason why it could not be started: tests need no error to handle.
#[track_caller]
pub fn or_panic<T>(started: Result<T>) -> T {
    started.unwrap_or_else(|error| panic!("{:#}", anyhow!(error)))
}

#[cfg(test)]
mod tests;
