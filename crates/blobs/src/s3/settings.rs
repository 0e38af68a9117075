//! What an operator says about the bucket, and the client that is made of it.

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

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(3);
/// How long one try may take until its answer begins: a part of an upload travels in it.
const ATTEMPT: Duration = Duration::from_secs(60);
/// How long a call may take with all its tries.
const OPERATION: Duration = Duration::from_secs(150);
/// Tries of a call, the first among them.
const ATTEMPTS: u32 = 3;
/// The region where nobody names one: S3's first, and what most servers that are no S3 take for any.
const REGION: &str = "us-east-1";

/// Which bucket, and how to reach it. What is none is found as the AWS SDK finds it: environment, profile, role.
#[derive(Clone)]
pub struct S3Settings {
    /// The bucket's name.
    pub bucket: String,
    /// `endpoint/bucket/key` instead of `bucket.endpoint/key`: what most servers that are no S3 need.
    pub path_style: bool,
    /// Where the server is.
    pub endpoint: Option<String>,
    /// Where browsers reach it, if elsewhere.
    pub public_endpoint: Option<String>,
    /// Access key and secret.
    pub credentials: Option<(String, String)>,
    /// The region.
    pub region: Option<String>,
    /// Whether clients may be sent to the bucket; else all bytes go through the server.
    pub presign: bool,
}

impl S3Settings {
    /// A bucket of which the SDK knows the rest.
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

    /// The bucket and where a client looks for it, for errors: only a signed URL shows what the SDK makes of endpoint,
    /// region, bucket and style. It is signed with no key of anybody's.
    pub(super) async fn place(&self, client: &Client) -> String {
        let nobody = Credentials::new("nobody", "nothing", None, None, "to see the address");
        let client = Client::from_conf(client.config().to_builder().credentials_provider(nobody).build());
        let life = PresigningConfig::expires_in(Duration::from_secs(1)).expect("a second is a time");
        let signed = client.head_object().bucket(&self.bucket).key("place").presigned(life).await.ok();
        match signed.and_then(|signed| origin(signed.uri())) {
            Some(origin) => format!("the bucket {} at {origin}", self.bucket),
            None => format!("the bucket {}, whose endpoint is no URL (AWS_ENDPOINT_URL_S3)", self.bucket),
        }
    }

    /// A client, of another endpoint than the settings' where one is named.
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
