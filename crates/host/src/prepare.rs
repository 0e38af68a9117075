//! Makes what the adapters stand on: schema, table, bucket. Each step changes nothing where it was done before, so an
//! operator runs it before each release, and so does whoever starts for the first time.

use domain::Epoch;

use crate::{BlobsBackend, OpenError, S3Bucket, Settings, StoreBackend};

/// Makes whatever the store and the store of files lack that opening them does not make: table and bucket. `say` hears
/// of each step that was done.
pub async fn prepare(settings: &Settings, mut say: impl FnMut(&str)) -> Result<(), OpenError> {
    // Whoever comes second finds the first one's provider, which is the same.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match &settings.backends.store {
        // An SQL database brings its schema up to date whenever it is opened.
        StoreBackend::Sqlite | StoreBackend::Postgres { .. } => {}
        StoreBackend::DynamoDb { table } => {
            create_table(table).await?;
            say(&format!("DynamoDB: the table {table} is there, with its stream and its time to live"));
        }
    }
    match &settings.backends.blobs {
        BlobsBackend::Folder => {}
        BlobsBackend::S3(bucket) => {
            // Pages load big files to and from the bucket itself. From which origin does not matter: what a request may do
            // says its signature, and it carries no cookies. Nor would the settings tell, which name only other origins
            // than the server's own.
            let may = match create_bucket(bucket).await? {
                true => "may load files there with requests that Palaver signed",
                false => "need the server's own CORS rules",
            };
            say(&format!("S3: the bucket {} is there; pages {may}", bucket.name));
        }
    }
    Ok(())
}

/// Begins a new epoch of a store that was restored with the tools of its own: clients and nodes start afresh. No node
/// may run meanwhile. `say` hears of it.
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
    say(&format!("the epoch is {epoch} from now on: clients drop what they kept, and read it again"));
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

/// Whether the server takes rules for pages; some have one for all buckets instead.
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
