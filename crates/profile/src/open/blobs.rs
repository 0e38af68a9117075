//! Opens the store of files' bytes that the settings name.

use std::path::Path;
use std::sync::Arc;

use blobs::FolderBlobs;
use service::ports::Blobs;

use super::OpenError;
use crate::BlobsBackend;

/// The files' bytes, below the data folder.
pub const FILES: &str = "files";

/// Opens it.
pub(super) async fn open(backend: &BlobsBackend, data: &Path) -> Result<Arc<dyn Blobs>, OpenError> {
    match backend {
        BlobsBackend::Folder => Ok(Arc::new(FolderBlobs::open(data.join(FILES)).await?)),
        BlobsBackend::S3 { .. } => Err(OpenError::NotBuiltIn("S3")),
    }
}
