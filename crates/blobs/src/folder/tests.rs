use bytes::Bytes;
use futures_util::stream;
use tempfile::TempDir;

use super::*;

const KEY: &str = "01922f4e-7c00-7000-8000-0000000000ab";

async fn open() -> (TempDir, FolderBlobs) {
    let folder = TempDir::new().expect("a temporary folder");
    let blobs = FolderBlobs::open(folder.path()).await.expect("opens");
    (folder, blobs)
}

fn bytes(chunks: Vec<Result<Bytes, BlobError>>) -> ByteStream {
    Box::pin(stream::iter(chunks))
}

async fn read(blobs: &FolderBlobs, range: Option<Range<u64>>) -> Vec<u8> {
    let mut stream = blobs.get(KEY, range).await.expect("is there");
    let mut all = Vec::new();
    while let Some(chunk) = stream.next().await {
        all.extend_from_slice(&chunk.expect("reads"));
    }
    all
}

fn partial_files(folder: &TempDir) -> usize {
    std::fs::read_dir(folder.path().join(PARTIAL)).expect("is there").count()
}

#[tokio::test]
async fn a_blob_is_read_whole_and_in_parts() {
    let (_folder, blobs) = open().await;
    let content: Vec<u8> = (0..200_000u32).map(|n| n as u8).collect();
    let chunks = content.chunks(7_001).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    assert_eq!(blobs.put(KEY, bytes(chunks), 1 << 20).await.expect("fits"), 200_000);
    assert_eq!(read(&blobs, None).await, content);
    assert_eq!(read(&blobs, Some(65_530..65_545)).await, content[65_530..65_545]);
    assert_eq!(read(&blobs, Some(199_990..300_000)).await, content[199_990..]);
}

#[tokio::test]
async fn a_failed_put_leaves_nothing() {
    let (folder, blobs) = open().await;
    let chunk = || Ok(Bytes::from_static(&[0; 600]));
    let large = blobs.put(KEY, bytes(vec![chunk(), chunk()]), 1_000).await;
    assert!(matches!(large, Err(BlobError::TooLarge(1_000))));
    let broken = blobs.put(KEY, bytes(vec![chunk(), Err(BlobError::Interrupted("gone".into()))]), 10_000).await;
    assert!(matches!(broken, Err(BlobError::Interrupted(_))));
    assert!(matches!(blobs.get(KEY, None).await, Err(BlobError::NotFound)));
    assert_eq!(partial_files(&folder), 0);
}

#[tokio::test]
async fn partial_blobs_of_a_crash_are_removed_and_current_ones_stay() {
    let (folder, blobs) = open().await;
    let path = |name: &str| folder.path().join(PARTIAL).join(name);
    for name in ["old", "young"] {
        std::fs::write(path(name), "half").expect("writes");
    }
    let old = std::time::SystemTime::now() - 2 * LEFT_OVER;
    std::fs::File::options().write(true).open(path("old")).and_then(|file| file.set_modified(old)).expect("sets");
    drop(blobs);
    FolderBlobs::open(folder.path()).await.expect("opens again");
    assert!(!path("old").exists() && path("young").exists());
}

#[tokio::test]
async fn no_key_escapes_the_folder() {
    let (_folder, blobs) = open().await;
    for key in ["", "..", "../x", "/etc/passwd", "a/b", ".hidden", "a\0b", &"x".repeat(81)] {
        assert!(matches!(blobs.get(key, None).await, Err(BlobError::NotFound)), "{key:?}");
        assert!(blobs.put(key, bytes(vec![]), 1).await.is_err(), "{key:?}");
    }
}

#[tokio::test]
async fn deleting_twice_succeeds() {
    let (_folder, blobs) = open().await;
    blobs.put(KEY, bytes(vec![Ok(Bytes::from_static(b"x"))]), 10).await.expect("fits");
    blobs.delete(KEY).await.expect("deletes");
    blobs.delete(KEY).await.expect("is gone already");
    blobs.check().await.expect("works");
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("is there").permissions().mode() & 0o777
}

#[tokio::test]
async fn blobs_and_their_folders_are_private() {
    let above = TempDir::new().expect("a temporary folder");
    let root = above.path().join("data/files");
    let blobs = FolderBlobs::open(&root).await.expect("opens");
    blobs.put(KEY, bytes(vec![Ok(Bytes::from_static(b"secret"))]), 10).await.expect("fits");
    let place = blobs.place(KEY).expect("a valid key");
    for folder in [root.parent().expect("has one"), &root, &root.join(PARTIAL), place.parent().expect("has one")] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    assert_eq!(mode(&place), 0o600);
}

#[tokio::test]
async fn a_folder_of_an_earlier_release_is_closed_to_others() {
    let folder = TempDir::new().expect("a temporary folder");
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("may");
    FolderBlobs::open(folder.path()).await.expect("opens");
    assert_eq!(mode(folder.path()), 0o700);
}
