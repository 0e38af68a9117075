//! Tests that a client can only make the requests that were signed.

use std::time::Duration;

use conformance::suite::blobs::{content, is_absent, read, streamed};
use reqwest::{Method, Response};
use service::ports::{Blobs, Presigned, ServedAs};

use crate::server::{LONG, Opened, both};

const SERVED_AS: ServedAs<'static> = ServedAs {
    content_type: "text/plain; charset=utf-8",
    disposition: "attachment; filename=\"a b.txt\"; filename*=UTF-8''%C3%A9.txt",
    cache_control: "private, no-cache",
};

async fn send(presigned: &Presigned, url: &str, body: Vec<u8>) -> Response {
    let method = Method::from_bytes(presigned.method.as_bytes()).expect("a method");
    let mut request = reqwest::Client::new().request(method, url);
    for (name, value) in &presigned.headers {
        request = request.header(name, value);
    }
    request.body(body).send().await.expect("the store answers")
}

async fn put(opened: &Opened, key: &str, length: u64) -> Presigned {
    opened.blobs.presign_put(key, length, LONG).await.expect("signs").expect("S3 presigns")
}

#[tokio::test]
async fn a_client_puts_and_gets_directly() {
    for (server, opened) in both().await {
        let content = content(3_000_000);
        let upload = put(&opened, "k", content.len() as u64).await;
        assert!(upload.url.starts_with(opened.blobs.presigns_for().expect("an origin")), "{server}");
        let answer = send(&upload, &upload.url, content.clone()).await;
        assert_eq!(answer.status(), 200, "{server}: {}", answer.text().await.unwrap());
        assert_eq!(opened.blobs.length("k").await.expect("is there"), content.len() as u64);
        assert!(read(&*opened.blobs, "k", None).await == content, "{server}");

        let link = opened.blobs.presign_get("k", SERVED_AS, LONG).await.expect("signs").expect("S3 presigns");
        let answer = send(&link, &link.url, Vec::new()).await;
        let header = |name: &str| answer.headers()[name].to_str().expect("visible").to_owned();
        assert_eq!(answer.status(), 200, "{server}");
        assert_eq!(header("content-type"), SERVED_AS.content_type, "{server}");
        assert_eq!(header("content-disposition"), SERVED_AS.disposition, "{server}");
        assert_eq!(header("cache-control"), SERVED_AS.cache_control, "{server}");
        assert!(answer.bytes().await.expect("reads") == content, "{server}");
        let part =
            reqwest::Client::new().get(&link.url).header("Range", "bytes=100-199").send().await.expect("answers");
        assert_eq!(
            (part.status().as_u16(), &part.bytes().await.expect("reads")[..]),
            (206, &content[100..200]),
            "{server}"
        );
    }
}

/// Only versitygw checks signatures: ministack accepts any.
#[tokio::test]
async fn only_signed_requests_are_accepted() {
    let opened = Opened::on_versitygw().await.expect("a bucket");
    let upload = put(&opened, "mine", 5).await;
    let refused = async |presigned: &Presigned, url: &str, body: &[u8], what: &str| {
        let status = send(presigned, url, body.to_vec()).await.status();
        assert_eq!(status, 403, "{what}");
    };
    refused(&upload, &upload.url.replace("/mine?", "/other?"), b"12345", "another key").await;
    refused(&upload, &upload.url, b"123456", "a longer body").await;
    refused(&upload, &upload.url, b"1234", "a shorter body").await;
    let signature = |url: &str| url.split("X-Amz-Signature=").nth(1).expect("signed").to_owned();
    let tampered = upload.url.replace(&signature(&upload.url), &"0".repeat(signature(&upload.url).len()));
    refused(&upload, &tampered, b"12345", "another signature").await;
    let longer = upload.url.replace("X-Amz-Expires=300", "X-Amz-Expires=30000");
    assert_ne!(longer, upload.url);
    refused(&upload, &longer, b"12345", "a longer life").await;
    let html = |(name, value): &(String, String)| match name.as_str() {
        "content-type" => (name.clone(), "text/html".to_owned()),
        _ => (name.clone(), value.clone()),
    };
    let typed = Presigned { headers: upload.headers.iter().map(html).collect(), ..upload.clone() };
    refused(&typed, &typed.url, b"12345", "another type").await;
    let blind = upload.headers.iter().filter(|(name, _)| name != "if-none-match").cloned().collect();
    let blind = Presigned { headers: blind, ..upload.clone() };
    refused(&blind, &blind.url, b"12345", "without its condition").await;
    let method = Presigned { method: "DELETE", ..upload.clone() };
    refused(&method, &method.url, b"", "another method").await;
    assert!(is_absent(&*opened.blobs, "mine").await && is_absent(&*opened.blobs, "other").await);
    assert_eq!(opened.objects().await, 0);
    assert_eq!(send(&upload, &upload.url, b"12345".to_vec()).await.status(), 200, "the signed request is accepted");

    let link = opened.blobs.presign_get("mine", SERVED_AS, LONG).await.expect("signs").expect("S3 presigns");
    let shown = link.url.replace("response-content-type=text%2Fplain", "response-content-type=text%2Fhtml");
    assert_ne!(shown, link.url);
    refused(&link, &shown, b"", "a download of another type").await;
}

#[tokio::test]
async fn a_url_expires() {
    let opened = Opened::on_versitygw().await.expect("a bucket");
    let upload = opened.blobs.presign_put("late", 1, Duration::from_secs(1)).await.expect("signs").expect("presigns");
    opened.blobs.put("there", streamed(b"x"), 1).await.expect("stores");
    let link =
        opened.blobs.presign_get("there", SERVED_AS, Duration::from_secs(1)).await.expect("signs").expect("presigns");
    // A URL's lifetime is in whole seconds, and the server's clock cannot be changed.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    for (presigned, body) in [(&upload, b"x".to_vec()), (&link, Vec::new())] {
        assert_eq!(send(presigned, &presigned.url, body).await.status(), 403);
    }
    assert!(is_absent(&*opened.blobs, "late").await);
}

/// `If-None-Match: *` is signed, so a client cannot leave it out; enforcing it is up to the server.
#[tokio::test]
async fn a_second_put_does_not_replace_the_first() {
    for (server, opened) in both().await {
        let upload = put(&opened, "once", 5).await;
        assert_eq!(send(&upload, &upload.url, b"first".to_vec()).await.status(), 200, "{server}");
        let second = send(&upload, &upload.url, b"other".to_vec()).await.status();
        assert_eq!(second, 412, "{server}");
        assert_eq!(read(&*opened.blobs, "once", None).await, b"first", "{server}");
    }
}
