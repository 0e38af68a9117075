//! Replay: returns the entries that a reconnecting client missed of a log.

use std::collections::HashMap;

use domain::limits::{REPLAY_ENTRIES, SYNC_ENTRIES};
use domain::{
    Actor, EditTexts, Entry, Epoch, LogId, Member, PageSpan, PageStatus, Refusal, Related, RoomId, RoomKind, Seq,
};

use super::hidden_past::{ended_at, hide_later, hide_past};
use super::shared_reads::ReadKey;
use super::{Messages, edit_texts, edit_texts_until};
use crate::ports::Tip;

/// A page of a log for a reconnecting client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// Where the page begins and ends.
    pub span: PageSpan,
    /// The entries.
    pub entries: Vec<Entry>,
    /// What the entries name: users, files, the texts of edits.
    pub related: Related,
}

impl Messages {
    /// Returns what a socket missed of a log: the entries after `cursor`, at most `max` and about
    /// [`crate::limits::REPLAY_BYTES`]. Concurrent callers that ask for the same range share one read. A cursor of
    /// `None`, or one of another epoch (which the caller recognizes), leads to a reset.
    ///
    /// The caller compares [`PageSpan::live_after`] with the position of its hub: behind that, `Complete` is treated as
    /// `More`, and a reset is requested again.
    pub async fn replay(&self, actor: &Actor, log: LogId, cursor: Option<Seq>, max: usize) -> Result<Replay, Refusal> {
        let tip = self.store.log.tip(log).await?;
        let head = tip.seq();
        let within = |cursor: &Seq| *cursor <= head && head - *cursor <= REPLAY_ENTRIES;
        let cursor = cursor.filter(within);
        let max = max.clamp(1, SYNC_ENTRIES) as Seq;
        // Where nothing was missed, nothing can be missing.
        let (entries, floor) = match cursor {
            Some(cursor) if cursor < head => {
                let to = head.min(cursor.saturating_add(max));
                let key = ReadKey { epoch: tip.epoch(), log, from: cursor + 1, to };
                (self.reads.read(&self.store, key).await?, self.store.log.floor(log).await?)
            }
            _ => (Vec::new(), 0),
        };
        let cursor = cursor.filter(|cursor| *cursor >= floor);
        // The row is read after the entries, so no entry from after a removal is returned.
        let from_seq = match log {
            LogId::User(user) if user == actor.user => 1,
            LogId::User(_) => return Ok(over(PageStatus::NotFound, tip, None, 0)),
            LogId::Room(room) => match self.store.rooms.member(room, actor.user).await? {
                Some(member) if member.is_joined() => member.from_seq,
                Some(member) if member.to_seq.is_some_and(|to_seq| to_seq > 0) => {
                    return self.farewell(log, tip, cursor, entries, &member).await;
                }
                _ => return Ok(over(PageStatus::NotFound, tip, None, 0)),
            },
        };
        let before_first = from_seq.saturating_sub(1);
        let Some(cursor) = cursor.filter(|cursor| *cursor >= before_first) else {
            let from_seq = self.hidden_below(log, from_seq).await?;
            return self.reset(log, tip, before_first, from_seq).await;
        };
        let through = entries.last().map_or(cursor, |entry| entry.seq);
        let status = if through >= head { PageStatus::Complete } else { PageStatus::More };
        let mut texts = edit_texts(&self.store, log, &entries).await?;
        let from_seq = self.hidden_below(log, from_seq).await?;
        hide_past(&entries, &mut texts, from_seq);
        self.answer(PageSpan { from_seq, ..span(status, tip, cursor) }, entries, texts).await
    }

