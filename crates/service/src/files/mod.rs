//! Files: uploaded, measured, shown to those who may see them, and removed when no longer needed.
//!
//! Never trusts a name or a claimed type: the type is detected from the bytes. A picture is served without its metadata
//! unless its uploader wants the original: `<id>.clean` is the copy, and `<id>` what arrived.

mod arrived;
mod digest;
mod direct;
mod kind;
mod metadata;
mod name;
mod picture;
mod quota;
mod remove;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::limits::{PICTURES_AT_ONCE, PRESIGNING_USERS, PRESIGNS_PER_MINUTE, UNSENT_FILE_LIFE, UNSENT_FILES_PER_USER};
use bytes::Bytes;
use domain::limits::{Limits, PAGE_ROWS};
use domain::{Actor, Body, Code, File, FileId, FileMetadata, FileState, Refusal, Role, RoomId, Timestamp, UserId};
use futures_util::FutureExt;
use tokio::sync::{Notify, Semaphore};

use crate::access::{Access, RoomRef};
use crate::clock::Clock;
use crate::ids::Ids;
use crate::log::CommitListener;
use crate::ports::{Blobs, ByteStream, Committed, Quota, Store};
use crate::refusals::file_size;
use crate::throttle::Throttle;

pub use direct::DirectUpload;
use remove::{Removed, Unfinished};

/// How often expired files are swept, in addition to when a message was deleted.
const SWEEP_INTERVAL: Duration = Duration::from_secs(600);

/// The use cases of files.
pub struct Files {
    store: Store,
    blobs: Arc<dyn Blobs>,
    access: Arc<Access>,
    clock: Arc<dyn Clock>,
    ids: Ids,
    upload_bytes: u64,
    direct_upload_bytes: u64,
    direct_download_above: u64,
    quota: Quota,
    presigns: Throttle<UserId>,
    decoders: Arc<Semaphore>,
    dropped: Notify,
}

/// A file that a client wants to upload.
#[derive(Debug, Clone, Copy)]
pub struct NewFile<'a> {
    /// The room that it is for.
    pub room: &'a RoomRef,
    /// Its name, as its uploader calls it.
    pub name: &'a str,
    /// Its size in bytes, or for an upload through the server a lower bound, which may be zero.
    pub size: u64,
    /// Whether it is stored exactly as it is sent, with the metadata of a picture.
    pub original: bool,
}

/// A page of a room's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileList {
    /// The files, newest first.
    pub items: Vec<File>,
    /// Where the next page begins.
    pub next: Option<(Timestamp, FileId)>,
}

fn no_such_file() -> Refusal {
    Refusal::not_found("There is no such file, or you may not see it.")
}

/// Returns the key of the bytes that are served for a file.
fn key(file: &File) -> String {
    match file.metadata {
        Some(FileMetadata::Removed) => cleaned_key(file.id),
        _ => original_key(file.id),
    }
}

/// Returns the key of the bytes that arrived for a file.
fn original_key(file: FileId) -> String {
    file.to_string()
}

/// Returns the key of the copy of a file without metadata.
fn cleaned_key(file: FileId) -> String {
    format!("{file}.clean")
}

/// Returns the key of a file's thumbnail.
fn thumbnail_key(file: FileId) -> String {
    format!("{file}.thumb")
}

/// Returns every key under which bytes of a file may lie.
pub fn blob_keys(file: FileId) -> [String; 3] {
    [original_key(file), cleaned_key(file), thumbnail_key(file)]
}

impl Files {
    /// Creates the use cases from their parts.
    pub fn new(
        store: Store,
        blobs: Arc<dyn Blobs>,
        access: Arc<Access>,
        clock: Arc<dyn Clock>,
        ids: Ids,
        limits: &Limits,
    ) -> Arc<Self> {
        Arc::new(Files {
            store,
            blobs,
            access,
            clock,
            ids,
            upload_bytes: limits.upload_bytes,
            direct_upload_bytes: limits.direct_upload_bytes,
            direct_download_above: limits.direct_download_above,
            quota: quota::of(limits),
            presigns: Throttle::new(PRESIGNS_PER_MINUTE, Duration::from_secs(60), PRESIGNING_USERS),
            decoders: Arc::new(Semaphore::new(PICTURES_AT_ONCE)),
            dropped: Notify::new(),
        })
    }

