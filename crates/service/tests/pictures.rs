//! What is stored of pictures, on an in-memory store and a folder of blobs.

use std::io::Cursor;
use std::sync::Arc;

use bytes::Bytes;
use conformance::suite::world::{member, plain_room};
use domain::limits::Limits;
use domain::{
    Actor, Body, Code, Entry, EntryId, File, FileMetadata, LogId, MemberState, RoomId, RoomKind, RowWrite, Timestamp,
    UserId,
};
use flate2::{Compress, Compression, FlushCompress};
use futures_util::{StreamExt, stream};
use image::ImageFormat;
use service::files::NewFile;
use service::ports::{ByteStream, Store, Usage};
use service::{Access, Files, Ids, ManualClock, RoomRef};
use store_memory::MemoryStore;
use uuid::Uuid;

const ROOM: RoomId = RoomId(Uuid::from_u128(100));
const ADA: UserId = UserId(Uuid::from_u128(1));
const SECRET: &[u8] = b"52.520008,13.404954 SM-G991B";

struct World {
    store: Store,
    files: Arc<Files>,
    folder: tempfile::TempDir,
}

fn actor() -> Actor {
    Actor { user: ADA, session: None, admin: false, guest: false }
}

fn bytes(content: &[u8]) -> ByteStream {
    let chunks: Vec<_> = content.chunks(10_000).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    Box::pin(stream::iter(chunks))
}

/// Creates a private room with Ada in it.
async fn world(limits: Limits) -> World {
    let store = MemoryStore::new().store();
    let clock = Arc::new(ManualClock::new(Timestamp(1_790_000_000_000)));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let blobs = Arc::new(blobs::FolderBlobs::open(folder.path()).await.expect("opens"));
    let files = Files::new(store.clone(), blobs, Access::new(store.clone()), clock, Ids::system(), &limits);
    let room = plain_room(ROOM, RoomKind::Private);
    let log = LogId::Room(ROOM);
    let tip = store.log.tip(log).await.expect("reads");
    let entry = Entry {
        v: 1,
        seq: 1,
        n: 0,
        by: ADA,
        id: EntryId(Uuid::from_u128(1)),
        at: Timestamp(1),
        body: Body::Room(room.clone()),
    };
    let rows = [RowWrite::Room(room), RowWrite::Member(member(ADA, MemberState::Joined))];
    store.log.append(log, &tip, &[entry], &rows).await.expect("appends");
    World { store, files, folder }
}

impl World {
    async fn upload_as(&self, content: &[u8], original: bool) -> Result<File, domain::Refusal> {
        let new = NewFile { room: &RoomRef::Id(ROOM), name: "photo", size: 0, original };
        self.files.upload(&actor(), new, bytes(content)).await
    }

    async fn upload(&self, content: &[u8]) -> File {
        self.upload_as(content, false).await.expect("a member may")
    }

    /// Returns what is served for a file.
    async fn served(&self, file: &File) -> Vec<u8> {
        let file = self.files.get(&actor(), file.id).await.expect("is there");
        let chunks: Vec<_> = self.files.open(&file, None).await.expect("opens").collect().await;
        chunks.into_iter().map(Result::unwrap).collect::<Vec<_>>().concat()
    }

    /// Returns everything that is stored of all files.
    fn stored(&self) -> Vec<Vec<u8>> {
        let folders = std::fs::read_dir(self.folder.path()).expect("is there");
        let files = folders.flat_map(|folder| std::fs::read_dir(folder.expect("reads").path()).expect("a folder"));
        files.map(|file| std::fs::read(file.expect("reads").path()).expect("a file")).collect()
    }
}

fn encoded(format: ImageFormat) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(60, 40, |x, y| image::Rgb([(x * 4) as u8, (y * 5) as u8, (x * y) as u8]));
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format).expect("encodes");
    out.into_inner()
}

/// Returns a photo that is turned by 90 degrees, with a secret in its Exif block and behind its end.
fn photo() -> Vec<u8> {
    let plain = encoded(ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    exif.extend(SECRET);
    let segment = [&[0xFF, 0xE1][..], &(exif.len() as u16 + 2).to_be_bytes(), &exif].concat();
    [&plain[..2], &segment, &plain[2..], SECRET].concat()
}

fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut sum = flate2::Crc::new();
    sum.update(kind);
    sum.update(content);
    [&(content.len() as u32).to_be_bytes(), &kind[..], content, &sum.sum().to_be_bytes()].concat()
}

