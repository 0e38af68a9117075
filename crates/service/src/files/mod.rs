//! Files: taken, measured, shown to those who may see them, and removed when nobody needs them.
//!
//! Never believes a name or a claimed type: what a file is, its bytes say.

mod digest;
mod direct;
mod kind;
mod name;
mod picture;
mod remove;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::limits::{
    PICTURE_BYTES, PICTURES_AT_ONCE, PRESIGNING_USERS, PRESIGNS_PER_MINUTE, UNSENT_FILE_LIFE, UNSENT_FILES_PER_USER,
};
use bytes::Bytes;
use domain::limits::{Limits, PAGE_ROWS};
use domain::{Actor, Body, Code, File, FileId, FileState, Picture, Refusal, Role, RoomId, Timestamp, UserId};
use futures_util::FutureExt;
use tokio::sync::{Notify, Semaphore};

use crate::access::{Access, RoomRef};
use crate::clock::Clock;
use crate::log::CommitListener;
use crate::ports::{BlobError, Blobs, ByteStream, Committed, Store};
use crate::throttle::Throttle;

pub use direct::DirectUpload;
use remove::{Removed, Unfinished};

/// How often what is over is looked for, besides when a message was deleted.
const SWEEP_INTERVAL: Duration = Duration::from_secs(600);

/// The use cases of files.
pub struct Files {
    store: Store,
    blobs: Arc<dyn Blobs>,
    access: Arc<Access>,
    clock: Arc<dyn Clock>,
    upload_bytes: u64,
    direct_upload_bytes: u64,
    direct_download_above: u64,
    presigns: Throttle<UserId>,
    decoders: Arc<Semaphore>,
    dropped: Notify,
}

/// A page of a room's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileList {
    /// Newest first.
    pub items: Vec<File>,
    /// Where the next page begins.
    pub next: Option<(Timestamp, FileId)>,
}

fn no_such_file() -> Refusal {
    Refusal::not_found("There is no such file, or you may not see it.")
}

/// The key of a file's bytes.
fn key(file: FileId) -> String {
    file.to_string()
}

/// The key of its thumbnail.
fn thumbnail_key(file: FileId) -> String {
    format!("{file}.thumb")
}

impl Files {
    /// From its parts.
    pub fn new(
        store: Store,
        blobs: Arc<dyn Blobs>,
        access: Arc<Access>,
        clock: Arc<dyn Clock>,
        limits: &Limits,
    ) -> Arc<Self> {
        Arc::new(Files {
            store,
            blobs,
            access,
            clock,
            upload_bytes: limits.upload_bytes,
            direct_upload_bytes: limits.direct_upload_bytes,
            direct_download_above: limits.direct_download_above,
            presigns: Throttle::new(PRESIGNS_PER_MINUTE, Duration::from_secs(60), PRESIGNING_USERS),
            decoders: Arc::new(Semaphore::new(PICTURES_AT_ONCE)),
            dropped: Notify::new(),
        })
    }

    /// Takes a file for a room that the caller may write in. Its row is there before its bytes, so
    /// nothing can lie in the store of blobs that no row knows.
    pub async fn upload(&self, actor: &Actor, room: &RoomRef, named: &str, bytes: ByteStream) -> Result<File, Refusal> {
        let room = self.room_to_upload_to(actor, room).await?;
        let mut file = self.uploading(actor, room, named, 0);
        self.store.files.put(&file).await?;
        let unfinished = Unfinished::new(self, &file);
        let received = self.receive(&mut file, bytes).await;
        unfinished.over();
        match received {
            Ok(()) => Ok(file),
            Err(refusal) => {
                // No URL of it was ever given away, so nothing can arrive any more.
                remove::at_once(&self.store, &*self.blobs, file.id).await;
                Err(refusal)
            }
        }
    }

    /// The room, if the caller may write in it and has not too many files that wait to be sent.
    async fn room_to_upload_to(&self, actor: &Actor, room: &RoomRef) -> Result<RoomId, Refusal> {
        let seen = self.access.room(actor, room).await?;
        let member = seen.member.as_ref().filter(|member| member.is_joined());
        let member = member.ok_or_else(|| Refusal::forbidden("Join the room before you upload a file to it."))?;
        if member.role < Role::Member {
            return Err(Refusal::forbidden("You can only read in this room."));
        }
        // Also those whose bytes are only promised: else they would cost nothing and fill the bucket.
        let unsent = self.store.files.user_unsent(actor.user, UNSENT_FILES_PER_USER).await?;
        match unsent.len() < UNSENT_FILES_PER_USER {
            true => Ok(seen.room.id),
            false => Err(Refusal::new(Code::RateLimited, "You have too many unsent files. Send or remove some first.")),
        }
    }

    /// The row of a file whose bytes are to come.
    fn uploading(&self, actor: &Actor, room: RoomId, named: &str, size: u64) -> File {
        File {
            id: crate::ids::file(),
            room,
            user: actor.user,
            seq: None,
            state: FileState::Uploading,
            at: self.clock.now(),
            name: name::clean(named),
            content_type: kind::UNKNOWN.to_owned(),
            size,
            digest: String::new(),
            picture: None,
        }
    }