    /// Stores a file for a room that the caller may write in. The row is written before the bytes, so the blob store
    /// never contains bytes that no row knows.
    pub async fn upload(&self, actor: &Actor, new: NewFile<'_>, bytes: ByteStream) -> Result<File, Refusal> {
        let room = self.room_to_upload_to(actor, new.room).await?;
        let mut file = self.uploading(actor, room, new);
        self.charged(file.user, file.size, self.store.files.put(&file, self.quota).await?).await?;
        let unfinished = Unfinished::new(self, &file);
        let received = self.receive(&mut file, bytes).await;
        unfinished.over();
        match received {
            Ok(()) => Ok(file),
            Err(refusal) => {
                // No one was given an upload URL, so no further bytes can arrive.
                remove::at_once(&self.store, &*self.blobs, file.id).await;
                Err(refusal)
            }
        }
    }

    /// Returns the room, if the caller may write in it and has not too many unsent files.
    async fn room_to_upload_to(&self, actor: &Actor, room: &RoomRef) -> Result<RoomId, Refusal> {
        let seen = self.access.room(actor, room).await?;
        let member = seen.member.as_ref().filter(|member| member.is_joined());
        let member = member.ok_or_else(|| Refusal::forbidden("Join the room before you upload a file to it."))?;
        if member.role < Role::Member {
            return Err(Refusal::forbidden("You have read-only access to this room."));
        }
        // Promised uploads count too: otherwise they would cost nothing and fill the bucket.
        let unsent = self.store.files.user_unsent(actor.user, UNSENT_FILES_PER_USER).await?;
        match unsent.len() < UNSENT_FILES_PER_USER {
            true => Ok(seen.room.id),
            false => Err(Refusal::new(Code::RateLimited, "You have too many unsent files. Send or remove some first.")),
        }
    }

    /// Returns the row of a file whose bytes have not arrived yet.
    fn uploading(&self, actor: &Actor, room: RoomId, new: NewFile<'_>) -> File {
        File {
            id: self.ids.file(),
            room,
            user: actor.user,
            seq: None,
            state: FileState::Uploading,
            at: self.clock.now(),
            name: name::clean(new.name),
            content_type: kind::UNKNOWN.to_owned(),
            size: new.size,
            digest: String::new(),
            picture: None,
            metadata: new.original.then_some(FileMetadata::Kept),
            counted: true,
        }
    }

    /// Returns a file that the caller may see: an unsent one only for its uploader, a sent one for all who may read its
    /// message.
    pub async fn get(&self, actor: &Actor, file: FileId) -> Result<File, Refusal> {
        let file = self.store.files.get(file).await?.ok_or_else(no_such_file)?;
        match (file.state, file.seq) {
            (FileState::Unsent, _) if file.user == actor.user => Ok(file),
            (FileState::Sent, Some(seq)) => {
                let seen = self.access.past(actor, &RoomRef::Id(file.room)).await.map_err(hide)?;
                if seen.range().contains(&seq) { Ok(file) } else { Err(no_such_file()) }
            }
            _ => Err(no_such_file()),
        }
    }

