//! Pages of history: messages as they are now, limited to what the reader may see.

use std::ops::RangeInclusive;

use crate::limits::{PAGE_MESSAGES, PAGE_MESSAGES_DEFAULT};
use domain::{Actor, Code, Entry, Epoch, LogId, Refusal, Related, RoomId, Seq};

use super::Messages;
use super::hidden_past::hide_later;
use crate::access::RoomRef;
use crate::ports::PageFrom;

/// Selects a page of a room's history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PageQuery {
    /// Selects messages below this seq, newest last. Without `before` and `after`: the newest ones.
    pub before: Option<Seq>,
    /// Selects messages above this seq.
    pub after: Option<Seq>,
    /// The number of messages: [`crate::limits::PAGE_MESSAGES_DEFAULT`] if `None`, [`crate::limits::PAGE_MESSAGES`] at
    /// most.
    pub limit: Option<usize>,
    /// The seq that the page must include: an answer with a lower `as_of` is refused as `stale`.
    pub min_seq: Option<Seq>,
}

/// Messages in order of seq, as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagePage {
    /// The room's id, also if the caller gave a slug.
    pub room: RoomId,
    /// The store's epoch.
    pub epoch: Epoch,
    /// The head before the read: every change up to here is included in the messages. For a reader who was removed, the
    /// end of their time in the room.
    pub as_of: Seq,
    /// The messages.
    pub entries: Vec<Entry>,
    /// The users and files that the entries name.
    pub related: Related,
    /// Whether there are more messages in the requested direction.
    pub has_more: bool,
}

impl Messages {
    /// Returns a page of history. The cost does not depend on the length of the log.
    pub async fn page(&self, actor: &Actor, room: &RoomRef, query: PageQuery) -> Result<MessagePage, Refusal> {
        if query.before.is_some() && query.after.is_some() {
            return Err(Refusal::bad_request("Use either `before` or `after`, not both."));
        }
        let id = self.access.id(room).await?;
        let (log, limit) = (LogId::Room(id), page_limit(query.limit));
        let from = match query.after {
            Some(after) => {
                let range = self.readable(actor, id).await?;
                PageFrom::After(after.max(range.start().saturating_sub(1)))
            }
            None => PageFrom::Before(query.before.unwrap_or(Seq::MAX)),
        };
        // One more than requested shows whether there is more. The row is read last, and limits the page.
        let mut page = self.store.log.page(log, from, limit + 1, query.min_seq).await?;
        let mut range = self.readable(actor, id).await?;
        // A caller who may not read the room does not learn its head; a removed member does not learn about later entries.
        if *range.end() < page.as_of && query.min_seq.is_some_and(|min_seq| min_seq > *range.end()) {
            return Err(Refusal::forbidden("You are not a member of this room, or not any more."));
        }
        if query.min_seq.is_some_and(|min_seq| min_seq > page.as_of) {
            let message =
                "The server does not know this entry. It may have been restored from a backup. Reload the room.";
            return Err(Refusal::new(Code::Stale, message).at_head(page.as_of));
        }
        let cut_away = page.entries.last().is_some_and(|newest| newest.seq > *range.end());
        if query.after.is_none() && cut_away {
            // Part of what was read lies after the end of a membership: the page ends there instead.
            page = self.store.log.page(log, PageFrom::Before(range.end() + 1), limit + 1, query.min_seq).await?;
            range = self.readable(actor, id).await?;
        }
        let mut entries = page.entries;
        entries.retain(|entry| range.contains(&entry.seq));
        let has_more = entries.len() > limit;
        match query.after {
            Some(_) => entries.truncate(limit),
            None => drop(entries.drain(..entries.len().saturating_sub(limit))),
        }
        self.finish(id, (page.epoch, page.as_of), entries, has_more, range).await
    }

    /// Returns one message.
    pub async fn one(&self, actor: &Actor, room: &RoomRef, seq: Seq) -> Result<MessagePage, Refusal> {
        let page = self.some(actor, room, &[seq]).await?;
        if page.entries.is_empty() {
            return Err(Refusal::not_found("There is no such message."));
        }
        Ok(page)
    }

    /// Returns messages by their seqs, in order; those that do not exist or are not visible to the caller are left out.
    /// For pins and quotes.
    pub async fn some(&self, actor: &Actor, room: &RoomRef, seqs: &[Seq]) -> Result<MessagePage, Refusal> {
        let (id, head) = self.head(room).await?;
        let seqs = &seqs[..seqs.len().min(PAGE_MESSAGES)];
        let mut entries = match seqs {
            [] => Vec::new(),
            seqs => self.store.log.messages(LogId::Room(id), seqs).await?,
        };
        let range = self.readable(actor, id).await?;
        entries.retain(|entry| range.contains(&entry.seq));
        entries.sort_unstable_by_key(|entry| entry.seq);
        self.finish(id, head, entries, false, range).await
    }

    /// Returns the messages of a thread after `after`, in order; the first page (`after` 0) begins with the root.
    pub async fn thread(
        &self,
        actor: &Actor,
        room: &RoomRef,
        root: Seq,
        after: Seq,
        limit: Option<usize>,
    ) -> Result<MessagePage, Refusal> {
        let (id, head) = self.head(room).await?;
        let limit = page_limit(limit);
        let mut seqs = self.store.rooms.thread(id, root, after, limit + 1).await?;
        let has_more = seqs.len() > limit;
        seqs.truncate(limit);
        if after < root {
            seqs.insert(0, root);
        }
        let mut entries = self.store.log.messages(LogId::Room(id), &seqs).await?;
        let range = self.readable(actor, id).await?;
        if !range.contains(&root) || (after < root && !entries.iter().any(|entry| entry.seq == root)) {
            return Err(Refusal::not_found("There is no such message."));
        }
        // A reader who was removed does not learn that the thread went on.
        let has_more = has_more && seqs.iter().all(|seq| range.contains(seq));
        entries.retain(|entry| range.contains(&entry.seq));
        entries.sort_unstable_by_key(|entry| entry.seq);
        self.finish(id, head, entries, has_more, range).await
    }

    /// Returns the room's id, and epoch and head from before anything else is read.
    async fn head(&self, room: &RoomRef) -> Result<(RoomId, (Epoch, Seq)), Refusal> {
        let id = self.access.id(room).await?;
        let tip = self.store.log.tip(LogId::Room(id)).await?;
        Ok((id, (tip.epoch(), tip.seq())))
    }

    async fn readable(&self, actor: &Actor, room: RoomId) -> Result<RangeInclusive<Seq>, Refusal> {
        Ok(self.access.past(actor, &RoomRef::Id(room)).await?.range())
    }

    async fn finish(
        &self,
        room: RoomId,
        (epoch, head): (Epoch, Seq),
        mut entries: Vec<Entry>,
        has_more: bool,
        range: RangeInclusive<Seq>,
    ) -> Result<MessagePage, Refusal> {
        let as_of = head.min(*range.end());
        if as_of < head {
            hide_later(&self.store, LogId::Room(room), as_of, &mut entries).await?;
        }
        let related = self.user_cache.related(&entries).await?;
        Ok(MessagePage { room, epoch, as_of, entries, related, has_more })
    }
}

fn page_limit(asked: Option<usize>) -> usize {
    asked.unwrap_or(PAGE_MESSAGES_DEFAULT).clamp(1, PAGE_MESSAGES)
}
