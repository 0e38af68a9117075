//! The SDK's client: its time-outs, and which requests it retries.
//!
//! The SDK retries reads. It never retries writes: its own retry would hide that an earlier try may have been
//! committed, and a false ack could follow.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{Builder, Credentials};

use crate::settings::DynamoSettings;

/// Tries of a read.
const READ_ATTEMPTS: u32 = 3;

/// The clients of one store, which share their connections.
#[derive(Debug, Clone)]
pub struct Clients {
    /// The client for reads.
    pub read: Client,
    /// The client for writes.
    pub write: Client,
    /// The configuration from which other clients are made.
    #[cfg(feature = "poller")]
    pub shared: SdkConfig,
}

impl Clients {
    /// Creates the clients from the settings. The SDK's own chain provides what they leave open.
    pub async fn connect(settings: &DynamoSettings) -> Clients {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(settings.attempt_timeout)
            .operation_attempt_timeout(settings.attempt_timeout)
            .operation_timeout(settings.patience)
            .build();
        let shared = config(settings).await.into_builder().timeout_config(timeouts).build();
        let base = || Builder::from(&shared);
        let retries = RetryConfig::standard().with_max_attempts(READ_ATTEMPTS);
        let read = Client::from_conf(base().retry_config(retries).build());
        let write = Client::from_conf(base().retry_config(RetryConfig::disabled()).build());
        Clients {
            read,
            write,
            #[cfg(feature = "poller")]
            shared,
        }
    }
}

/// Returns the SDK's configuration: the settings first, then its own chain.
pub async fn config(settings: &DynamoSettings) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if let Some(endpoint) = &settings.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    if let Some(region) = &settings.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some((id, secret)) = &settings.credentials {
        loader = loader.credentials_provider(Credentials::new(id, secret, None, None, "settings"));
    }
    loader.load().await
}
