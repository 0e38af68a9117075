//! Tests that a multipart upload leaves nothing behind, however it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use conformance::suite::blobs::{broken, content, is_absent, read, streamed};
use futures_util::{StreamExt, stream};
use service::ports::{BlobError, Blobs, ByteStream};

use crate::server::both;

const MIB: usize = 1 << 20;

#[tokio::test]
async fn a_failed_upload_leaves_no_part() {
    for (server, opened) in both().await {
        let content = content(11 * MIB);
        let broke = opened.blobs.put("broken", broken(&content), u64::MAX).await;
        assert!(matches!(broke, Err(BlobError::Interrupted(_))), "{server}: {broke:?}");
        let large = opened.blobs.put("large", streamed(&content), 10 * MIB as u64).await;
        assert!(matches!(large, Err(BlobError::TooLarge(_))), "{server}: {large:?}");
        assert_eq!((opened.open_uploads().await, opened.objects().await), (0, 0), "{server}");
    }
}

#[tokio::test]
async fn a_cancelled_upload_leaves_no_part() {
    for (server, opened) in both().await {
        let (reached, mut reach) = tokio::sync::mpsc::channel(1);
        let begun = stream::iter(vec![Ok::<_, BlobError>(Bytes::from(content(6 * MIB)))]);
        let endless = begun.chain(stream::once(async move {
            let _ = reached.send(()).await;
            std::future::pending().await
        }));
        let blobs = opened.blobs.clone();
        let put = tokio::spawn(async move { blobs.put("given-up", Box::pin(endless), u64::MAX).await });
        reach.recv().await.expect("the first part is read");
        let begun = async {
            while opened.open_uploads().await == 0 {
                tokio::time::sleep(Duration::from_millis(20)).await
            }
        };
        tokio::time::timeout(Duration::from_secs(20), begun).await.expect("the upload in parts has begun");
        put.abort();
        let gone = async {
            while opened.open_uploads().await > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await
            }
        };
        tokio::time::timeout(Duration::from_secs(20), gone).await.unwrap_or_else(|_| panic!("{server}: parts stay"));
        assert!(is_absent(&*opened.blobs, "given-up").await, "{server}");
    }
}

/// Returns a stream that counts how far it was read.
fn counted(total: usize, read: Arc<AtomicUsize>) -> ByteStream {
    let chunk = Bytes::from(vec![7; 64 * 1024]);
    let chunks = stream::iter(0..total / chunk.len()).map(move |_| {
        read.fetch_add(chunk.len(), Ordering::Relaxed);
        Ok(chunk.clone())
    });
    Box::pin(chunks)
}

/// The server accepts connections and never answers: then no more is read than an upload may hold.
#[tokio::test]
async fn a_slow_store_bounds_what_is_read() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("bound"));
    let settings = blobs::S3Settings {
        path_style: true,
        endpoint: Some(endpoint),
        credentials: Some(("id".into(), "secret".into())),
        region: Some("us-east-1".into()),
        ..blobs::S3Settings::new("slow")
    };
    let blobs = blobs::S3Blobs::open(settings).await.expect("opens without a server");
    let read = Arc::new(AtomicUsize::new(0));
    let put = blobs.put("k", counted(200 * MIB, read.clone()), u64::MAX);
    assert!(tokio::time::timeout(Duration::from_secs(2), put).await.is_err(), "the server does not answer");
    let read = read.load(Ordering::Relaxed);
    assert!(read <= 20 * MIB, "{read} bytes are held");
}

#[tokio::test]
async fn a_stream_of_many_parts_arrives_in_order() {
    for (server, opened) in both().await {
        let content = content(33 * MIB + 5);
        assert_eq!(opened.blobs.put("many", streamed(&content), u64::MAX).await.expect("stores"), content.len() as u64);
        assert!(read(&*opened.blobs, "many", None).await == content, "{server}");
        let (start, end) = (5 * MIB as u64 - 3, 5 * MIB as u64 + 4);
        assert_eq!(read(&*opened.blobs, "many", Some(start..end)).await, content[start as usize..end as usize]);
        assert_eq!(opened.open_uploads().await, 0);
    }
}

#[tokio::test]
async fn an_unreachable_store_differs_from_a_missing_blob() {
    let settings = blobs::S3Settings {
        path_style: true,
        endpoint: Some(format!("http://127.0.0.1:{}", local_servers::free_port())),
        credentials: Some(("id".into(), "very-secret".into())),
        region: Some("us-east-1".into()),
        ..blobs::S3Settings::new("away")
    };
    let blobs = blobs::S3Blobs::open(settings).await.expect("opens without a server");
    for error in [blobs.length("k").await.map(drop), blobs.check().await, blobs.delete("k").await] {
        let Err(BlobError::Unavailable(why)) = error else { panic!("{error:?}") };
        assert!(!why.contains("very-secret"), "{why}");
    }
}
