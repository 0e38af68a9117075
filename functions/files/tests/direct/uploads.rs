//! Tests which direct uploads are accepted, and from whom.

use axum::body::Body;
use conformance::suite::blobs::{content, streamed};
use http::{Method, Request};
use service::ports::{Charged, Quota};

use crate::world::{ADA, DIRECT, EVE, ROOM, THROUGH, on_a_folder, png, put, text, worlds};

#[tokio::test]
async fn a_picture_is_put_completed_and_measured() {
    for world in worlds().await {
        let picture = png(700, 500);
        let upload = world.upload_for("../sunrise.png", picture.len()).await;
        assert_eq!(text(&upload["method"]), "PUT");
        assert!(
            text(&upload["url"]).starts_with(world.files.direct_origin().expect("S3 presigns")),
            "{}",
            world.server
        );
        let id = text(&upload["id"]);
        let unseen = world.call(ADA, Method::GET, &format!("/api/files/{id}"), None).await;
        assert_eq!(unseen.status, 404, "it is not a file before it is completed");
        assert_eq!(put(&upload, &picture).await, 200);

        let done = world.complete(ADA, id).await;
        assert_eq!(done.status, 200, "{}: {}", world.server, done.body);
        let body = &done.body;
        assert_eq!(
            (text(&body["id"]), text(&body["name"]), text(&body["content_type"])),
            (id, "sunrise.png", "image/png")
        );
        assert_eq!((body["width"].as_u64(), body["height"].as_u64()), (Some(700), Some(500)));
        assert_eq!((body["thumbnail"].as_bool(), body["state"].as_str()), (Some(true), Some("unsent")));
        let row = world.store.files.get(world.id(id)).await.expect("reads").expect("is there");
        assert_eq!(row.digest.len(), 64, "the digest of what arrived");
        let thumbnail = world.call(ADA, Method::GET, &format!("/api/files/{id}/thumbnail"), None).await;
        assert_eq!((thumbnail.status.as_u16(), thumbnail.header("content-type")), (200, "image/jpeg"));

        let again = world.complete(ADA, id).await;
        assert_eq!((again.status, &again.body), (done.status, &done.body), "a retry gets the same answer");
        world.send(id).await;
        let sent = world.complete(ADA, id).await;
        assert_eq!((sent.status.as_u16(), sent.body["state"].as_str()), (200, Some("sent")));
    }
}

#[tokio::test]
async fn concurrent_completions_make_one_file() {
    for world in worlds().await {
        let picture = png(300, 300);
        let upload = world.upload_for("a.png", picture.len()).await;
        assert_eq!(put(&upload, &picture).await, 200);
        let id = text(&upload["id"]);
        let (one, two) = tokio::join!(world.complete(ADA, id), world.complete(ADA, id));
        assert_eq!((one.status.as_u16(), two.status.as_u16()), (200, 200), "{}", world.server);
        assert_eq!(one.body, two.body);
    }
}

#[tokio::test]
async fn an_upload_that_has_not_arrived_cannot_be_completed() {
    for world in worlds().await {
        let upload = world.upload_for("a.bin", 5).await;
        let id = text(&upload["id"]);
        let early = world.complete(ADA, id).await;
        assert_eq!((early.status.as_u16(), early.code()), (409, "conflict"), "{}", world.server);
        assert_eq!(put(&upload, b"12345").await, 200, "it may still arrive");
        assert_eq!(world.complete(ADA, id).await.status, 200);
    }
}

#[tokio::test]
async fn only_the_uploader_completes_an_upload() {
    for world in worlds().await {
        let upload = world.upload_for("a.bin", 5).await;
        let id = text(&upload["id"]);
        assert_eq!(put(&upload, b"12345").await, 200);
        let theirs = world.complete(EVE, id).await;
        let nobodys = world.complete(EVE, &uuid::Uuid::now_v7().to_string()).await;
        assert_eq!((theirs.status.as_u16(), theirs.code()), (404, "not_found"));
        assert_eq!(theirs.body["detail"], nobodys.body["detail"], "and the answer does not reveal that it exists");
        assert_eq!(world.complete(ADA, id).await.status, 200, "{}: the upload is still hers", world.server);
        assert_eq!(world.complete(EVE, id).await.status, 404);
    }
}

#[tokio::test]
async fn a_non_member_gets_no_upload_address() {
    for world in worlds().await {
        let answer = world.presign(EVE, "a.bin", 5).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (404, "not_found"), "{}", world.server);
    }
}

#[tokio::test]
async fn an_upload_that_is_too_large_is_refused_before_it_is_sent() {
    for world in worlds().await {
        let answer = world.presign(ADA, "a.bin", DIRECT + 1).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (413, "too_large"));
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(world.presign(ADA, "a.bin", 0).await.status, 400);
        assert!(world.presign(ADA, "a.bin", DIRECT).await.body["upload"]["url"].is_string());
    }
}

#[tokio::test]
async fn a_file_too_large_for_the_server_is_referred_to_direct_upload() {
    for world in worlds().await {
        let form = |length: u64| {
            let head = format!(
                "--b\r\nContent-Disposition: form-data; name=\"room_id\"\r\n\r\n{ROOM}\r\n--b\r\n\
                 Content-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n"
            );
            let body = [head.into_bytes(), content(length as usize), b"\r\n--b--\r\n".to_vec()].concat();
            let request = Request::post("/api/files/upload").header("content-type", "multipart/form-data; boundary=b");
            request.body(Body::from(body)).expect("valid")
        };
        for length in [THROUGH + 1, 2 * THROUGH] {
            let answer = world.answer(ADA, form(length)).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (413, "too_large"), "{}", world.server);
            assert!(text(&answer.body["detail"]).contains("/api/files/presign"), "{}", answer.body);
        }
        assert_eq!(world.answer(ADA, form(THROUGH)).await.status, 201);
    }
}

