//! Creates a separate bucket for each test, on one of two servers.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use blobs::{S3Blobs, S3Settings, create_bucket};
use local_servers::{AWS_KEYS, AWS_REGION, shared};
use service::ports::{BlobError, Blobs};
use uuid::Uuid;

/// The origin of a page that may use the buckets.
pub const PAGE: &str = "https://chat.example.org";
/// A time longer than any test takes.
pub const LONG: Duration = Duration::from_secs(300);

/// A bucket, and a client that sees what the adapter hides.
pub struct Opened {
    pub blobs: Arc<S3Blobs>,
    pub settings: S3Settings,
    pub client: Client,
}

impl Opened {
    pub async fn on_versitygw() -> Result<Self, BlobError> {
        let server = shared::versitygw();
        Self::at(server.endpoint(), (server.access_key(), server.secret_key())).await
    }

    pub async fn on_ministack() -> Result<Self, BlobError> {
        Self::at(shared::ministack().endpoint(), AWS_KEYS).await
    }

    async fn at(endpoint: String, (id, secret): (&str, &str)) -> Result<Self, BlobError> {
        let settings = S3Settings {
            path_style: true,
            endpoint: Some(endpoint.clone()),
            credentials: Some((id.to_owned(), secret.to_owned())),
            region: Some(AWS_REGION.to_owned()),
            ..S3Settings::new(format!("b-{}", Uuid::new_v4().simple()))
        };
        create_bucket(&settings, &[PAGE.to_owned()]).await?;
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new(id, secret, None, None, "test"))
            .region(Region::new(AWS_REGION))
            .endpoint_url(endpoint)
            .force_path_style(true);
        let client = Client::from_conf(config.build());
        Ok(Opened { blobs: Arc::new(S3Blobs::open(settings.clone()).await?), settings, client })
    }

    pub fn blobs(&self) -> Arc<dyn Blobs> {
        self.blobs.clone()
    }

    /// Returns the number of incomplete multipart uploads.
    pub async fn open_uploads(&self) -> usize {
        let list = self.client.list_multipart_uploads().bucket(&self.settings.bucket).send().await.expect("lists");
        list.uploads().len()
    }

    pub async fn objects(&self) -> usize {
        let list = self.client.list_objects_v2().bucket(&self.settings.bucket).send().await.expect("lists");
        list.contents().len()
    }
}

/// Opens a bucket on both servers.
pub async fn both() -> [(&'static str, Opened); 2] {
    let versitygw = Opened::on_versitygw().await.expect("a bucket");
    [("versitygw", versitygw), ("ministack", Opened::on_ministack().await.expect("a bucket"))]
}
