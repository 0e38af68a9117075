//! Files, on an in-memory store and a folder of blobs.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use conformance::suite::world::{member, plain_room};
use domain::limits::Limits;
use domain::{
    Actor, Body, Code, Entry, EntryId, File, FileId, FileState, LogId, MemberState, RoomId, RoomKind, RowWrite,
    Timestamp, UserId,
};
use futures_util::{StreamExt, stream};
use service::files::NewFile;
use service::ports::{BlobError, ByteStream, Store};
use service::{Access, Files, Ids, ManualClock, RoomRef};
use store_memory::MemoryStore;
use uuid::Uuid;

const ROOM: RoomId = RoomId(Uuid::from_u128(100));
const ADA: UserId = UserId(Uuid::from_u128(1));
const EVE: UserId = UserId(Uuid::from_u128(2));

struct Setting {
    store: Store,
    files: Arc<Files>,
    clock: Arc<ManualClock>,
    folder: tempfile::TempDir,
}

fn actor(user: UserId) -> Actor {
    Actor { user, session: None, admin: false, guest: false }
}

/// Returns what describes a file for the room.
fn new(name: &str) -> NewFile<'_> {
    NewFile { room: &RoomRef::Id(ROOM), name, size: 0, original: false }
}

fn bytes(content: &[u8]) -> ByteStream {
    let chunks: Vec<_> = content.chunks(1_000).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    Box::pin(stream::iter(chunks))
}

fn entry(seq: u64, body: Body) -> Entry {
    Entry { v: 1, seq, n: 0, by: ADA, id: EntryId(Uuid::from_u128(seq.into())), at: Timestamp(1), body }
}

/// Creates a private room with Ada in it.
async fn setting() -> Setting {
    let store = MemoryStore::new().store();
    let clock = Arc::new(ManualClock::new(Timestamp(1_790_000_000_000)));
    let room = plain_room(ROOM, RoomKind::Private);
    let member = member(ADA, MemberState::Joined);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let blobs = Arc::new(blobs::FolderBlobs::open(folder.path()).await.expect("opens"));
    let limits = Limits { upload_bytes: 10_000, ..Limits::default() };
    let files = Files::new(store.clone(), blobs, Access::new(store.clone()), clock.clone(), Ids::system(), &limits);
    let setting = Setting { store, files, clock, folder };
    setting.append(Body::Room(room.clone()), &[RowWrite::Room(room), RowWrite::Member(member)]).await;
    setting
}

impl Setting {
    async fn append(&self, body: Body, row_writes: &[RowWrite]) {
        let log = LogId::Room(ROOM);
        let tip = self.store.log.tip(log).await.expect("reads");
        self.store.log.append(log, &tip, &[entry(tip.seq() + 1, body)], row_writes).await.expect("appends");
    }

    async fn upload(&self, user: UserId, content: &[u8]) -> Result<File, domain::Refusal> {
        self.files.upload(&actor(user), new("../notes.txt"), bytes(content)).await
    }

    /// Marks a file as sent, as a message of Ada's would.
    async fn send(&self, file: FileId) {
        self.append(Body::Pin { target: 1, on: true }, &[RowWrite::FileSent { file, seq: 2 }]).await;
    }

    async fn get(&self, user: UserId, file: FileId) -> Result<File, Code> {
        self.files.get(&actor(user), file).await.map_err(|refusal| refusal.code)
    }

    fn blobs(&self) -> usize {
        let folders = std::fs::read_dir(self.folder.path()).expect("is there");
        let count = |folder: std::fs::DirEntry| std::fs::read_dir(folder.path()).expect("a folder").count();
        folders.map(|folder| count(folder.expect("reads"))).sum()
    }
}

#[tokio::test]
async fn an_unsent_file_is_visible_only_to_its_uploader() {
    let s = setting().await;
    let file = s.upload(ADA, b"the plan").await.expect("a member may");
    assert_eq!((file.name.as_str(), file.size, file.state), ("notes.txt", 8, FileState::Unsent));
    assert_eq!(file.content_type, "text/plain; charset=utf-8");
    assert_eq!(s.get(ADA, file.id).await, Ok(file.clone()));
    assert_eq!(s.get(EVE, file.id).await, Err(Code::NotFound));
    assert_eq!(s.files.delete(&actor(EVE), file.id).await.expect_err("not hers").code, Code::NotFound);
    let chunks: Vec<_> = s.files.open(&file, Some(4..8)).await.expect("opens").collect().await;
    assert_eq!(chunks.into_iter().map(Result::unwrap).collect::<Vec<_>>().concat(), b"plan");
}