/// The signature already refuses another length; this covers a store that does not check it.
#[tokio::test]
async fn an_upload_of_another_length_is_removed() {
    for world in worlds().await {
        let upload = world.upload_for("a.bin", 5).await;
        let id = text(&upload["id"]);
        world.blobs.put(id, streamed(b"123456"), 6).await.expect("as a store without checks would");
        let answer = world.complete(ADA, id).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, "bad_request"), "{}", world.server);
        assert!(!world.has_bytes(id).await);
        assert_eq!(world.complete(ADA, id).await.status, 404);
        assert!(world.is_swept(id).await, "{}", world.server);
    }
}

#[tokio::test]
async fn a_picture_with_too_many_pixels_is_removed_also_after_a_second_put() {
    for world in worlds().await {
        // The header claims 50,000 × 50,000 pixels; its checksum does not matter to code that only measures.
        let mut bomb = png(1, 1);
        bomb[16..20].copy_from_slice(&50_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&50_000_u32.to_be_bytes());
        let checksum = crc32(&bomb[12..29]).to_be_bytes();
        bomb[29..33].copy_from_slice(&checksum);
        let upload = world.upload_for("a.png", bomb.len()).await;
        let id = text(&upload["id"]);
        assert_eq!(put(&upload, &bomb).await, 200);
        let answer = world.complete(ADA, id).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (413, "too_large"), "{}", world.server);
        assert!(!world.has_bytes(id).await);
        // The address stays valid for some minutes.
        assert_eq!(put(&upload, &bomb).await, 200);
        assert_eq!(world.complete(ADA, id).await.status, 404, "a refused upload stays refused");
        assert!(world.is_swept(id).await, "{}: bytes without a row", world.server);
    }
}

#[tokio::test]
async fn an_upload_that_is_never_completed_is_removed_after_a_day() {
    for world in worlds().await {
        let upload = world.upload_for("a.bin", 5).await;
        let id = text(&upload["id"]);
        assert_eq!(put(&upload, b"12345").await, 200);
        assert!(!world.is_swept(id).await, "not yet");
        world.clock.advance(service::limits::UNSENT_FILE_LIFE);
        assert!(world.is_swept(id).await, "{}", world.server);
    }
}

#[tokio::test]
async fn a_completed_file_cannot_be_replaced() {
    for world in worlds().await {
        let upload = world.upload_for("a.txt", 5).await;
        assert_eq!(put(&upload, b"first").await, 200);
        let id = text(&upload["id"]);
        assert_eq!(world.complete(ADA, id).await.status, 200);
        assert_eq!(put(&upload, b"other").await, 412, "{}", world.server);
        let served = world.call(ADA, Method::GET, &format!("/api/files/{id}/download"), None).await;
        assert_eq!(served.bytes, b"first");
    }
}

#[tokio::test]
async fn a_deleted_file_does_not_come_back() {
    for world in worlds().await {
        let upload = world.upload_for("a.txt", 5).await;
        let id = text(&upload["id"]);
        assert_eq!(put(&upload, b"first").await, 200);
        assert_eq!(world.complete(ADA, id).await.status, 200);
        assert_eq!(world.call(ADA, Method::DELETE, &format!("/api/files/{id}"), None).await.status, 204);
        assert_eq!(put(&upload, b"first").await, 200, "its address stays valid for some minutes");
        assert_eq!(world.complete(ADA, id).await.status, 404);
        assert!(world.is_swept(id).await, "{}", world.server);
    }
}

#[tokio::test]
async fn beginnings_are_counted() {
    let [world, _] = worlds().await;
    let mut allowed = 0;
    // The limiter admits one more each second meanwhile, so a slow machine gets some more.
    let last = loop {
        let answer = world.presign(ADA, "a.bin", 5).await;
        if answer.status != 200 || allowed > 20 * service::limits::PRESIGNS_PER_MINUTE {
            break answer;
        }
        allowed += 1;
    };
    assert_eq!((last.status.as_u16(), last.code()), (429, "rate_limited"));
    assert!(allowed >= service::limits::PRESIGNS_PER_MINUTE, "only {allowed}");
    assert!(last.body["retry_ms"].as_u64().is_some_and(|ms| ms > 0));
}

#[tokio::test]
async fn a_server_without_s3_takes_all_uploads_itself() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let world = on_a_folder(&folder).await;
    let answer = world.presign(ADA, "a.bin", 5).await;
    assert_eq!((answer.status.as_u16(), answer.body["upload"].is_null()), (200, true));
    let large = world.presign(ADA, "a.bin", THROUGH + 1).await;
    assert_eq!((large.status.as_u16(), large.code()), (413, "too_large"));
    assert!(!text(&large.body["detail"]).contains("presign"), "there is no other way: {}", large.body);
}

/// Computes CRC-32 as defined for PNG (RFC 2083, section 3.4).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[tokio::test]
async fn announced_uploads_count() {
    for world in worlds().await {
        for number in 0..service::limits::UNSENT_FILES_PER_USER as i64 - 1 {
            let promised = conformance::suite::world::file(ROOM, ADA, number);
            assert_eq!(world.store.files.put(&promised, Quota::NONE).await, Ok(Charged::Done), "a row");
        }
        let upload = world.upload_for("last.bin", 5).await;
        let refused = world.presign(ADA, "more.bin", 5).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (429, "rate_limited"), "{}", world.server);
        // An upload that was admitted is not refused at its end.
        assert_eq!(put(&upload, b"12345").await, 200);
        assert_eq!(world.complete(ADA, text(&upload["id"])).await.status, 200);
    }
}
