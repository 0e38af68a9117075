//! One Redis, in memory only. Owns its process, and a connection for each command of a test.

mod cluster;
mod resp;
mod sentinel;

use std::process::Command;

use anyhow::Result;
use tempfile::TempDir;

pub use cluster::RedisCluster;
pub use sentinel::RedisSentinel;

use crate::process::{Process, or_panic};
use crate::{folder, port, tools};

/// A running Redis.
#[derive(Debug)]
pub struct Redis {
    process: Option<Process>,
    port: u16,
    password: Option<String>,
    options: Vec<String>,
    folder: TempDir,
}

impl Redis {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start() -> Self {
        Self::start_on(port::free())
    }

    /// Starts one on this port.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start_on(port: u16) -> Self {
        or_panic(Self::start_with(port, None, &[]))
    }

    /// Starts one that requires a password.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start_with_password(password: &str) -> Self {
        or_panic(Self::start_with(port::free(), Some(password), &[]))
    }

    fn start_with(port: u16, password: Option<&str>, options: &[&str]) -> Result<Self> {
        let mut redis = Self {
            process: None,
            port,
            password: password.map(str::to_owned),
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            folder: folder::new("redis")?,
        };
        redis.run()?;
        Ok(redis)
    }

    fn run(&mut self) -> Result<()> {
        let port = self.port.to_string();
        let mut command = Command::new(tools::program("redis-server")?);
        command.args(["--bind", "127.0.0.1", "--port", &port, "--daemonize", "no", "--save", "", "--appendonly", "no"]);
        command.arg("--dir").arg(self.folder.path()).args(&self.options);
        if let Some(password) = &self.password {
            command.args(["--requirepass", password, "--masterauth", password]);
        }
        let mut process = Process::start("Redis", &command, self.folder.path().join("log"))?;
        process.wait_until(|| self.ask(&["PING"]).is_ok_and(|answer| answer == "PONG"))?;
        self.process = Some(process);
        Ok(())
    }

    /// Returns its URL, including the password.
    pub fn url(&self) -> String {
        match &self.password {
            Some(password) => format!("redis://:{password}@127.0.0.1:{}", self.port),
            None => format!("redis://127.0.0.1:{}", self.port),
        }
    }

    /// Returns its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills it. All its data is lost.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Restarts it, empty and on the same port.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn restart(&mut self) {
        self.kill();
        or_panic(self.run());
    }

    /// Removes all its data.
    ///
    /// # Panics
    /// If it does not answer.
    pub fn flush(&self) {
        self.command(&["FLUSHALL"]);
    }

    /// Stops its process without ending it, like a partition: connections stay open and nothing answers.
    ///
    /// # Panics
    /// If it is not running.
    pub fn freeze(&self) {
        or_panic(self.process.as_ref().expect("Redis is running").signal("STOP"));
    }

    /// Resumes it after [`Redis::freeze`].
    ///
    /// # Panics
    /// If it is not running.
    pub fn thaw(&self) {
        or_panic(self.process.as_ref().expect("Redis is running").signal("CONT"));
    }

    /// Sends it a command; returns its answer, a list as one line per item.
    ///
    /// # Panics
    /// If it does not answer, or answers with an error.
    pub fn command(&self, words: &[&str]) -> String {
        or_panic(self.ask(words))
    }

    fn ask(&self, words: &[&str]) -> Result<String> {
        resp::ask(self.port, self.password.as_deref(), words)
    }
}

#[cfg(test)]
mod tests;