    async fn receive(&self, file: &mut File, bytes: ByteStream) -> Result<(), Refusal> {
        let (bytes, passed) = digest::digesting(bytes);
        file.size = match self.blobs.put(&key(file.id), bytes, self.upload_bytes).await {
            Err(BlobError::TooLarge(_)) => return Err(self.too_large()),
            put => put?,
        };
        self.identify(file, passed.finish()).await?;
        file.state = FileState::Unsent;
        Ok(self.store.files.complete(file).await?)
    }

    /// What a file is whose bytes are there: digest, type, picture.
    async fn identify(&self, file: &mut File, seen: digest::Summary) -> Result<(), Refusal> {
        file.digest = seen.digest;
        file.content_type = kind::of(&seen.beginning).to_owned();
        if kind::is_picture(&file.content_type) {
            match file.size <= PICTURE_BYTES {
                true => file.picture = self.measure(file).await?,
                false => file.picture = None,
            }
            if file.picture.is_none() {
                // It begins like a picture and is none, or none that can be looked at: nothing should try to show it.
                file.content_type = kind::UNKNOWN.to_owned();
            }
        }
        Ok(())
    }

    /// The size of a picture, and a thumbnail beside it. None for one that cannot be decoded.
    async fn measure(&self, file: &File) -> Result<Option<Picture>, Refusal> {
        let one_of_few = self.decoders.clone().acquire_owned().await.expect("the semaphore is never closed");
        let bytes = digest::collect(self.blobs.get(&key(file.id), None).await?, file.size).await?;
        let measured = tokio::task::spawn_blocking(move || {
            let measured = picture::measure(&bytes);
            // Held until the work is done: a client that goes away does not make room for another.
            drop(one_of_few);
            measured
        });
        let measured = match measured.await {
            Ok(measured) => measured?,
            // A decoder that panics has met a picture that it cannot read.
            Err(_) => None,
        };
        let Some(measured) = measured else { return Ok(None) };
        let mut picture = Picture { width: measured.width, height: measured.height, thumbnail: false };
        if let Some(thumbnail) = measured.thumbnail {
            let length = thumbnail.len() as u64;
            self.blobs.put(&thumbnail_key(file.id), digest::once(thumbnail), length).await?;
            picture.thumbnail = true;
        }
        Ok(Some(picture))
    }

    /// A file that the caller may see: an unsent one only its uploader, a sent one whoever may read its message.
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

    /// The files of a room that the caller may read, newest first. Those of before a hidden past are
    /// left out, so a page may be shorter than asked for.
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

    /// The bytes of a file that [`Files::get`] gave, or a range of them.
    pub async fn open(&self, file: &File, range: Option<Range<u64>>) -> Result<ByteStream, Refusal> {
        Ok(self.blobs.get(&key(file.id), range).await?)
    }

    /// The thumbnail of a file that [`Files::get`] gave, and its type: JPEG or PNG.
    pub async fn thumbnail(&self, file: &File) -> Result<(Bytes, &'static str), Refusal> {
        if !file.picture.is_some_and(|picture| picture.thumbnail) {
            return Err(Refusal::not_found("This file has no thumbnail."));
        }
        let bytes = digest::collect(self.blobs.get(&thumbnail_key(file.id), None).await?, 0).await?;
        let content_type = kind::of(&bytes);
        Ok((bytes.into(), content_type))
    }

    /// Takes an unsent file back. A sent one goes with its message.
    pub async fn delete(&self, actor: &Actor, file: FileId) -> Result<(), Refusal> {
        let file = self.get(actor, file).await?;
        // A message may take it at this very moment: the row decides, not what was read of it.
        if file.state != FileState::Unsent || !self.store.files.drop_unsent(file.id).await? {
            return Err(Refusal::new(Code::Conflict, "A message contains this file. Delete the message instead."));
        }
        self.remove(&file).await;
        Ok(())
    }

    /// Removes what is over: unsent for a day, broken off, or of a deleted message.
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

    /// Sweeps for ever: at times, and at once when a message was deleted.
    pub async fn run(self: Arc<Self>) {
        loop {
            if let Err(refusal) = self.sweep().await {
                tracing::warn!(%refusal, "file sweep failed, will retry");
            }
            let _ = tokio::time::timeout(SWEEP_INTERVAL, self.dropped.notified()).await;
        }
    }

    /// Sweeps if a message was deleted since the last time: where nothing runs beside the calls.
    pub async fn settle(&self) {
        if self.dropped.notified().now_or_never().is_some()
            && let Err(refusal) = self.sweep().await
        {
            tracing::warn!(%refusal, "file sweep failed, will retry");
        }
    }

    /// How large a file may be that is uploaded through the server.
    pub fn upload_bytes(&self) -> u64 {
        self.upload_bytes
    }

    /// The refusal of a larger one: names the way that takes more, where there is one.
    pub fn too_large(&self) -> Refusal {
        let mut message = format!("The file is larger than {} bytes.", self.upload_bytes);
        if self.blobs.presigns_for().is_some() && self.direct_upload_bytes > self.upload_bytes {
            let most = self.direct_upload_bytes;
            message += &format!(" To upload up to {most} bytes, use POST /api/files/presign.");
        }
        Refusal::new(Code::TooLarge, message)
    }
}

/// Who may not see the room may not know of its file either.
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
