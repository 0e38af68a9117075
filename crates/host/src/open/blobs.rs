//! Opens the file store chosen in the settings.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use blobs::{FolderBlobs, NoBlobs};
use service::ports::Blobs;

use super::OpenError;
use crate::BlobsBackend;

/// The folder of the files' bytes, below the data folder.
pub const FILES: &str = "files";

/// Whether a process touches the bytes of files. It is a type so that the linker drops unused code even if one build
/// produces several binaries.
#[async_trait]
pub trait BlobBackend {
    /// Whether the process touches them.
    const HAS_BYTES: bool;

    /// Opens the file store from the settings.
    async fn open(backend: &BlobsBackend, data: &Path) -> Result<Arc<dyn Blobs>, OpenError>;
}

/// A process that receives, serves or removes files.
pub struct WithFiles;

#[async_trait]
impl BlobBackend for WithFiles {
    const HAS_BYTES: bool = true;

    async fn open(backend: &BlobsBackend, data: &Path) -> Result<Arc<dyn Blobs>, OpenError> {
        open(backend, data).await
    }
}

/// A process that never touches files.
pub struct WithoutFiles;

#[async_trait]
impl BlobBackend for WithoutFiles {
    const HAS_BYTES: bool = false;

    async fn open(_: &BlobsBackend, _: &Path) -> Result<Arc<dyn Blobs>, OpenError> {
        Ok(Arc::new(NoBlobs))
    }
}

async fn open(backend: &BlobsBackend, data: &Path) -> Result<Arc<dyn Blobs>, OpenError> {
    match backend {
        BlobsBackend::Folder => Ok(Arc::new(FolderBlobs::open(data.join(FILES)).await?)),
        #[cfg(feature = "s3")]
        BlobsBackend::S3(bucket) => Ok(Arc::new(blobs::S3Blobs::open(s3_settings(bucket)).await?)),
        #[cfg(not(feature = "s3"))]
        BlobsBackend::S3(_) => Err(OpenError::NotBuiltIn("S3")),
    }
}

/// The bucket settings passed to the adapter; the AWS SDK knows the rest.
#[cfg(feature = "s3")]
pub fn s3_settings(bucket: &crate::S3Bucket) -> blobs::S3Settings {
    blobs::S3Settings {
        path_style: bucket.path_style,
        endpoint: bucket.endpoint.clone(),
        credentials: bucket
            .credentials
            .as_ref()
            .map(|(id, secret)| (id.expose().to_owned(), secret.expose().to_owned())),
        public_endpoint: bucket.public_endpoint.clone(),
        presign: bucket.presign,
        ..blobs::S3Settings::new(&bucket.name)
    }
}