#[tokio::test]
async fn a_sent_file_is_visible_to_readers_of_its_message() {
    let s = setting().await;
    let file = s.upload(ADA, b"the plan").await.expect("a member may");
    s.send(file.id).await;
    assert_eq!(s.get(ADA, file.id).await.map(|file| file.state), Ok(FileState::Sent));
    assert_eq!(s.get(EVE, file.id).await, Err(Code::NotFound));
    assert_eq!(s.files.list(&actor(ADA), &RoomRef::Id(ROOM), None, None).await.expect("may").items.len(), 1);
    assert!(s.files.list(&actor(EVE), &RoomRef::Id(ROOM), None, None).await.is_err());
    assert_eq!(s.files.delete(&actor(ADA), file.id).await.expect_err("with its message").code, Code::Conflict);
}

#[tokio::test]
async fn a_non_member_cannot_upload() {
    let s = setting().await;
    assert_eq!(s.upload(EVE, b"x").await.expect_err("not a member").code, Code::NotFound);
    assert_eq!(s.blobs(), 0);
}

#[tokio::test]
async fn nothing_is_kept_of_a_failed_upload() {
    let s = setting().await;
    assert_eq!(s.upload(ADA, &[7; 10_001]).await.expect_err("over the cap").code, Code::TooLarge);
    let broken: ByteStream =
        Box::pin(stream::iter([Ok(Bytes::from_static(b"half")), Err(BlobError::Interrupted("gone".into()))]));
    let refusal = s.files.upload(&actor(ADA), new("x"), broken).await.expect_err("broke off");
    assert_eq!(refusal.code, Code::BadRequest);
    assert_eq!(s.blobs(), 0);
    assert!(s.store.files.expired(Timestamp(i64::MAX), 10).await.expect("reads").is_empty());
}

#[tokio::test]
async fn nothing_is_kept_of_an_upload_whose_client_disconnects() {
    let s = setting().await;
    let endless: ByteStream = Box::pin(stream::iter([Ok(Bytes::from_static(b"half"))]).chain(stream::pending()));
    let ada = actor(ADA);
    let upload = s.files.upload(&ada, new("x"), endless);
    assert!(tokio::time::timeout(Duration::from_millis(200), upload).await.is_err(), "dropped in the middle");
    let gone = async {
        while s.blobs() > 0 || !s.store.files.expired(Timestamp(i64::MAX), 10).await.expect("reads").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("its bytes and its row are removed at once");
}

#[tokio::test]
async fn an_unsent_file_is_removed_after_a_day_and_a_sent_one_stays() {
    let s = setting().await;
    let (sent, unsent) = (s.upload(ADA, b"a").await.expect("may"), s.upload(ADA, b"b").await.expect("may"));
    s.send(sent.id).await;
    s.clock.advance(Duration::from_secs(23 * 3600));
    s.files.sweep().await.expect("sweeps");
    assert_eq!(s.blobs(), 2);
    s.clock.advance(Duration::from_secs(2 * 3600));
    s.files.sweep().await.expect("sweeps");
    assert_eq!(s.blobs(), 1);
    assert_eq!(s.get(ADA, unsent.id).await, Err(Code::NotFound));
    assert!(s.get(ADA, sent.id).await.is_ok());
}

#[tokio::test]
async fn the_files_of_a_deleted_message_are_removed() {
    let s = setting().await;
    let file = s.upload(ADA, b"a").await.expect("may");
    s.send(file.id).await;
    s.append(Body::delete(2), &[RowWrite::FileDropped { file: file.id }]).await;
    assert_eq!(s.get(ADA, file.id).await, Err(Code::NotFound));
    s.files.sweep().await.expect("sweeps");
    assert_eq!(s.blobs(), 0);
}
