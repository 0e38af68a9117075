//! Several nodes of one installation: the same database, bucket and Redis, the same signing key, a private port each.
//! Owns their settings and processes; the tests decide what to ask of them.

use service::auth::SigningKeys;

use crate::backends::{Backends, Profile};
use crate::server::{Server, Settings, free_port};

/// The key that nodes sign requests to each other with; known to this machine while a test runs.
const INTERNAL_KEYS: &str = "PALAVERTEST:a-secret-of-the-tests-of-many-nodes";

/// Running nodes. Dropping the value ends them and removes their data.
pub struct Cluster {
    nodes: Vec<Server>,
    metrics: Vec<String>,
    backends: Backends,
}

impl Cluster {
    /// Starts a number of nodes on fresh backends.
    ///
    /// # Panics
    /// If one cannot be started, and for the embedded profile, which is a single process.
    pub async fn start(profile: Profile, nodes: usize, settings: Settings) -> Self {
        let backends = Backends::fresh(profile).await.expect("the embedded profile has no nodes");
        Self::start_on(backends, nodes, settings).await
    }

    /// Like [`Cluster::start`], on these backends.
    ///
    /// # Panics
    /// If one cannot be started.
    pub async fn start_on(backends: Backends, nodes: usize, settings: Settings) -> Self {
        let key = SigningKeys::generate().to_pem();
        let mut cluster = Self { nodes: Vec::new(), metrics: Vec::new(), backends };
        for number in 1..=nodes {
            let (metrics, internal) = (free_port().to_string(), free_port().to_string());
            let settings = settings
                .clone()
                .on(&cluster.backends)
                .variable("PALAVER_NODE", &format!("node-{number}"))
                .variable("PALAVER_SIGNING_KEY", &key)
                .variable("PALAVER_METRICS_LISTEN", &metrics)
                .variable("PALAVER_INTERNAL_LISTEN", &internal)
                .variable("PALAVER_INTERNAL_KEYS", INTERNAL_KEYS);
            cluster.nodes.push(settings.start().await);
            cluster.metrics.push(format!("http://{metrics}/metrics"));
        }
        cluster
    }

    /// Returns one node, counted from 0.
    pub fn node(&self, index: usize) -> &Server {
        &self.nodes[index]
    }

    /// Returns one node, to be killed and restarted.
    pub fn node_mut(&mut self, index: usize) -> &mut Server {
        &mut self.nodes[index]
    }

    /// Returns all nodes.
    pub fn nodes(&self) -> &[Server] {
        &self.nodes
    }

    /// Returns the backends that they share.
    pub fn backends(&self) -> &Backends {
        &self.backends
    }

    /// Returns the sum of a metric over the running nodes, whatever its labels are.
    ///
    /// # Panics
    /// If a node does not answer.
    pub async fn figure(&self, name: &str) -> f64 {
        let mut sum = 0.0;
        for url in &self.metrics {
            let text = reqwest::get(url).await.expect("a node shows its figures").text().await.expect("as text");
            let values = text.lines().filter_map(|line| {
                let (named, value) = line.rsplit_once(' ')?;
                let is_it = named == name || named.strip_prefix(name)?.starts_with('{');
                is_it.then(|| value.parse::<f64>().ok())?
            });
            sum += values.sum::<f64>();
        }
        sum
    }
}