/// Returns a PNG of about 1 MB whose colour profile inflates to 1 GB.
fn profile_bomb() -> Vec<u8> {
    let mut compress = Compress::new(Compression::best(), true);
    let (mut begin, mut repeated) = (Vec::with_capacity(1 << 20), Vec::with_capacity(1 << 20));
    let zeros = vec![0; 1 << 20];
    // After a full flush, what follows does not depend on what came before.
    compress.compress_vec(&zeros, &mut begin, FlushCompress::Full).expect("compresses");
    compress.compress_vec(&zeros, &mut repeated, FlushCompress::Full).expect("compresses");
    let profile = chunk(b"iCCP", &[b"bomb\0\0", &begin[..], &repeated.repeat(1_023)].concat());
    let plain = encoded(ImageFormat::Png);
    [&plain[..33], &profile, &plain[33..]].concat()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn a_photo_is_stored_without_its_metadata() {
    let world = world(Limits::default()).await;
    let (photo, plain) = (photo(), encoded(ImageFormat::Jpeg));
    let file = world.upload(&photo).await;
    assert_eq!((file.metadata, file.content_type.as_str()), (Some(FileMetadata::Removed), "image/jpeg"));
    let picture = file.picture.expect("measured");
    assert_eq!((picture.width, picture.height), (40, 60), "as displayed");

    let served = world.served(&file).await;
    assert_eq!((file.size, served.len()), (served.len() as u64, plain.len() + 36), "the orientation is left");
    assert_eq!(file.digest, hex(&served));
    assert!(served.ends_with(&plain[2..]), "the pixels are the same bytes");
    assert!(world.stored().iter().all(|bytes| !contains(bytes, SECRET)), "no copy of the original is left");
    assert_eq!(world.store.files.usage(ADA).await.expect("reads").user, file.size);

    world.files.delete(&actor(), file.id).await.expect("is hers");
    assert!(world.stored().is_empty(), "nothing is left");
    assert_eq!(world.store.files.usage(ADA).await, Ok(Usage::default()));
}

#[tokio::test]
async fn an_original_is_stored_as_it_was_sent() {
    let world = world(Limits::default()).await;
    let file = world.upload_as(&photo(), true).await.expect("a member may");
    assert_eq!((file.metadata, world.served(&file).await), (Some(FileMetadata::Kept), photo()));
    assert_eq!(file.picture.map(|picture| (picture.width, picture.height)), Some((40, 60)));

    let plain = encoded(ImageFormat::Jpeg);
    let file = world.upload_as(&plain, true).await.expect("a member may");
    assert_eq!((file.metadata, world.served(&file).await), (Some(FileMetadata::Absent), plain));
}

#[tokio::test]
async fn a_file_says_whether_it_may_have_metadata() {
    let world = world(Limits::default()).await;
    let heic = [&b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..], SECRET].concat();
    let tiff = [&b"II\x2a\0\x08\0\0\0\0\0\0\0\0\0"[..], SECRET].concat();
    let film = [&b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"[..], SECRET].concat();
    // A photo whose first segment is longer than the file: it could not be shown either.
    let broken = [&b"\xFF\xD8\xFF\xE1\xFF\xFF"[..], SECRET].concat();
    for bytes in [heic, tiff, film, broken] {
        let file = world.upload(&bytes).await;
        assert_eq!((file.metadata, file.picture), (Some(FileMetadata::Kept), None), "{}", file.content_type);
        assert_eq!(world.served(&file).await, bytes);
    }
    let text = world.upload(b"a plan").await;
    assert_eq!(text.metadata, None);
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
        let plain = encoded(format);
        let file = world.upload(&plain).await;
        assert_eq!((file.metadata, world.served(&file).await), (Some(FileMetadata::Absent), plain), "{format:?}");
    }
}

/// The one test of this binary that needs much memory, if it fails.
#[tokio::test]
async fn a_profile_that_inflates_to_a_gigabyte_takes_no_memory_and_is_removed() {
    let world = world(Limits::default()).await;
    let bomb = profile_bomb();
    assert!((1 << 20..2 << 20).contains(&bomb.len()), "{} bytes", bomb.len());
    let before = peak_kib();
    let file = world.upload(&bomb).await;
    assert_eq!((file.metadata, file.picture.is_some()), (Some(FileMetadata::Removed), true));
    assert_eq!(world.served(&file).await, encoded(ImageFormat::Png));

    // An original keeps it, and is measured without inflating it.
    let original = world.upload_as(&bomb, true).await.expect("a member may");
    assert_eq!((original.metadata, original.picture.is_some()), (Some(FileMetadata::Kept), true));
    assert_eq!(original.size, bomb.len() as u64);
    let taken = peak_kib() - before;
    assert!(taken < 64 * 1024, "{taken} KiB");
}

/// Returns the most memory that this process has used, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("is there");
    line.trim().trim_end_matches("kB").trim().parse().expect("a number")
}

#[tokio::test]
async fn a_users_quota_is_refused_and_deleting_gives_room_back() {
    let world = world(Limits { user_storage_bytes: 1_000, ..Limits::default() }).await;
    let first = world.upload(&[7; 600]).await;
    let refusal = world.upload_as(&[7; 401], false).await.expect_err("too much");
    assert_eq!(refusal.code, Code::TooLarge);
    assert!(refusal.message.contains("600 of the 1000 bytes") && refusal.message.contains("Delete"), "{refusal}");
    assert_eq!(world.stored().len(), 1, "nothing is left of it");
    world.upload(&[7; 400]).await;
    assert_eq!(world.upload_as(b"x", false).await.expect_err("full").code, Code::TooLarge);

    world.files.delete(&actor(), first.id).await.expect("is hers");
    world.upload(&[7; 600]).await;
}

#[tokio::test]
async fn all_files_together_have_a_quota() {
    let world = world(Limits { storage_bytes: 1_000, ..Limits::default() }).await;
    world.upload(&[7; 900]).await;
    let refusal = world.upload_as(&[7; 101], false).await.expect_err("too much");
    assert_eq!(refusal.code, Code::TooLarge);
    assert!(refusal.message.contains("operator"), "{refusal}");
}

#[tokio::test]
async fn parallel_uploads_share_a_quota() {
    let world = world(Limits { user_storage_bytes: 1_000, ..Limits::default() }).await;
    let uploads = (0..6).map(|_| world.upload_as(&[7; 300], false));
    let uploaded = futures_util::future::join_all(uploads).await;
    assert_eq!(uploaded.iter().filter(|uploaded| uploaded.is_ok()).count(), 3);
    assert_eq!(world.stored().len(), 3);
    assert_eq!(world.store.files.usage(ADA).await.expect("reads").user, 900);
}

fn hex(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
