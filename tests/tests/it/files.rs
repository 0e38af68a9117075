//! Tests files: what is accepted, what is served to whom and with which type, and files that only look like pictures.

use reqwest::Method;
use serde_json::{Value, json};
use tests::person::{Answer, Person, answer};
use tests::server::Server;

use crate::setup::{bring_in, history, join, messages, private_room, room, text};

/// Returns a valid picture of this size.
fn png(width: u32, height: u32) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([(x % 256) as u8, (y % 256) as u8, 90]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Returns a file of a few bytes that claims to be a picture of 50,000 × 50,000 pixels.
/// Returns a picture without metadata, and the same one with a comment that says where it was taken.
pub fn photo() -> (Vec<u8>, Vec<u8>) {
    let plain = png(64, 48);
    let text_chunk = [&b"tEXt"[..], b"Comment\x0052.520008,13.404954"].concat();
    let length = (text_chunk.len() as u32 - 4).to_be_bytes();
    let photo = [&plain[..33], &length, &text_chunk, &crc32(&text_chunk).to_be_bytes(), &plain[33..]].concat();
    (plain, photo)
}

fn pixel_bomb() -> Vec<u8> {
    let mut bytes = png(1, 1);
    bytes[16..20].copy_from_slice(&50_000_u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&50_000_u32.to_be_bytes());
    // The checksum of the header's chunk covers its name and its data.
    let checksum = crc32(&bytes[12..29]).to_be_bytes();
    bytes[29..33].copy_from_slice(&checksum);
    bytes
}

/// Computes CRC-32 as defined for PNG (RFC 2083, section 3.4).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { 0xEDB8_8320 ^ (sum >> 1) } else { sum >> 1 })
    })
}

fn header(answer: &Answer, name: &str) -> String {
    answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

async fn download(person: &Person, id: &str) -> Answer {
    person.get(&format!("/api/files/{id}/download")).await
}

async fn uploaded(person: &Person, room: &str, name: &str, mime: &str, bytes: Vec<u8>) -> Value {
    person.upload(room, name, mime, bytes).await.ok()
}

#[tokio::test]
async fn a_picture_is_measured_sent_and_served() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    let bytes = png(640, 320);
    let file = uploaded(&ada, &id, "sunrise.png", "image/png", bytes.clone()).await;
    assert_eq!(
        (&file["width"], &file["height"], &file["content_type"]),
        (&json!(640), &json!(320), &json!("image/png"))
    );
    assert_eq!((&file["thumbnail"], &file["size"]), (&json!(true), &json!(bytes.len())));

    let file_id = text(&file["id"]);
    ada.post(&messages(&id), json!({ "text": "look", "files": [file_id] })).await.ok();
    assert_eq!(history(&bob, &id).await[0]["files"][0]["id"], json!(file_id));
    let served = download(&bob, &file_id).await;
    assert_eq!((served.status.as_u16(), header(&served, "content-type").as_str()), (200, "image/png"));
    assert_eq!(served.bytes, bytes);
    assert_eq!(header(&served, "x-content-type-options"), "nosniff");

    let list = bob.get(&format!("/api/files?room_id={id}")).await.ok();
    assert_eq!(list["items"][0]["id"], json!(file_id));
}

#[tokio::test]
async fn ranges_and_etags_are_supported() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "garden").await;
    let bytes: Vec<u8> = (0..10_000_u32).map(|number| (number % 251) as u8).collect();
    let file = text(&uploaded(&ada, &id, "data.bin", "application/octet-stream", bytes.clone()).await["id"]);
    let ask = async |name: &'static str, value: &str| {
        let request = ada.request(Method::GET, &format!("/api/files/{file}/download")).header(name, value);
        answer(request).await
    };
    let part = ask("range", "bytes=100-199").await;
    assert_eq!((part.status.as_u16(), &part.bytes[..]), (206, &bytes[100..200]));
    assert_eq!(header(&part, "content-range"), "bytes 100-199/10000");
    let tail = ask("range", "bytes=-50").await;
    assert_eq!((tail.status.as_u16(), &tail.bytes[..]), (206, &bytes[9_950..]));
    assert_eq!(ask("range", "bytes=20000-").await.status, 416);
    let tag = header(&part, "etag");
    assert!(!tag.is_empty());
    assert_eq!(ask("if-none-match", &tag).await.status, 304);
}

