//! Creates what the adapters need: schema, table, bucket. Each step is idempotent, so an operator can run it before each
//! release as well as for the first start.

use domain::Epoch;

use crate::{BlobsBackend, OpenError, S3Bucket, Settings, StoreBackend};

/// Creates what the store and the file store need and do not create when opened: table and bucket. `say` receives a line
/// for each finished step.
pub async fn prepare(settings: &Settings, mut say: impl FnMut(&str)) -> Result<(), OpenError> {
    // A second call finds the first one's provider, which is the same.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match &settings.backends.store {
        // Opening an SQL database brings its schema up to date.
        StoreBackend::Sqlite | StoreBackend::Postgres { .. } => {}
        StoreBackend::DynamoDb { table } => {
            create_table(table).await?;
            say(&format!("DynamoDB: table {table} is ready, with its stream and time to live"));
        }
    }
    match &settings.backends.blobs {
        BlobsBackend::Folder => {}
        BlobsBackend::S3(bucket) => {
            // Pages transfer large files directly to and from the bucket. Their origin does not matter: the request's
            // signature says what it may do, and it carries no cookies. The settings would not help either, because they
            // name only origins other than the server's own.
            let may = match create_bucket(bucket).await? {
                true => "can transfer files with requests that Palaver signed",
                false => "need CORS rules set on the server",
            };
            say(&format!("S3: bucket {} is ready; pages {may}", bucket.name));
        }
    }
    Ok(())
}

/// Starts a new epoch of a store that was restored with its own tools: clients and nodes drop what they cached. No node
/// may run meanwhile. `say` receives the new epoch.
pub async fn renew(settings: &Settings, mut say: impl FnMut(&str)) -> Result<(), OpenError> {
    if settings.backends.store == StoreBackend::Sqlite {
        return Err(OpenError::RestoredOtherwise);
    }
    crate::open::no_node_runs(settings).await?;
    let epoch = match &settings.backends.store {
        StoreBackend::Sqlite => return Err(OpenError::RestoredOtherwise),
        StoreBackend::Postgres { url, .. } => renew_postgres(url.expose()).await?,
        StoreBackend::DynamoDb { table } => renew_table(table).await?,
    };
    say(&format!("the new epoch is {epoch}: clients will drop their cache and reload"));
    Ok(())
}

#[cfg(feature = "dynamodb")]
async fn create_table(table: &str) -> Result<(), OpenError> {
    Ok(store_dynamo::create_table(&store_dynamo::DynamoSettings::new(table)).await?)
}

#[cfg(not(feature = "dynamodb"))]
async fn create_table(_: &str) -> Result<(), OpenError> {
    Err(OpenError::NotBuiltIn("DynamoDB"))
}

/// Whether the server accepts CORS rules per bucket; some have one rule for all buckets.
#[cfg(feature = "s3")]
async fn create_bucket(bucket: &S3Bucket) -> Result<bool, OpenError> {
    let made = blobs::create_bucket(&crate::s3_settings(bucket), &["*".to_owned()]).await?;
    Ok(made.cors == blobs::Extra::Set)
}

#[cfg(not(feature = "s3"))]
async fn create_bucket(_: &S3Bucket) -> Result<bool, OpenError> {
    Err(OpenError::NotBuiltIn("S3"))
}

#[cfg(feature = "postgres")]
async fn renew_postgres(url: &str) -> Result<Epoch, OpenError> {
    Ok(store_sql::renew(url).await?)
}

#[cfg(not(feature = "postgres"))]
async fn renew_postgres(_: &str) -> Result<Epoch, OpenError> {
    Err(OpenError::NotBuiltIn("PostgreSQL"))
}

#[cfg(feature = "dynamodb")]
async fn renew_table(table: &str) -> Result<Epoch, OpenError> {
    Ok(store_dynamo::DynamoStore::renew(store_dynamo::DynamoSettings::new(table)).await?)
}

#[cfg(not(feature = "dynamodb"))]
async fn renew_table(_: &str) -> Result<Epoch, OpenError> {
    Err(OpenError::NotBuiltIn("DynamoDB"))
}
