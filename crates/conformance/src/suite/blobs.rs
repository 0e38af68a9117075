//! `Blobs`: all or nothing, whole and in parts. Presigned requests are covered by the tests of each store.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use service::ports::{BlobError, Blobs, ByteStream};
use uuid::Uuid;

/// More than one part of an upload of any adapter, and not a round number.
const LARGE: usize = (12 << 20) + 77;

fn a_key() -> String {
    Uuid::now_v7().to_string()
}

/// Returns bytes without any two equal neighbouring regions.
pub fn content(length: usize) -> Vec<u8> {
    (0..length as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// Returns a stream whose chunks do not align with parts.
pub fn streamed(content: &[u8]) -> ByteStream {
    let chunks: Vec<_> = content.chunks(70_001).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    Box::pin(stream::iter(chunks))
}

/// Returns a stream that ends in the middle.
pub fn broken(content: &[u8]) -> ByteStream {
    let end = stream::iter([Err(BlobError::Interrupted("the client disconnected".into()))]);
    Box::pin(streamed(content).chain(end))
}

async fn put(blobs: &dyn Blobs, key: &str, content: &[u8]) {
    let length = blobs.put(key, streamed(content), content.len() as u64).await.expect("fits exactly");
    assert_eq!(length, content.len() as u64);
}

/// Reads all bytes of a key, or of a range.
pub async fn read(blobs: &dyn Blobs, key: &str, range: Option<Range<u64>>) -> Vec<u8> {
    let mut stream = blobs.get(key, range).await.expect("is there");
    let mut all = Vec::new();
    while let Some(chunk) = stream.next().await {
        all.extend_from_slice(&chunk.expect("reads"));
    }
    all
}

/// Returns whether a key has no blob.
pub async fn is_absent(blobs: &dyn Blobs, key: &str) -> bool {
    let read = blobs.get(key, None).await.map(drop);
    let length = blobs.length(key).await;
    matches!((read, length), (Err(BlobError::NotFound), Err(BlobError::NotFound)))
}

pub async fn a_blob_is_read_whole(blobs: Arc<dyn Blobs>) {
    for length in [0, 1, 65_536, 200_003, 5 << 20, (5 << 20) + 1, 10 << 20, LARGE] {
        let (key, content) = (a_key(), content(length));
        put(&*blobs, &key, &content).await;
        assert_eq!(blobs.length(&key).await.expect("is there"), length as u64);
        assert!(read(&*blobs, &key, None).await == content, "of {length} bytes");
        blobs.delete(&key).await.expect("deletes");
    }
}

pub async fn ranges_are_clamped_to_the_blob(blobs: Arc<dyn Blobs>) {
    for length in [200_000, LARGE] {
        let (key, content) = (a_key(), content(length));
        put(&*blobs, &key, &content).await;
        let end = length as u64;
        for range in
            [0..1, 0..end, 65_530..65_545, end - 1..end, end - 10..end + 10, end..end + 1, end + 5..end + 9, 7..7]
        {
            let expected = &content[(range.start.min(end) as usize)..(range.end.min(end) as usize)];
            assert!(read(&*blobs, &key, Some(range.clone())).await == expected, "{range:?} of {length}");
        }
    }
    let empty = a_key();
    put(&*blobs, &empty, b"").await;
    assert!(read(&*blobs, &empty, Some(0..10)).await.is_empty());
}

pub async fn nothing_is_kept_of_a_blob_that_is_too_large(blobs: Arc<dyn Blobs>) {
    for length in [100, LARGE] {
        let (key, content) = (a_key(), content(length));
        let limit = length as u64 - 1;
        let put = blobs.put(&key, streamed(&content), limit).await;
        assert!(matches!(put, Err(BlobError::TooLarge(at)) if at == limit), "{put:?}");
        assert!(is_absent(&*blobs, &key).await);
    }
}

pub async fn nothing_is_kept_of_an_interrupted_put(blobs: Arc<dyn Blobs>) {
    for length in [0, 100, LARGE] {
        let key = a_key();
        let put = blobs.put(&key, broken(&content(length)), u64::MAX).await;
        assert!(matches!(put, Err(BlobError::Interrupted(_))), "{put:?}");
        assert!(is_absent(&*blobs, &key).await);
    }
}

pub async fn a_second_put_replaces_the_whole_blob(blobs: Arc<dyn Blobs>) {
    let key = a_key();
    put(&*blobs, &key, &content(300_000)).await;
    put(&*blobs, &key, b"short").await;
    assert_eq!(read(&*blobs, &key, None).await, b"short");
    blobs.put(&key, broken(b"half"), 100).await.expect_err("breaks off");
    assert_eq!(read(&*blobs, &key, None).await, b"short", "what was there stays");
}

pub async fn many_blobs_are_put_and_read_concurrently(blobs: Arc<dyn Blobs>) {
    let one = |number: usize| {
        let blobs = blobs.clone();
        async move {
            let (key, content) = (a_key(), content(150_000 + number));
            put(&*blobs, &key, &content).await;
            assert!(read(&*blobs, &key, None).await == content);
        }
    };
    let all: Vec<_> = (0..12).map(|number| tokio::spawn(one(number))).collect();
    for one in all {
        one.await.expect("no panic");
    }
}

pub async fn a_missing_blob_is_not_found(blobs: Arc<dyn Blobs>) {
    let key = a_key();
    assert!(is_absent(&*blobs, &key).await);
    assert!(matches!(blobs.get(&key, Some(0..1)).await, Err(BlobError::NotFound)));
    blobs.delete(&key).await.expect("deleting nothing succeeds");
    put(&*blobs, &key, b"x").await;
    blobs.delete(&key).await.expect("deletes");
    blobs.delete(&key).await.expect("deleting twice succeeds");
    assert!(is_absent(&*blobs, &key).await);
    blobs.check().await.expect("works");
}

pub async fn no_key_escapes(blobs: Arc<dyn Blobs>) {
    for key in ["", "..", "../x", "/etc/passwd", "a/b", ".hidden", "a\0b", "a b", "a?versions", &"x".repeat(81)] {
        assert!(is_absent(&*blobs, key).await, "{key:?}");
        assert!(blobs.put(key, streamed(b"x"), 1).await.is_err(), "{key:?}");
        assert!(matches!(blobs.delete(key).await, Err(BlobError::NotFound)), "{key:?}");
    }
    let thumbnail = format!("{}.thumb", a_key());
    put(&*blobs, &thumbnail, b"small").await;
    assert_eq!(read(&*blobs, &thumbnail, None).await, b"small");
}
