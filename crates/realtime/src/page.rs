//! A page of a log as a `sync` frame, cut to the frame limit. What follows live is not its business.

use domain::{Epoch, LogId, Refusal, Seq};
use service::{Replay, ReplayStatus};
use wire::{ServerFrame, SyncStatus};

use crate::frame::{Frame, json};
use crate::parts::Parts;
use crate::protocol::log_name;

/// What a `sync` frame has beside its events, at most.
const SYNC_OVERHEAD: usize = 512;

/// A page, encoded but for its status.
pub struct Page {
    /// The log.
    pub log: LogId,
    /// The store's epoch.
    pub epoch: Epoch,
    /// How the replay ended; `More` also where the frame limit cut it.
    pub status: ReplayStatus,
    /// The cursor after this page.
    pub through: Seq,
    /// Where the reader's past begins.
    pub from_seq: Seq,
    as_of: Seq,
    from: Seq,
    /// The events' JSON, with commas between.
    events: String,
}

impl Page {
    /// Encodes what was read, as far as a frame of `limit` bytes takes it.
    pub async fn encode(parts: &Parts, limit: usize, log: LogId, replay: Replay) -> Result<Page, Refusal> {
        let Replay { mut status, epoch, as_of, from, mut through, entries, related, from_seq } = replay;
        let events = parts.events(log, &entries, Some(related)).await?;
        let room = limit.saturating_sub(SYNC_OVERHEAD);
        let mut text = String::new();
        let mut last = None;
        for (entry, event) in entries.iter().zip(&events) {
            let event = json(event);
            if last.is_some() && text.len() + event.len() + 1 > room {
                // The rest comes with the next `fill`.
                status = ReplayStatus::More;
                through = last.unwrap_or(through);
                break;
            }
            if last.is_some() {
                text.push(',');
            }
            text.push_str(&event);
            last = Some(entry.seq);
        }
        Ok(Page { log, epoch, status, as_of, from, through, from_seq, events: text })
    }

    /// The answer to the request `re`. `live`: what is committed from now on follows by itself.
    pub fn frame(&self, re: &str, live: bool) -> Frame {
        let (status, head, n) = match (self.status, live) {
            (ReplayStatus::Reset { head, n }, _) => (SyncStatus::Reset, Some(head), Some(n)),
            (ReplayStatus::Forbidden, _) => (SyncStatus::Forbidden, None, None),
            (ReplayStatus::NotFound, _) => (SyncStatus::NotFound, None, None),
            (_, true) => (SyncStatus::Ok, None, None),
            _ => (SyncStatus::More, None, None),
        };
        let ranged = matches!(status, SyncStatus::Ok | SyncStatus::More | SyncStatus::Forbidden);
        let frame = ServerFrame::Sync {
            re: re.to_owned(),
            room: log_name(self.log),
            status,
            epoch: self.epoch.to_string(),
            from: ranged.then_some(self.from),
            through: ranged.then_some(self.through),
            as_of: self.as_of,
            head,
            n,
            events: Vec::new(),
        };
        let mut text = json(&frame);
        // The events are encoded already; they are put where the empty list stands, which is last.
        let end = text.strip_suffix("[]}").expect("`events` is the last field of a sync").len();
        text.truncate(end);
        text.push('[');
        text.push_str(&self.events);
        text.push_str("]}");
        Frame::durable(text)
    }
}
