//! Files of public rooms, as clients of the older contract upload and find them.

use domain::{Actor, File, FileId, FileState, Refusal, RoomRef, User};

use super::limits::Write;
use super::rooms::slug_of;
use super::{Compat, Visitor};
use crate::files::NewFile;
use crate::limits::COMPAT_FILES;
use crate::ports::ByteStream;

/// A file, and the names that it is shown with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompatFile {
    /// The file.
    pub file: File,
    /// The slug of its room.
    pub room: String,
    /// The user who uploaded it.
    pub user: User,
}

impl Compat {
    /// Stores a file for a public room. Its uploader enters the room if they were never in it. Without a token and a user it
    /// belongs to the user who owns what was made without a person.
    pub async fn upload(
        &self,
        visitor: Visitor,
        user: Option<&str>,
        room: &str,
        name: &str,
        bytes: ByteStream,
    ) -> Result<CompatFile, Refusal> {
        let actor = self.uploader(visitor, user).await?;
        let room = self.enter(&actor, room).await?;
        let new = NewFile { room: &RoomRef::Id(room.id), name, size: 0, original: false };
        let file = self.files.upload(&actor, new, bytes).await?;
        Ok(CompatFile { room: slug_of(&room), user: self.known_user(file.user).await?, file })
    }

    async fn uploader(&self, visitor: Visitor, user: Option<&str>) -> Result<Actor, Refusal> {
        match (visitor.actor, user) {
            (Some(actor), None) => Ok(actor),
            (None, None) => {
                self.admit_without_token()?;
                self.throttles.take(Write::Upload, visitor.address)?;
                self.system().await
            }
            (actor, Some(user)) => {
                if actor.is_none() {
                    self.throttles.take(Write::Upload, visitor.address)?;
                }
                self.act_as(visitor, user, None).await
            }
        }
    }

    /// Returns the largest size of a file, in bytes.
    pub fn upload_bytes(&self) -> u64 {
        self.files.upload_bytes()
    }

    /// Returns the files of a public room that messages hold, newest first; at most [`COMPAT_FILES`].
    pub async fn files(&self, visitor: Visitor, room: &str) -> Result<Vec<CompatFile>, Refusal> {
        let reader = self.reader(visitor)?;
        let seen = self.public_room(&reader, room).await?;
        let mut files: Vec<File> = Vec::new();
        let mut before = None;
        while files.len() < COMPAT_FILES {
            let page = self.files.list(&reader, &RoomRef::Id(seen.room.id), before, None).await?;
            files.extend(page.items);
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        files.truncate(COMPAT_FILES);

        let slug = slug_of(&seen.room);
        let users = self.user_cache.users(files.iter().map(|file| file.user).collect()).await?;
        let with_names = files.into_iter().filter_map(|file| {
            let user = users.get(&file.user).cloned()?;
            Some(CompatFile { file, room: slug.clone(), user })
        });
        Ok(with_names.collect())
    }

    /// Returns a file of a public room: one that a message holds, or one that a guest of the older contract has uploaded,
    /// whose id nobody else knows.
    pub async fn file(&self, visitor: Visitor, file: &str) -> Result<CompatFile, Refusal> {
        let reader = self.reader(visitor)?;
        let id: FileId = file.parse().map_err(|_| no_such_file())?;
        let unsent = self
            .store
            .files
            .get(id)
            .await?
            .filter(|file| file.state == FileState::Unsent && (file.user.is_compat() || file.user == reader.user));
        let file = match unsent {
            Some(file) => file,
            None => self.files.get(&reader, id).await?,
        };
        let room = self.slug(file.room).await?.ok_or_else(no_such_file)?;
        Ok(CompatFile { room, user: self.known_user(file.user).await?, file })
    }

    /// Returns the bytes of a file that [`Compat::file`] returned.
    pub async fn open_file(&self, file: &File) -> Result<ByteStream, Refusal> {
        self.files.open(file, None).await
    }
}

fn no_such_file() -> Refusal {
    Refusal::not_found("There is no such file.")
}
