//! Posts to sockets through the Amazon API Gateway Management API: to those of API Gateway, and to those of nodes,
//! whose private ports speak the same API.
//!
//! Never retries a post: it is made at most once. Never removes a row: the caller that learns that a socket no longer
//! exists does.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::retry::RetryConfig;
use aws_sdk_apigatewaymanagement::config::timeout::TimeoutConfig;
use aws_sdk_apigatewaymanagement::config::{Builder, Credentials};
use aws_sdk_apigatewaymanagement::error::{DisplayErrorContext, SdkError};
use aws_sdk_apigatewaymanagement::primitives::Blob;
use bytes::Bytes;
use domain::Timestamp;
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use service::Clock;
use service::limits::NODE_LIFE;
use service::ports::{Connection, ConnectionPush, NodeRow, NodeStore, PushError};

/// How long a post may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a list of nodes is cached.
const NODES_HOLD: Duration = Duration::from_secs(5);
/// Endpoints whose clients are cached: more than an installation has nodes.
const CLIENTS: usize = 256;

/// The credentials. A missing value is found as the AWS SDK finds it.
#[derive(Clone, Default)]
pub struct PushSettings {
    /// Key id and secret, for the nodes' private ports or for tests.
    pub credentials: Option<(String, String)>,
    /// The region of API Gateway; nodes accept any.
    pub region: Option<String>,
}

/// Calls `PostToConnection` and `DeleteConnection` with the stock SDK.
pub struct ConnectionsPush {
    shared: SdkConfig,
    nodes: Arc<dyn NodeStore>,
    clock: Arc<dyn Clock>,
    /// The clients, by endpoint.
    clients: Cache<String, Client>,
    known: Mutex<KnownNodes>,
}

/// The nodes when the list was last read.
#[derive(Default)]
struct KnownNodes {
    looked_at: Option<Timestamp>,
    endpoints: HashMap<String, String>,
}

impl ConnectionsPush {
    /// Looks up a node's endpoint in `nodes`; a connection whose node is a URL is posted to that URL.
    pub async fn new(settings: PushSettings, nodes: Arc<dyn NodeStore>, clock: Arc<dyn Clock>) -> ConnectionsPush {
        let mut loader = aws_config::defaults(BehaviorVersion::latest());
        if let Some((id, secret)) = &settings.credentials {
            loader = loader.credentials_provider(Credentials::new(id, secret, None, None, "settings"));
        }
        if let Some(region) = settings.region {
            loader = loader.region(Region::new(region));
        }
        let shared = loader.load().await;
        ConnectionsPush { shared, nodes, clock, clients: Cache::new(CLIENTS), known: Mutex::default() }
    }

    async fn client(&self, connection: &Connection) -> Result<Client, PushError> {
        let node = &connection.node;
        if node.starts_with("https://") || node.starts_with("http://") {
            return Ok(self.client_of(node));
        }
        // A node that has ended holds no sockets.
        let endpoint = self.endpoint(node).await?.filter(|endpoint| !endpoint.is_empty());
        endpoint.map(|endpoint| self.client_of(&endpoint)).ok_or(PushError::Gone)
    }

    async fn endpoint(&self, node: &str) -> Result<Option<String>, PushError> {
        let now = self.clock.now();
        {
            let known = self.known.lock();
            let fresh = known.looked_at.is_some_and(|at| now.since(at) < NODES_HOLD);
            // An unknown node may have started just now.
            if let Some(endpoint) = known.endpoints.get(node).filter(|_| fresh) {
                return Ok(Some(endpoint.clone()));
            }
        }
        let unavailable = |error: service::ports::StoreError| PushError::Unavailable(error.to_string());
        let nodes = self.nodes.nodes(now, NODE_LIFE).await.map_err(unavailable)?;
        let mut known = self.known.lock();
        known.looked_at = Some(now);
        known.endpoints = nodes.into_iter().map(|NodeRow { node, endpoint, .. }| (node, endpoint)).collect();
        Ok(known.endpoints.get(node).cloned())
    }

    fn client_of(&self, endpoint: &str) -> Client {
        if let Some(client) = self.clients.get(endpoint) {
            return client;
        }
        let timeouts = TimeoutConfig::builder().connect_timeout(PATIENCE / 2).operation_timeout(PATIENCE).build();
        let mut config = Builder::from(&self.shared)
            .endpoint_url(endpoint)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::disabled());
        if self.shared.region().is_none() {
            config = config.region(Region::from_static("local"));
        }
        let client = Client::from_conf(config.build());
        self.clients.insert(endpoint.to_owned(), client.clone());
        client
    }
}

#[async_trait]
impl ConnectionPush for ConnectionsPush {
    async fn post(&self, connection: &Connection, frame: Bytes) -> Result<(), PushError> {
        let client = self.client(connection).await?;
        let posted = client.post_to_connection().connection_id(&connection.id).data(Blob::new(frame)).send().await;
        posted.map(drop).map_err(|error| {
            let gone = error.as_service_error().is_some_and(|error| error.is_gone_exception());
            failure(gone, error)
        })
    }

    async fn close(&self, connection: &Connection) -> Result<(), PushError> {
        let client = self.client(connection).await?;
        let closed = client.delete_connection().connection_id(&connection.id).send().await;
        closed.map(drop).map_err(|error| {
            let gone = error.as_service_error().is_some_and(|error| error.is_gone_exception());
            failure(gone, error)
        })
    }
}

fn failure<E: std::error::Error + Send + Sync + 'static>(gone: bool, error: SdkError<E>) -> PushError {
    match gone {
        true => PushError::Gone,
        false => PushError::Unavailable(DisplayErrorContext(error).to_string()),
    }
}

#[cfg(test)]
mod tests;
