//! Runs the suite on a folder.

use std::sync::Arc;

use blobs::FolderBlobs;
use service::ports::{BlobError, Blobs};

struct Opened {
    blobs: Arc<FolderBlobs>,
    // Removed when dropped.
    _folder: tempfile::TempDir,
}

impl Opened {
    fn blobs(&self) -> Arc<dyn Blobs> {
        self.blobs.clone()
    }
}

async fn open() -> Result<Opened, BlobError> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    Ok(Opened { blobs: Arc::new(FolderBlobs::open(folder.path()).await?), _folder: folder })
}

conformance::blobs!(folder, open);

#[tokio::test]
async fn a_folder_presigns_nothing() {
    let opened = open().await.expect("opens");
    let blobs = opened.blobs();
    let life = std::time::Duration::from_secs(60);
    assert_eq!(blobs.presigns_for(), None);
    assert_eq!(blobs.presign_put("k", 1, life).await.expect("no failure"), None);
}
