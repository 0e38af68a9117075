//! Creates or repairs a bucket: pages of our origins may put and get, and incomplete uploads are removed.
//!
//! Never changes an operator's own rules: only those with our name are written.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketLocationConstraint, CorsConfiguration,
    CorsRule, CreateBucketConfiguration, ExpirationStatus, LifecycleRule, LifecycleRuleFilter,
};
use service::ports::BlobError;

use super::S3Settings;
use super::error::{at, failed, status};

/// The name of our rules.
const RULE: &str = "palaver";
/// The number of days after which an incomplete multipart upload is removed.
const STALE_UPLOAD_DAYS: i32 = 1;
/// The region that must not be named when a bucket is created.
const UNNAMED_REGION: &str = "us-east-1";
/// For how many seconds a browser caches what it may do.
const PREFLIGHT_SECONDS: i32 = 3_600;

/// What [`create_bucket`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Whether it created the bucket.
    pub created: bool,
    /// Whether pages of the given origins may put and get.
    pub cors: Extra,
    /// Whether incomplete uploads are removed automatically.
    pub lifecycle: Extra,
}

/// The result of setting a rule that not every server supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extra {
    /// The rule is set.
    Set,
    /// The rule was not requested.
    NotAsked,
    /// The server does not support the rule, or does not allow it.
    Unsupported,
}

/// Creates the bucket if it does not exist, and sets its rules. Idempotent. `origins` are those of the pages
/// (`https://chat.example.org`); an empty list leaves the rules for pages unchanged.
pub async fn create_bucket(settings: &S3Settings, origins: &[String]) -> Result<Bucket, BlobError> {
    let client = settings.client(None).await;
    let bucket = &settings.bucket;
    let place = settings.place(&client).await;
    let created = create(&client, bucket).await.map_err(|error| at(&place, error))?;
    let cors = match origins {
        [] => Extra::NotAsked,
        origins => extra(&place, "rules for pages", set_cors(&client, bucket, origins).await),
    };
    let lifecycle = extra(&place, "a rule for incomplete uploads", set_lifecycle(&client, bucket).await);
    Ok(Bucket { created, cors, lifecycle })
}

fn extra(place: &str, what: &str, set: Result<(), BlobError>) -> Extra {
    match set {
        Ok(()) => Extra::Set,
        Err(error) => {
            tracing::warn!(%error, "{place} does not accept {what}, continuing without");
            Extra::Unsupported
        }
    }
}

async fn create(client: &Client, bucket: &str) -> Result<bool, BlobError> {
    match client.head_bucket().bucket(bucket).send().await {
        Ok(_) => return Ok(false),
        Err(error) if status(&error) == Some(404) => {}
        Err(error) => return Err(failed(error)),
    }
    let region = client.config().region().map(|region| region.as_ref()).filter(|region| *region != UNNAMED_REGION);
    let place = region.map(|region| {
        let place = BucketLocationConstraint::from(region);
        CreateBucketConfiguration::builder().location_constraint(place).build()
    });
    match client.create_bucket().bucket(bucket).set_create_bucket_configuration(place).send().await {
        Ok(_) => Ok(true),
        // Another process created it at the same time.
        Err(error) if error.as_service_error().is_some_and(|error| error.is_bucket_already_owned_by_you()) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

async fn set_cors(client: &Client, bucket: &str, origins: &[String]) -> Result<(), BlobError> {
    let ours = CorsRule::builder()
        .id(RULE)
        .set_allowed_origins(Some(origins.to_vec()))
        .set_allowed_methods(Some(["PUT", "GET", "HEAD"].map(str::to_owned).to_vec()))
        // The signature limits what a request may do; browsers add their own headers to ranges and redirects.
        .allowed_headers("*")
        .set_expose_headers(Some(["ETag", "Content-Range", "Content-Length"].map(str::to_owned).to_vec()))
        .max_age_seconds(PREFLIGHT_SECONDS)
        .build()
        .expect("origins and methods are named");
    let mut rules = match client.get_bucket_cors().bucket(bucket).send().await {
        Ok(found) => found.cors_rules.unwrap_or_default(),
        // The bucket has no rules yet.
        Err(error) if status(&error) == Some(404) => Vec::new(),
        Err(error) => return Err(failed(error)),
    };
    rules.retain(|rule| rule.id() != Some(RULE));
    rules.push(ours);
    let rules = CorsConfiguration::builder().set_cors_rules(Some(rules)).build().expect("there are rules");
    client.put_bucket_cors().bucket(bucket).cors_configuration(rules).send().await.map(drop).map_err(failed)
}

async fn set_lifecycle(client: &Client, bucket: &str) -> Result<(), BlobError> {
    let ours = LifecycleRule::builder()
        .id(RULE)
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("").build())
        .abort_incomplete_multipart_upload(
            AbortIncompleteMultipartUpload::builder().days_after_initiation(STALE_UPLOAD_DAYS).build(),
        )
        .build()
        .expect("a rule has a status");
    let mut rules = match client.get_bucket_lifecycle_configuration().bucket(bucket).send().await {
        Ok(found) => found.rules.unwrap_or_default(),
        Err(error) if status(&error) == Some(404) => Vec::new(),
        Err(error) => return Err(failed(error)),
    };
    rules.retain(|rule| rule.id() != Some(RULE));
    rules.push(ours);
    let rules = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build().expect("there are rules");
    let request = client.put_bucket_lifecycle_configuration().bucket(bucket).lifecycle_configuration(rules);
    request.send().await.map(drop).map_err(failed)
}