    /// Returns the pages, without entries, of those of these logs that the user may follow: their own, and those of rooms
    /// that they are a member of. One read for all rooms, and one for each room whose kind is not known yet.
    ///
    /// The caller follows the logs, and knew their heads before the call, so that a removal from a room is either seen
    /// here or has a higher seq.
    pub async fn at_head(
        &self,
        actor: &Actor,
        epoch: Epoch,
        heads: Vec<(LogId, Seq)>,
    ) -> Result<HashMap<LogId, PageSpan>, Refusal> {
        let rooms: Vec<RoomId> = heads.iter().filter_map(|(log, _)| log.room()).collect();
        let members: HashMap<RoomId, Member> = match rooms.is_empty() {
            true => HashMap::new(),
            false => self.store.rooms.memberships(actor.user, &rooms).await?.into_iter().collect(),
        };
        let mut pages = HashMap::with_capacity(heads.len());
        for (log, head) in heads {
            let from_seq = match log {
                LogId::User(user) if user == actor.user => 1,
                LogId::User(_) => continue,
                LogId::Room(room) => match members.get(&room) {
                    Some(member) if member.is_joined() && member.from_seq <= head + 1 => member.from_seq,
                    _ => continue,
                },
            };
            let from_seq = self.hidden_below(log, from_seq).await?;
            pages.insert(log, PageSpan { from_seq, ..PageSpan::at_head(epoch, head) });
        }
        Ok(pages)
    }

    /// Returns the seq below which nothing is visible. All of a public room is readable by everyone through REST.
    async fn hidden_below(&self, log: LogId, from_seq: Seq) -> Result<Seq, Refusal> {
        let Some(id) = log.room().filter(|_| from_seq > 1) else { return Ok(1) };
        let kind = self.kinds.of(id).await?;
        Ok(if kind == Some(RoomKind::Public) { 1 } else { from_seq })
    }

    /// Returns to a user who is no longer a member what they may still see, then that the membership has ended.
    async fn farewell(
        &self,
        log: LogId,
        tip: Tip,
        cursor: Option<Seq>,
        mut entries: Vec<Entry>,
        member: &Member,
    ) -> Result<Replay, Refusal> {
        let to_seq = member.to_seq.unwrap_or(0);
        let in_reach = |cursor: &Seq| (member.from_seq.saturating_sub(1)..to_seq).contains(cursor);
        let Some(cursor) = cursor.filter(in_reach) else {
            return Ok(over(PageStatus::Forbidden, tip, cursor, to_seq));
        };
        entries.retain(|entry| entry.seq <= to_seq);
        let more = entries.last().is_some_and(|last| last.seq < to_seq);
        let status = if more { PageStatus::More } else { PageStatus::Forbidden };
        let until = ended_at(&self.store, log, to_seq).await?;
        let mut texts = edit_texts_until(&self.store, log, &entries, until).await?;
        hide_later(&self.store, log, to_seq, &mut entries).await?;
        hide_past(&entries, &mut texts, member.from_seq);
        self.answer(PageSpan { as_of: to_seq, ..span(status, tip, cursor) }, entries, texts).await
    }

    async fn reset(&self, log: LogId, tip: Tip, least: Seq, from_seq: Seq) -> Result<Replay, Refusal> {
        // The row may be newer than the tip: its join then lies above it, and live begins there.
        let (head, n) = match least > tip.seq() {
            false => (tip.seq(), tip.n()),
            true => {
                let entry = self.store.log.read(log, least, least).await?;
                (least, entry.first().map_or(tip.n(), |entry| entry.n))
            }
        };
        Ok(empty(PageSpan { from_seq, ..span(PageStatus::Reset { head, n }, tip, head) }))
    }

    async fn answer(&self, span: PageSpan, entries: Vec<Entry>, texts: EditTexts) -> Result<Replay, Refusal> {
        let related = Related { texts, ..self.user_cache.related(&entries).await? };
        let through = entries.last().map_or(span.through, |entry| entry.seq);
        Ok(Replay { span: PageSpan { through, ..span }, entries, related })
    }
}

/// Returns an ending for a user who is not a member. Reveals nothing of the log above what they may know, not even by
/// the cursors it accepts: the head alone would tell outsiders that, and when, two people talk.
fn over(status: PageStatus, tip: Tip, cursor: Option<Seq>, known: Seq) -> Replay {
    let through = cursor.map_or(known, |cursor| cursor.min(known));
    empty(PageSpan { as_of: known, ..span(status, tip, through) })
}

fn empty(span: PageSpan) -> Replay {
    Replay { span, entries: Vec::new(), related: Related::default() }
}

/// Returns the span of a page that ends at its cursor.
fn span(status: PageStatus, tip: Tip, cursor: Seq) -> PageSpan {
    PageSpan { status, epoch: tip.epoch(), as_of: tip.seq(), from: cursor + 1, through: cursor, from_seq: 1 }
}
