//! Messages: sent, changed, read in pages, and replayed to those who come back.

use std::sync::Arc;

use domain::{Ack, Actor, Change, Entry, Epoch, LogId, Refusal, Related, Seq};

use crate::access::{Access, RoomRef};
use crate::log::Logs;
use crate::marks::Marks;
use crate::ports::Store;
use crate::related::Directory;

/// Which page of a room's history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PageQuery {
    /// Messages below this seq, newest last. Neither: the newest.
    pub before: Option<Seq>,
    /// Messages above this seq.
    pub after: Option<Seq>,
    /// How many; [`domain::limits::PAGE_MESSAGES_DEFAULT`] when none, [`domain::limits::PAGE_MESSAGES`] at most.
    pub limit: Option<usize>,
    /// What the page must know of: an answer whose `as_of` would be lower is refused as `stale`.
    pub min_seq: Option<Seq>,
}

/// Messages in order of seq, as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagePage {
    /// The store's epoch.
    pub epoch: Epoch,
    /// The head before the read: every change up to here is in the messages.
    pub as_of: Seq,
    /// Messages only.
    pub entries: Vec<Entry>,
    /// What they name.
    pub related: Related,
    /// Whether there is more in the direction asked for.
    pub has_more: bool,
}

/// How a replay ended (2-protocol, Resume).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayStatus {
    /// This is all up to `as_of`.
    Ok,
    /// There is more: ask again from `through`.
    More,
    /// Drop what is cached; go on live from `head + 1`.
    Reset {
        /// Where live begins, minus one.
        head: Seq,
        /// Messages up to there.
        n: u64,
    },
    /// One was a member: what one may still see is here; drop the room after it.
    Forbidden,
    /// Never a member, or no such room.
    NotFound,
}

/// A page of a log for one who comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// How it ended.
    pub status: ReplayStatus,
    /// The store's epoch.
    pub epoch: Epoch,
    /// The head before the read.
    pub as_of: Seq,
    /// The seq after the cursor.
    pub from: Seq,
    /// The cursor after this page.
    pub through: Seq,
    /// The entries, edits with their text.
    pub entries: Vec<Entry>,
    /// What they name.
    pub related: Related,
}

/// The use cases of messages.
pub struct Messages {
    store: Store,
    logs: Arc<Logs>,
    directory: Arc<Directory>,
    access: Arc<Access>,
    marks: Arc<Marks>,
}

impl Messages {
    /// From its parts.
    pub fn new(
        store: Store,
        logs: Arc<Logs>,
        directory: Arc<Directory>,
        access: Arc<Access>,
        marks: Arc<Marks>,
    ) -> Arc<Self> {
        Arc::new(Messages { store, logs, directory, access, marks })
    }

    /// Send, edit, delete, react, pin: by socket and by REST alike. The appender decides; an ack of a
    /// new message also raises the sender's own mark.
    pub async fn submit(&self, room: &RoomRef, change: Change) -> Result<Ack, Refusal> {
        let _ = (&self.store, &self.directory, &self.marks);
        let room = self.access.id(room).await?;
        self.logs.submit(LogId::Room(room), change).await
    }

    /// A page of history.
    pub async fn page(&self, actor: &Actor, room: &RoomRef, query: PageQuery) -> Result<MessagePage, Refusal> {
        let _ = (actor, room, query);
        Err(Refusal::unavailable("Pages are not there yet.", crate::refuse::RETRY_MS))
    }

    /// One message.
    pub async fn one(&self, actor: &Actor, room: &RoomRef, seq: Seq) -> Result<MessagePage, Refusal> {
        let _ = (actor, room, seq);
        Err(Refusal::unavailable("Pages are not there yet.", crate::refuse::RETRY_MS))
    }

    /// Messages by their seqs; those that are gone or not to be seen are left out. For pins and quotes.
    pub async fn some(&self, actor: &Actor, room: &RoomRef, seqs: &[Seq]) -> Result<MessagePage, Refusal> {
        let _ = (actor, room, seqs);
        Err(Refusal::unavailable("Pages are not there yet.", crate::refuse::RETRY_MS))
    }

    /// The messages of a thread after `after`, in order; the first page begins with the root.
    pub async fn thread(
        &self,
        actor: &Actor,
        room: &RoomRef,
        root: Seq,
        after: Seq,
        limit: Option<usize>,
    ) -> Result<MessagePage, Refusal> {
        let _ = (actor, room, root, after, limit);
        Err(Refusal::unavailable("Pages are not there yet.", crate::refuse::RETRY_MS))
    }

    /// What a socket missed of a log: the entries after `cursor`, at most `max`. `None` as a cursor, and
    /// one of another epoch (the caller knows), asks for a reset. The caller compares `as_of` (a reset's
    /// head, `through`) with the position of its hub: behind it, `Ok` is `More` and a reset is asked again.
    pub async fn replay(&self, actor: &Actor, log: LogId, cursor: Option<Seq>, max: usize) -> Result<Replay, Refusal> {
        let _ = (actor, log, cursor, max);
        Err(Refusal::unavailable("Replay is not there yet.", crate::refuse::RETRY_MS))
    }
}