    /// Returns the files of a room that the caller may read, newest first. Those from before a hidden past are left
    /// out, so a page may be shorter than requested.
    pub async fn list(
        &self,
        actor: &Actor,
        room: &RoomRef,
        before: Option<(Timestamp, FileId)>,
        limit: Option<usize>,
    ) -> Result<FileList, Refusal> {
        let seen = self.access.past(actor, room).await?;
        let limit = limit.unwrap_or(PAGE_ROWS).clamp(1, PAGE_ROWS);
        let mut items = self.store.files.room_files(seen.room.id, before, limit + 1).await?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|file| (file.at, file.id));
        let range = seen.range();
        items.retain(|file| file.seq.is_some_and(|seq| range.contains(&seq)));
        Ok(FileList { items, next })
    }

    /// Returns the bytes of a file that [`Files::get`] returned, or a range of them.
    pub async fn open(&self, file: &File, range: Option<Range<u64>>) -> Result<ByteStream, Refusal> {
        Ok(self.blobs.get(&key(file), range).await?)
    }

    /// Returns the thumbnail of a file that [`Files::get`] returned, and its type: JPEG or PNG.
    pub async fn thumbnail(&self, file: &File) -> Result<(Bytes, &'static str), Refusal> {
        if !file.picture.is_some_and(|picture| picture.thumbnail) {
            return Err(Refusal::not_found("This file has no thumbnail."));
        }
        let bytes = digest::collect(self.blobs.get(&thumbnail_key(file.id), None).await?, 0).await?;
        let content_type = kind::of(&bytes);
        Ok((bytes.into(), content_type))
    }

    /// Deletes an unsent file. A sent one is deleted with its message.
    pub async fn delete(&self, actor: &Actor, file: FileId) -> Result<(), Refusal> {
        let file = self.get(actor, file).await?;
        // A message may claim it at this very moment, so the row decides, not the copy that was read.
        if file.state != FileState::Unsent || !self.store.files.drop_unsent(file.id).await? {
            return Err(Refusal::new(Code::Conflict, "A message contains this file. Delete the message instead."));
        }
        self.remove(&file).await;
        Ok(())
    }

    /// Removes expired files: unsent for a day, interrupted, or of a deleted message.
    pub async fn sweep(&self) -> Result<(), Refusal> {
        let older_than = Timestamp(self.clock.now().0 - UNSENT_FILE_LIFE.as_millis() as i64);
        loop {
            let expired = self.store.files.expired(older_than, PAGE_ROWS).await?;
            let mut gone = 0;
            for file in &expired {
                match self.remove(file).await {
                    Removed::Gone => gone += 1,
                    Removed::RowStays => {}
                    Removed::Failed => return Ok(()),
                }
            }
            if expired.len() < PAGE_ROWS || gone == 0 {
                return Ok(());
            }
        }
    }

    /// Sweeps forever: at intervals, and at once when a message was deleted.
    pub async fn run(self: Arc<Self>) {
        loop {
            if let Err(refusal) = self.sweep().await {
                tracing::warn!(%refusal, "file sweep failed, will retry");
            }
            let _ = tokio::time::timeout(SWEEP_INTERVAL, self.dropped.notified()).await;
        }
    }

    /// Sweeps soon, because files were dropped by something else than the deletion of a message.
    pub(crate) fn sweep_soon(&self) {
        self.dropped.notify_one();
    }

    /// Sweeps if a message was deleted since the last time, for a process without background tasks.
    pub async fn settle(&self) {
        if self.dropped.notified().now_or_never().is_some()
            && let Err(refusal) = self.sweep().await
        {
            tracing::warn!(%refusal, "file sweep failed, will retry");
        }
    }

    /// Returns the largest size of a file that is uploaded through the server, in bytes.
    pub fn upload_bytes(&self) -> u64 {
        self.upload_bytes
    }

    /// Returns the refusal of a larger file. It names the way to upload one, if there is any.
    pub fn too_large(&self) -> Refusal {
        let mut message = format!("The file is larger than {}.", file_size(self.upload_bytes));
        if self.blobs.presigns_for().is_some() && self.direct_upload_bytes > self.upload_bytes {
            let most = file_size(self.direct_upload_bytes);
            message += &format!(" To upload up to {most}, use POST /api/files/presign.");
        }
        Refusal::new(Code::TooLarge, message)
    }
}

/// Hides a file from callers who may not see its room: they must not learn that it exists.
fn hide(refusal: Refusal) -> Refusal {
    match refusal.code {
        Code::Forbidden | Code::NotFound => no_such_file(),
        _ => refusal,
    }
}

impl CommitListener for Files {
    fn committed(&self, committed: &Committed) {
        if committed.entries.iter().any(|entry| matches!(entry.body, Body::Delete { .. })) {
            self.dropped.notify_one();
        }
    }
}