#[tokio::test]
async fn html_with_a_pictures_name_is_never_shown() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "garden").await;
    let html = b"<!doctype html><html><script>alert(document.domain)</script></html>".to_vec();
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>".to_vec();
    for (name, mime, bytes) in [("cat.png", "image/png", html), ("cat.svg", "image/svg+xml", svg)] {
        let file = uploaded(&ada, &id, name, mime, bytes).await;
        assert_ne!(file["content_type"], "image/png", "{file}");
        assert_eq!((&file["width"], &file["thumbnail"]), (&Value::Null, &json!(false)), "{file}");
        let served = download(&ada, &text(&file["id"])).await;
        assert!(header(&served, "content-disposition").starts_with("attachment"), "{:?}", served.headers);
        assert_eq!(header(&served, "x-content-type-options"), "nosniff");
        assert!(header(&served, "content-security-policy").contains("sandbox"), "{:?}", served.headers);
    }
}

#[tokio::test]
async fn a_pixel_bomb_is_refused() {
    let mut server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "garden").await;
    let answer = ada.upload(&id, "bomb.png", "image/png", pixel_bomb()).await;
    assert_eq!(answer.body["code"], "too_large", "{} {}", answer.status, answer.text());
    assert!(server.is_running());
    uploaded(&ada, &id, "fine.png", "image/png", png(8, 8)).await;
}

#[tokio::test]
async fn a_broken_picture_is_stored_or_refused_without_a_crash() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "garden").await;
    let mut cut = png(200, 200);
    cut.truncate(60);
    for bytes in [cut, b"\x89PNG\r\n\x1a\n".to_vec(), b"GIF89a".to_vec(), b"\xff\xd8\xff\xe0".to_vec()] {
        let answer = ada.upload(&id, "broken.png", "image/png", bytes).await;
        assert!(!answer.status.is_server_error(), "{} {}", answer.status, answer.text());
        if answer.status.is_success() {
            assert_eq!(answer.body["thumbnail"], false);
        }
    }
}

#[tokio::test]
async fn a_files_name_is_only_a_label() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "garden").await;
    let names = [
        "../../etc/passwd",
        "/etc/passwd",
        "..\\..\\boot.ini",
        "C:\\x.txt",
        "a\u{202e}gpj.exe",
        "con",
        ".",
        "..",
        "x\"y.txt",
    ];
    for name in names {
        let answer = ada.upload(&id, name, "text/plain", b"plain text".to_vec()).await;
        assert!(!answer.status.is_server_error(), "{name:?}: {}", answer.text());
        if !answer.status.is_success() {
            continue;
        }
        let kept = text(&answer.body["name"]);
        assert!(!kept.contains(['/', '\\', '\u{202e}']) && !kept.starts_with(".."), "{name:?} became {kept:?}");
        let served = download(&ada, &text(&answer.body["id"])).await;
        assert_eq!(served.text(), "plain text");
        assert!(
            !header(&served, "content-disposition").contains(['\r', '\n', '/', '\\']),
            "{name:?}: {:?}",
            served.headers
        );
    }
    let outside = server.data().parent().unwrap().join("etc");
    assert!(!outside.exists());
}

#[tokio::test]
async fn another_users_file_is_out_of_reach() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let (bob, eve) = (Person::register(&server, "bob").await, Person::register(&server, "eve").await);
    let id = private_room(&ada, "Secret").await;
    bring_in(&ada, &id, &bob).await;
    let file = text(&uploaded(&ada, &id, "plan.txt", "text/plain", b"the plan".to_vec()).await["id"]);

    // Not sent yet: only its uploader can access it.
    for stranger in [&bob, &eve] {
        download(stranger, &file).await.refused(404, "not_found");
        stranger.get(&format!("/api/files/{file}")).await.refused(404, "not_found");
        assert!(stranger.delete(&format!("/api/files/{file}")).await.status.is_client_error());
        let theft = stranger.post(&messages(&id), json!({ "text": "mine", "files": [file] })).await;
        assert!(theft.status.is_client_error(), "{}", theft.text());
    }
    ada.post(&messages(&id), json!({ "text": "here", "files": [file] })).await.ok();
    assert_eq!(download(&bob, &file).await.text(), "the plan");
    download(&eve, &file).await.refused(404, "not_found");
    eve.get(&format!("/api/files?room_id={id}")).await.refused(404, "not_found");
    assert!(Person::nobody(&server).get(&format!("/api/files/{file}/download")).await.status == 401);
    assert!(bob.delete(&format!("/api/files/{file}")).await.status.is_client_error());
}

