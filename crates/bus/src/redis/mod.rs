//! The bus on Redis. Each node has one connection for commands and one for published messages.
//!
//! Publishing never waits for Redis. If Redis is down, the bus is down, and the nodes read the store's changes
//! meanwhile.

mod dial;
mod figures;
mod limits;
mod link;
mod message;
mod presence;
mod publisher;
mod script;
mod subscriptions;
mod url;

use std::sync::{Arc, OnceLock};

use crate::limits::BUS_QUEUE;
use async_trait::async_trait;
use domain::LogId;
use parking_lot::Mutex;
use service::ports::{Bus, BusMessage, BusStatus, Heard};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use self::url::Topology;
use link::Link;
use publisher::Publisher;

pub use self::url::InvalidUrl;
pub use limits::RedisLimits;
pub use presence::RedisPresence;

/// The settings of the bus on Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisSettings {
    /// The prefix of every key and channel, so that several installations can share one Redis. An ACL needs
    /// `~PREFIX:*`, `~{PREFIX:*` and `&PREFIX:*`.
    pub prefix: String,
    /// Whether presence and rate limits go by the server's clock, which all nodes share. Tests pass their own time.
    pub server_clock: bool,
}

impl Default for RedisSettings {
    fn default() -> Self {
        RedisSettings { prefix: "palaver".to_owned(), server_clock: true }
    }
}

/// The reason why the bus cannot be opened, which only an operator can fix. A Redis that is merely down is not an
/// error.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL is invalid.
    #[error("REDIS_URL cannot be used: {0}")]
    Url(#[from] InvalidUrl),
    /// The prefix is invalid.
    #[error("the prefix of Redis's keys must have 1 to 64 letters, digits, dots, dashes or underscores")]
    Prefix,
    /// Redis answered with this error.
    #[error("Redis rejects REDIS_URL (check user, password, database and kind of server): {0}")]
    Refused(String),
}

/// Checks a URL, as far as possible without a server.
pub fn check_url(url: &str) -> Result<(), InvalidUrl> {
    Topology::parse(url).map(drop)
}

/// One node's endpoint of the bus. Its tasks end when it is dropped.
pub struct RedisBus {
    me: message::Origin,
    link: Arc<Link>,
    publisher: Publisher,
    heard: Mutex<Option<mpsc::Receiver<Heard>>>,
    settings: RedisSettings,
    _tasks: JoinSet<()>,
}

/// The number of messages since the bus was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusFigures {
    /// Messages accepted by Redis.
    pub published: u64,
    /// Messages received from other nodes.
    pub received: u64,
    /// Messages neither published nor received, because Redis was down or a queue was full.
    pub lost: u64,
    /// How often the link was restored.
    pub reconnects: u64,
}

impl RedisBus {
    /// Connects the node of this name; see `Topology::parse` for the URL. Fails only for errors that an operator must
    /// fix; if Redis is down, the bus opens as down and comes up by itself.
    pub async fn connect(url: &str, node: &str, settings: RedisSettings) -> Result<RedisBus, ConnectError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if !(1..=64).contains(&settings.prefix.len()) || !settings.prefix.bytes().all(allowed) {
            return Err(ConnectError::Prefix);
        }
        // A second caller finds the first one's provider, which is the same.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let topology = Topology::parse(url)?;
        let me = rand::random();
        let (queue, heard) = mpsc::channel(BUS_QUEUE);
        let link: Arc<OnceLock<std::sync::Weak<Link>>> = Arc::default();
        let on_message = {
            let (link, prefix) = (link.clone(), settings.prefix.clone());
            Box::new(move |channel: &[u8], payload: &[u8]| {
                let Some(log) = message::log_of(&prefix, channel) else { return };
                let message::Read::Heard(heard) = message::read(me, log, payload) else { return };
                let Some(link) = link.get().and_then(std::sync::Weak::upgrade) else { return };
                match queue.try_send(heard) {
                    Ok(()) => link.figures.received(),
                    Err(_) => link.figures.lost("slow", 1),
                }
            })
        };
        let opened = Link::open(topology, settings.prefix.clone(), on_message).await;
        let (opened, watching) = opened.map_err(|error| ConnectError::Refused(error.to_string()))?;
        link.set(Arc::downgrade(&opened)).expect("it is set once");
        let (publisher, publishing) = Publisher::new(opened.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(watching);
        tasks.spawn(publishing);
        tracing::debug!(node, origin = format!("{me:016x}"), "joined the bus on Redis");
        Ok(RedisBus { me, link: opened, publisher, heard: Mutex::new(Some(heard)), settings, _tasks: tasks })
    }

    /// Returns presence on the same Redis, over the same connection; works as long as this bus exists.
    pub fn presence(&self) -> RedisPresence {
        RedisPresence::new(self.link.clone(), &self.settings)
    }

    /// Returns rate limits on the same Redis, over the same connection; they work as long as this bus exists.
    pub fn limits(&self) -> RedisLimits {
        RedisLimits::new(self.link.clone(), &self.settings)
    }

    /// Returns the message counters.
    pub fn figures(&self) -> BusFigures {
        let [published, received, lost, reconnects] = self.link.figures.read();
        BusFigures { published, received, lost, reconnects }
    }
}

#[async_trait]
impl Bus for RedisBus {
    async fn publish(&self, log: LogId, message: BusMessage) {
        if !self.link.is_up() {
            return self.link.figures.lost("down", 1);
        }
        self.publisher.publish(message::channel(&self.link.prefix, log), message::write(self.me, &message));
    }

    async fn subscribe(&self, log: LogId) {
        self.link.subscriptions.want(log).await;
    }

    async fn unsubscribe(&self, log: LogId) {
        self.link.subscriptions.release(log);
    }

    fn listen(&self) -> Option<mpsc::Receiver<Heard>> {
        self.heard.lock().take()
    }

    async fn flush(&self) {
        self.publisher.flush().await;
    }

    fn status(&self) -> watch::Receiver<BusStatus> {
        self.link.status()
    }
}

#[cfg(test)]
mod tests;
