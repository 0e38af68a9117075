//! Tests what is left of a photo that was uploaded directly.

use std::io::Cursor;

use futures_util::StreamExt;
use http::Method;
use serde_json::json;
use service::ports::Usage;

use crate::world::{ADA, DIRECT, QUOTA, ROOM, World, put, text, worlds};

const SECRET: &[u8] = b"52.520008,13.404954 SM-G991B";

fn plain() -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image::RgbImage::new(300, 200).write_to(&mut out, image::ImageFormat::Jpeg).expect("encodes");
    out.into_inner()
}

/// Returns a photo with a secret in a comment, and behind its end.
fn photo() -> Vec<u8> {
    let plain = plain();
    let comment = [&[0xFF, 0xFE, 0, SECRET.len() as u8 + 2], SECRET].concat();
    [&plain[..2], &comment, &plain[2..], SECRET].concat()
}

/// Returns all bytes that are stored under a key.
async fn stored(world: &World, key: &str) -> Option<Vec<u8>> {
    let chunks: Vec<_> = world.blobs.get(key, None).await.ok()?.collect().await;
    Some(chunks.into_iter().map(Result::unwrap).collect::<Vec<_>>().concat())
}

#[tokio::test]
async fn a_photo_loses_its_metadata_when_it_is_completed() {
    for world in worlds().await {
        let done = world.uploaded("photo.jpg", &photo()).await;
        assert_eq!(done.status, 200, "{}: {}", world.server, done.body);
        assert_eq!((text(&done.body["metadata"]), text(&done.body["content_type"])), ("removed", "image/jpeg"));
        assert_eq!(done.body["size"].as_u64(), Some(plain().len() as u64), "the size of what is stored");

        let id = text(&done.body["id"]);
        let served = world.call(ADA, Method::GET, &format!("/api/files/{id}/download"), None).await;
        assert_eq!(served.bytes, plain());
        assert_eq!(stored(&world, id).await, Some(Vec::new()), "{}: nothing is left of the original", world.server);
        let used = world.store.files.usage(ADA).await.expect("reads");
        assert_eq!(used.user, plain().len() as u64, "what was promised no longer counts");

        let again = world.complete(ADA, id).await;
        assert_eq!((again.status, &again.body), (done.status, &done.body), "a retry gets the same answer");
        let deleted = world.call(ADA, Method::DELETE, &format!("/api/files/{id}"), None).await;
        assert_eq!(deleted.status, 204);
        assert!(world.is_swept(id).await);
        for key in [id.to_owned(), format!("{id}.clean"), format!("{id}.thumb")] {
            assert_eq!(stored(&world, &key).await, None, "{}: {key}", world.server);
        }
        assert_eq!(world.store.files.usage(ADA).await, Ok(Usage::default()));
    }
}

#[tokio::test]
async fn the_address_of_a_cleaned_photo_takes_no_second_upload() {
    for world in worlds().await {
        let photo = photo();
        let upload = world.upload_for("photo.jpg", photo.len()).await;
        assert_eq!(put(&upload, &photo).await, 200);
        let id = text(&upload["id"]);
        assert_eq!(world.complete(ADA, id).await.status, 200);
        assert_eq!(put(&upload, &photo).await, 412, "{}", world.server);
        assert_eq!(stored(&world, id).await, Some(Vec::new()));
    }
}

#[tokio::test]
async fn concurrent_completions_of_a_photo_make_one_file() {
    for world in worlds().await {
        for _ in 0..5 {
            let photo = photo();
            let upload = world.upload_for("photo.jpg", photo.len()).await;
            assert_eq!(put(&upload, &photo).await, 200);
            let id = text(&upload["id"]);
            let (one, two) = tokio::join!(world.complete(ADA, id), world.complete(ADA, id));
            assert_eq!((one.status.as_u16(), two.status.as_u16()), (200, 200), "{}: {}", world.server, two.body);
            assert_eq!(one.body, two.body);
            let served = world.call(ADA, Method::GET, &format!("/api/files/{id}/download"), None).await;
            assert_eq!(served.bytes, plain());
        }
        let used = world.store.files.usage(ADA).await.expect("reads");
        assert_eq!(used.user, 5 * plain().len() as u64, "{}: each counts once", world.server);
    }
}

#[tokio::test]
async fn an_original_is_stored_as_it_was_sent() {
    for world in worlds().await {
        let photo = photo();
        let body = json!({ "room_id": ROOM.to_string(), "name": "photo.jpg", "size": photo.len(), "original": true });
        let upload = world.call(ADA, Method::POST, "/api/files/presign", Some(body)).await.body["upload"].clone();
        assert_eq!(put(&upload, &photo).await, 200);
        let done = world.complete(ADA, text(&upload["id"])).await;
        assert_eq!(
            (text(&done.body["metadata"]), done.body["width"].as_u64()),
            ("kept", Some(300)),
            "{}",
            world.server
        );
        let path = format!("/api/files/{}/download", text(&upload["id"]));
        assert_eq!(world.call(ADA, Method::GET, &path, None).await.bytes, photo);
    }
}

#[tokio::test]
async fn a_promise_that_does_not_fit_into_the_quota_is_refused() {
    for world in worlds().await {
        for _ in 0..QUOTA / DIRECT {
            assert_eq!(world.presign(ADA, "a.bin", DIRECT).await.status, 200);
        }
        let answer = world.presign(ADA, "a.bin", 1).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (413, "too_large"), "{}", world.server);
        assert!(!text(&answer.body["detail"]).contains("presign"), "there is no other way to upload it");
    }
}
