//! A minimal Redis Cluster: three masters that share the slots.

use std::process::Command;

use anyhow::Result;

use super::Redis;
use crate::process::{or_panic, run};
use crate::{port, tools};

/// A Redis Cluster of three nodes without replicas.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<Redis>,
}

impl RedisCluster {
    /// Starts the nodes and shares the slots among them.
    ///
    /// # Panics
    /// If a node cannot be started.
    pub fn start() -> Self {
        or_panic(Self::try_start())
    }

    fn try_start() -> Result<Self> {
        let mut nodes = Vec::new();
        for _ in 0..3 {
            let bus = port::free().to_string();
            let options = [
                "--cluster-enabled",
                "yes",
                "--cluster-port",
                &bus,
                "--cluster-node-timeout",
                "2000",
                "--cluster-announce-ip",
                "127.0.0.1",
            ];
            nodes.push(Redis::start_with(port::free(), None, &options)?);
        }
        let mut create = Command::new(tools::program("redis-cli")?);
        create.args(["--cluster", "create"]).args(nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)));
        run(create.args(["--cluster-replicas", "0", "--cluster-yes"]))?;
        for node in &mut nodes {
            let port = node.port;
            let process = node.process.as_mut().expect("it was started");
            process.wait_until(|| {
                let info = super::resp::ask(port, None, &["CLUSTER", "INFO"]).unwrap_or_default();
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            })?;
        }
        Ok(Self { nodes })
    }

    /// Returns the URL of each node.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Redis::url).collect()
    }

    /// Returns the nodes, each a separate Redis.
    pub fn nodes(&mut self) -> &mut [Redis] {
        &mut self.nodes
    }
}
