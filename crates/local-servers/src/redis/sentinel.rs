//! One master, one replica and three sentinels, which promote the replica if the master fails.

use std::process::Command;

use anyhow::Result;
use tempfile::TempDir;

use super::{Redis, resp};
use crate::process::{Process, or_panic};
use crate::{folder, port, tools};

/// The name of the master in the sentinels.
const MASTER: &str = "palaver";

/// A Redis that survives the failure of its master.
#[derive(Debug)]
pub struct RedisSentinel {
    nodes: Vec<Redis>,
    sentinels: Vec<(Process, u16)>,
    _folder: TempDir,
}

impl RedisSentinel {
    /// Starts all five.
    ///
    /// # Panics
    /// If one cannot be started.
    pub fn start() -> Self {
        or_panic(Self::try_start())
    }

    fn try_start() -> Result<Self> {
        let folder = folder::new("sentinel")?;
        let master = Redis::start_with(port::free(), None, &["--repl-diskless-sync-delay", "0"])?;
        let of = format!("127.0.0.1 {}", master.port);
        let replica = Redis::start_with(port::free(), None, &["--replicaof", &of])?;
        let mut sentinels = Vec::new();
        for number in 1..=3 {
            let port = port::free();
            let config = folder.path().join(format!("sentinel-{number}.conf"));
            // A sentinel writes what it learns into its file.
            let text = format!(
                "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor {MASTER} 127.0.0.1 {} 2\n\
                 sentinel down-after-milliseconds {MASTER} 1000\nsentinel failover-timeout {MASTER} 5000\n",
                folder.path().display(),
                master.port
            );
            std::fs::write(&config, text)?;
            let mut command = Command::new(tools::program("redis-server")?);
            command.arg(&config).arg("--sentinel");
            let log = folder.path().join(format!("sentinel-{number}.log"));
            sentinels.push((Process::start("a Redis sentinel", &command, log)?, port));
        }
        let mut all = Self { nodes: vec![master, replica], sentinels, _folder: folder };
        for index in 0..all.sentinels.len() {
            let (process, port) = &mut all.sentinels[index];
            let port = *port;
            // Until it knows the others and the replica, it could not elect a new master.
            process.wait_until(|| {
                let known = |what: &str, count: usize| {
                    let answer = resp::ask(port, None, &["SENTINEL", what, MASTER]).unwrap_or_default();
                    answer.lines().filter(|line| *line == "runid").count() == count && !answer.contains("s_down")
                };
                known("SENTINELS", 2) && known("REPLICAS", 1)
            })?;
        }
        Ok(all)
    }

    /// Returns the name of the master.
    pub fn master_name(&self) -> &'static str {
        MASTER
    }

    /// Returns the sentinels' addresses, as `host:port`.
    pub fn sentinels(&self) -> Vec<String> {
        self.sentinels.iter().map(|(_, port)| format!("127.0.0.1:{port}")).collect()
    }

    /// Returns the port of the current master, according to the first sentinel.
    ///
    /// # Panics
    /// If the sentinel does not answer.
    pub fn master_port(&self) -> u16 {
        let words = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER];
        let answer = or_panic(resp::ask(self.sentinels[0].1, None, &words));
        answer.lines().nth(1).and_then(|port| port.parse().ok()).expect("a sentinel knows its master")
    }

    /// Kills the current master. The others elect a new one within a few seconds.
    ///
    /// # Panics
    /// If the sentinel does not answer.
    pub fn kill_master(&mut self) {
        let port = self.master_port();
        self.nodes.retain(|node| node.port != port);
    }
}
