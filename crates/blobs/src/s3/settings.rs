//! The bucket's settings, and the client built from them.

use std::fmt;
use std::time::Duration;

use aws_config::meta::region::RegionProviderChain;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Credentials, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::presigning::PresigningConfig;

use super::presign::origin;

/// The timeout for establishing a connection.
const CONNECT: Duration = Duration::from_secs(3);
/// The timeout for one attempt until its answer starts; a part of an upload is sent within it.
const ATTEMPT: Duration = Duration::from_secs(60);
/// The timeout for a call with all its attempts.
const OPERATION: Duration = Duration::from_secs(150);
/// The number of attempts of a call, including the first.
const ATTEMPTS: u32 = 3;
/// The default region: S3's first, which most compatible servers accept for any.
const REGION: &str = "us-east-1";

/// The bucket, and how to connect to it. A missing value is found as the AWS SDK finds it: environment, profile, role.
#[derive(Clone)]
pub struct S3Settings {
    /// The bucket's name.
    pub bucket: String,
    /// Whether to use `endpoint/bucket/key` instead of `bucket.endpoint/key`, as most compatible servers need.
    pub path_style: bool,
    /// The server's endpoint.
    pub endpoint: Option<String>,
    /// The endpoint for browsers, if it differs.
    pub public_endpoint: Option<String>,
    /// The access key and the secret.
    pub credentials: Option<(String, String)>,
    /// The region.
    pub region: Option<String>,
    /// Whether clients may access the bucket directly; otherwise all bytes go through the server.
    pub presign: bool,
}

impl S3Settings {
    /// Returns settings for a bucket whose other values the SDK finds.
    pub fn new(bucket: impl Into<String>) -> Self {
        S3Settings {
            bucket: bucket.into(),
            path_style: false,
            endpoint: None,
            public_endpoint: None,
            credentials: None,
            region: None,
            presign: true,
        }
    }

    /// Returns the bucket and its address, for errors: only a signed URL shows what the SDK makes of endpoint, region,
    /// bucket and style. It is signed with a dummy key.
    pub(super) async fn place(&self, client: &Client) -> String {
        let placeholder = Credentials::new("nobody", "nothing", None, None, "to see the address");
        let client = Client::from_conf(client.config().to_builder().credentials_provider(placeholder).build());
        let life = PresigningConfig::expires_in(Duration::from_secs(1)).expect("a second is a time");
        let signed = client.head_object().bucket(&self.bucket).key("place").presigned(life).await.ok();
        match signed.and_then(|signed| origin(signed.uri())) {
            Some(origin) => format!("the bucket {} at {origin}", self.bucket),
            None => format!("the bucket {}, whose endpoint is not a URL (AWS_ENDPOINT_URL_S3)", self.bucket),
        }
    }

    /// Returns a client, for another endpoint than the settings' if one is given.
    pub(super) async fn client(&self, endpoint: Option<&str>) -> Client {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(OPERATION)
            .build();
        let region = self.region.clone().map(Region::new);
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .region(RegionProviderChain::first_try(region).or_default_provider().or_else(REGION));
        if let Some((id, secret)) = &self.credentials {
            loader = loader.credentials_provider(Credentials::new(id, secret, None, None, "settings"));
        }
        if let Some(endpoint) = endpoint.or(self.endpoint.as_deref()) {
            loader = loader.endpoint_url(endpoint);
        }
        let config = aws_sdk_s3::config::Builder::from(&loader.load().await)
            .force_path_style(self.path_style)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        Client::from_conf(config.build())
    }
}

impl fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Settings")
            .field("bucket", &self.bucket)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}