#[tokio::test]
async fn a_file_cannot_be_sent_to_another_or_an_inaccessible_room() {
    let server = Server::start().await;
    let (ada, eve) = (Person::register(&server, "ada").await, Person::register(&server, "eve").await);
    let (one, other) = (room(&ada, "one").await, room(&ada, "other").await);
    let secret = private_room(&ada, "Secret").await;
    let file = text(&uploaded(&ada, &one, "a.txt", "text/plain", b"a".to_vec()).await["id"]);
    let answer = ada.post(&messages(&other), json!({ "text": "", "files": [file] })).await;
    assert!(answer.status.is_client_error(), "{}", answer.text());
    eve.upload(&secret, "a.txt", "text/plain", b"a".to_vec()).await.refused(404, "not_found");
    eve.upload("no-such-room", "a.txt", "text/plain", b"a".to_vec()).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_deleted_messages_file_is_removed() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "garden").await;
    let file = text(&uploaded(&ada, &id, "a.txt", "text/plain", b"a".to_vec()).await["id"]);
    let seq = ada.post(&messages(&id), json!({ "text": "", "files": [file] })).await.ok()["seq"].clone();
    assert_eq!(download(&ada, &file).await.text(), "a");
    ada.delete(&format!("{}/{seq}", messages(&id))).await.ok();
    download(&ada, &file).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_file_over_the_cap_is_refused_and_leaves_nothing() {
    let server = crate::setup::with_limits(&[("UPLOAD_BYTES", 100_000)]).start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "garden").await;
    ada.upload(&id, "big.bin", "application/octet-stream", vec![7; 100_001]).await.refused(413, "too_large");
    uploaded(&ada, &id, "fits.bin", "application/octet-stream", vec![7; 100_000]).await;
}

#[tokio::test]
async fn a_photo_is_served_without_its_metadata_unless_the_original_is_sent() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "garden").await;
    let (plain, photo) = photo();
    let cleaned = uploaded(&ada, &id, "photo.png", "image/png", photo.clone()).await;
    assert_eq!((&cleaned["metadata"], &cleaned["size"]), (&json!("removed"), &json!(plain.len())));
    let original = ada.upload_original(&id, "photo.png", photo.clone()).await.ok();
    assert_eq!((&original["metadata"], &original["size"]), (&json!("kept"), &json!(photo.len())));
    let files = json!([cleaned["id"], original["id"]]);
    ada.post(&messages(&id), json!({ "text": "look", "files": files })).await.ok();
    for (file, bytes) in [(&cleaned, plain), (&original, photo)] {
        assert_eq!(download(&ada, &text(&file["id"])).await.bytes, bytes);
    }
    let shown = history(&ada, &id).await[0]["files"].clone();
    assert_eq!((&shown[0]["metadata"], &shown[1]["metadata"]), (&json!("removed"), &json!("kept")));
}

#[tokio::test]
async fn a_users_files_have_a_quota_and_a_deleted_message_gives_room_back() {
    let server = crate::setup::with_limits(&[("USER_STORAGE_BYTES", 300_000)]).start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    let upload =
        async |person: &Person| person.upload(&id, "a.bin", "application/octet-stream", vec![7; 200_000]).await;
    let file = text(&upload(&ada).await.ok()["id"]);
    let seq = ada.post(&messages(&id), json!({ "text": "", "files": [file] })).await.ok()["seq"].clone();
    let refused = upload(&ada).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (413, &json!("too_large")));
    assert!(refused.body["detail"].as_str().unwrap().contains("Delete messages with files"), "{}", refused.body);
    upload(&bob).await.ok();

    ada.delete(&format!("{}/{seq}", messages(&id))).await.ok();
    // The bytes are removed a moment after the message.
    tests::wait::until("there is room again", async || upload(&ada).await.status.is_success().then_some(())).await;
}
