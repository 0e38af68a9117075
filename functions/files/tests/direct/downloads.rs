//! Tests what is served by the server, what by the blob store, and with which type.

use axum::body::Body;
use conformance::suite::blobs::content;
use http::{Method, Request};
use service::files::NewFile;

use crate::world::{ADA, Answer, EVE, World, on_a_folder, text, worlds};

async fn download(world: &World, id: &str, headers: &[(&str, &str)]) -> Answer {
    ask(world, Method::GET, id, headers).await
}

async fn ask(world: &World, method: Method, id: &str, headers: &[(&str, &str)]) -> Answer {
    let request = Request::builder().method(method).uri(format!("/api/files/{id}/download"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    world.answer(ADA, request.body(Body::empty()).expect("valid")).await
}

#[tokio::test]
async fn a_large_file_is_served_by_the_blob_store() {
    for world in worlds().await {
        let content = content(150_000);
        let done = world.uploaded("é\"; x.bin", &content).await;
        let id = text(&done.body["id"]);
        let answer = download(&world, id, &[]).await;
        assert_eq!((answer.status.as_u16(), answer.bytes.len()), (302, 0), "{}", world.server);
        assert_eq!(answer.header("cache-control"), "no-store", "the address must not be cached");
        let link = answer.header("location");
        assert!(link.starts_with(world.files.direct_origin().expect("S3 presigns")));
        assert!(link.contains("X-Amz-Expires=300"), "{}: it expires soon", world.server);

        let whole = reqwest::get(link).await.expect("answers");
        assert_eq!(whole.status(), 200, "{}", world.server);
        assert_eq!(whole.headers()["content-type"], "application/octet-stream");
        let disposition = whole.headers()["content-disposition"].to_str().expect("visible");
        assert_eq!(disposition, "attachment; filename=\"___ x.bin\"; filename*=UTF-8''%C3%A9%22%3B%20x.bin");
        assert_eq!(whole.headers()["cache-control"], "private, no-cache");
        assert!(whole.bytes().await.expect("reads") == content);
        let part =
            reqwest::Client::new().get(link).header("range", "bytes=100000-100099").send().await.expect("answers");
        assert_eq!(part.status(), 206, "{}", world.server);
        assert_eq!(part.bytes().await.expect("reads")[..], content[100_000..100_100]);

        let theirs = world.call(EVE, Method::GET, &format!("/api/files/{id}/download"), None).await;
        assert_eq!(theirs.status, 404, "only users who may see the file get an address");
        let head = ask(&world, Method::HEAD, id, &[]).await;
        assert_eq!((head.status.as_u16(), head.header("content-length")), (200, "150000"));
        let known = download(&world, id, &[("if-none-match", head.header("etag"))]).await;
        assert_eq!(known.status, 304, "{}", world.server);
    }
}

#[tokio::test]
async fn a_small_file_is_served_by_the_server() {
    for world in worlds().await {
        let content = content(90_000);
        let done = world.uploaded("a.bin", &content).await;
        let id = text(&done.body["id"]);
        let whole = download(&world, id, &[]).await;
        assert_eq!((whole.status.as_u16(), whole.header("content-length")), (200, "90000"), "{}", world.server);
        assert!(whole.bytes == content);
        assert!(whole.header("content-security-policy").starts_with("sandbox"));
        let part = download(&world, id, &[("range", "bytes=10-19")]).await;
        assert_eq!((part.status.as_u16(), part.header("content-range")), (206, "bytes 10-19/90000"));
        assert_eq!(part.bytes, content[10..20]);
        let tail = download(&world, id, &[("range", "bytes=-5")]).await;
        assert_eq!((tail.status.as_u16(), &tail.bytes[..]), (206, &content[89_995..]));
        assert_eq!(download(&world, id, &[("range", "bytes=90000-")]).await.status, 416);
        assert_eq!(download(&world, id, &[("if-none-match", whole.header("etag"))]).await.status, 304);
    }
}

#[tokio::test]
async fn active_content_is_served_as_plain_text() {
    let html = [&b"<!doctype html><script>alert(1)</script>"[..], &[b' '; 150_000]].concat();
    let svg =
        [&b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"[..], &[b' '; 150_000]].concat();
    for world in worlds().await {
        for (name, bytes) in [("cat.html", &html), ("cat.svg", &svg)] {
            let done = world.uploaded(name, bytes).await;
            let answer = download(&world, text(&done.body["id"]), &[]).await;
            let served = reqwest::get(answer.header("location")).await.expect("answers");
            assert_eq!(served.headers()["content-type"], "text/plain; charset=utf-8", "{}: {name}", world.server);
            let disposition = served.headers()["content-disposition"].to_str().expect("visible");
            assert!(disposition.starts_with("attachment"), "{}: {disposition}", world.server);
        }
    }
}

#[tokio::test]
async fn a_server_without_s3_serves_all_files_itself() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let world = on_a_folder(&folder).await;
    let content = content(150_000);
    let bytes = conformance::suite::blobs::streamed(&content);
    let actor = domain::Actor { user: ADA, session: None, admin: false, guest: false };
    let room = service::RoomRef::Id(crate::world::ROOM);
    let new = NewFile { room: &room, name: "a.bin", size: 0, original: false };
    let file = world.files.upload(&actor, new, bytes).await.expect("a member may upload");
    let answer = download(&world, &file.id.to_string(), &[("range", "bytes=0-9")]).await;
    assert_eq!((answer.status.as_u16(), &answer.bytes[..]), (206, &content[..10]));
}
