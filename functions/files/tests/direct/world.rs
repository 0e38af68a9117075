//! A room with Ada in it, whose files are in its own bucket.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::{Extension, Router};
use blobs::{FolderBlobs, S3Blobs, S3Settings, create_bucket};
use conformance::suite::world::{member, plain_room};
use domain::limits::Limits;
use domain::{
    Actor, Body as EntryBody, Entry, EntryId, FileId, LogId, MemberState, RoomId, RoomKind, RowWrite, Timestamp, UserId,
};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use local_servers::{AWS_KEYS, AWS_REGION, shared};
use serde_json::{Value, json};
use service::ports::{Blobs, Store};
use service::{Access, Files, Ids, ManualClock};
use store_memory::MemoryStore;
use tower::ServiceExt;
use uuid::Uuid;

pub const ROOM: RoomId = RoomId(Uuid::from_u128(100));
pub const ADA: UserId = UserId(Uuid::from_u128(1));
pub const EVE: UserId = UserId(Uuid::from_u128(2));
/// The maximum number of bytes of an upload through the server.
pub const THROUGH: u64 = 1_000_000;
/// The maximum number of bytes of a direct upload.
pub const DIRECT: u64 = 3_000_000;

/// The maximum number of bytes of all files of a user: more than the other tests need.
pub const QUOTA: u64 = 2 * DIRECT;

pub struct World {
    pub server: &'static str,
    pub files: Arc<Files>,
    pub blobs: Arc<dyn Blobs>,
    pub store: Store,
    pub clock: Arc<ManualClock>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    pub body: Value,
}

impl Answer {
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("visible")).unwrap_or_default()
    }
}

/// Returns a world on each S3 server.
pub async fn worlds() -> [World; 2] {
    let versitygw = shared::versitygw();
    let keys = (versitygw.access_key(), versitygw.secret_key());
    [
        world("versitygw", s3(versitygw.endpoint(), keys).await).await,
        world("ministack", s3(shared::ministack().endpoint(), AWS_KEYS).await).await,
    ]
}

/// Returns a world whose files are in a folder.
pub async fn on_a_folder(folder: &tempfile::TempDir) -> World {
    world("folder", Arc::new(FolderBlobs::open(folder.path()).await.expect("opens"))).await
}

async fn s3(endpoint: String, (id, secret): (&str, &str)) -> Arc<dyn Blobs> {
    let settings = S3Settings {
        path_style: true,
        endpoint: Some(endpoint),
        credentials: Some((id.to_owned(), secret.to_owned())),
        region: Some(AWS_REGION.to_owned()),
        ..S3Settings::new(format!("b-{}", Uuid::new_v4().simple()))
    };
    create_bucket(&settings, &[]).await.expect("a bucket");
    Arc::new(S3Blobs::open(settings).await.expect("opens"))
}

async fn world(server: &'static str, blobs: Arc<dyn Blobs>) -> World {
    let store = MemoryStore::new().store();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as i64;
    let clock = Arc::new(ManualClock::new(Timestamp(now)));
    let limits = Limits {
        upload_bytes: THROUGH,
        direct_upload_bytes: DIRECT,
        user_storage_bytes: QUOTA,
        direct_download_above: 100_000,
        ..Limits::default()
    };
    let files =
        Files::new(store.clone(), blobs.clone(), Access::new(store.clone()), clock.clone(), Ids::system(), &limits);
    let room = plain_room(ROOM, RoomKind::Private);
    let member = member(ADA, MemberState::Joined);
    let world = World { server, files, blobs, store, clock };
    world.append(EntryBody::Room(room.clone()), &[RowWrite::Room(room), RowWrite::Member(member)]).await;
    world
}

impl World {
    async fn append(&self, body: EntryBody, row_writes: &[RowWrite]) {
        let log = LogId::Room(ROOM);
        let tip = self.store.log.tip(log).await.expect("reads");
        let seq = tip.seq() + 1;
        let entry =
            Entry { v: 1, seq, n: 0, by: ADA, id: EntryId(Uuid::from_u128(seq.into())), at: Timestamp(1), body };
        self.store.log.append(log, &tip, &[entry], row_writes).await.expect("appends");
    }

    /// Attaches the file to a message of Ada's.
    pub async fn send(&self, file: &str) {
        let file = self.id(file);
        self.append(EntryBody::Pin { target: 1, on: true }, &[RowWrite::FileSent { file, seq: 2 }]).await;
    }

    pub fn id(&self, file: &str) -> FileId {
        file.parse().expect("an id")
    }

    pub async fn call(&self, user: UserId, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let body = body.map(|body| Body::from(body.to_string())).unwrap_or_default();
        self.answer(user, request.body(body).expect("valid")).await
    }

    pub async fn answer(&self, user: UserId, request: Request<Body>) -> Answer {
        let actor = Actor { user, session: None, admin: false, guest: false };
        let router: Router = files::router(self.files.clone()).layer(Extension(actor));
        let response = router.oneshot(request).await.expect("infallible");
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.expect("reads").to_bytes().to_vec();
        Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_default(), bytes }
    }

    pub async fn presign(&self, user: UserId, name: &str, size: u64) -> Answer {
        let body = json!({ "room_id": ROOM.to_string(), "name": name, "size": size });
        self.call(user, Method::POST, "/api/files/presign", Some(body)).await
    }

    /// Requests a direct upload of so many bytes for Ada.
    pub async fn upload_for(&self, name: &str, size: usize) -> Value {
        let answer = self.presign(ADA, name, size as u64).await;
        assert_eq!(answer.status, 200, "{}: {}", self.server, answer.body);
        answer.body["upload"].clone()
    }

    pub async fn complete(&self, user: UserId, file: &str) -> Answer {
        self.call(user, Method::POST, &format!("/api/files/{file}/complete"), None).await
    }

    /// Uploads a file of Ada's and completes it.
    pub async fn uploaded(&self, name: &str, content: &[u8]) -> Answer {
        let upload = self.upload_for(name, content.len()).await;
        assert_eq!(put(&upload, content).await, 200, "{}", self.server);
        self.complete(ADA, text(&upload["id"])).await
    }

    /// Returns whether nothing is left of a file once no more bytes can arrive.
    pub async fn is_swept(&self, file: &str) -> bool {
        self.clock.advance(Duration::from_secs(10 * 60));
        self.files.sweep().await.expect("sweeps");
        self.store.files.get(self.id(file)).await.expect("reads").is_none() && !self.has_bytes(file).await
    }

    pub async fn has_bytes(&self, file: &str) -> bool {
        self.blobs.length(file).await.is_ok()
    }
}

/// Puts the bytes as the server requested.
pub async fn put(upload: &Value, content: &[u8]) -> u16 {
    let mut request = reqwest::Client::new().put(text(&upload["url"]));
    for (name, value) in upload["headers"].as_object().expect("headers") {
        request = request.header(name, text(value));
    }
    request.body(content.to_vec()).send().await.expect("the store answers").status().as_u16()
}

pub fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// Returns a valid picture of this size.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([(x % 256) as u8, (y * x) as u8, 90]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("encodes");
    bytes.into_inner()
}
