//! A page of a log, cut to the frame limit. Whether live entries follow is decided elsewhere.
//!
//! Its events are encoded when it is made, because their size decides where it is cut. Only the native protocol asks for
//! pages; sockets of other protocols read history by REST.

use domain::{Epoch, LogId, Seq};
use wire::{AnyEvent, ServerFrame, SyncStatus};

use crate::codec::log_name;

/// Maximum size of a `sync` frame without its events, in bytes.
const SYNC_OVERHEAD: usize = 512;

/// Where a page ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageStatus {
    /// The page ends at the head.
    Complete,
    /// The page ends before the head: the client asks for more.
    More,
    /// The cursor cannot be used: the client drops its cache, and live begins after `head`.
    Reset {
        /// The last entry before live begins.
        head: Seq,
        /// Number of messages up to there.
        n: u64,
    },
    /// The user is no longer a member: the page is the last that they may see.
    Forbidden,
    /// The user was never a member, or the room does not exist.
    NotFound,
}

/// A page that was read for a socket, before its events are encoded.
#[derive(Debug)]
pub struct PageRead {
    /// The log.
    pub log: LogId,
    /// The store's epoch.
    pub epoch: Epoch,
    /// Where it ends.
    pub status: PageStatus,
    /// The head before the read.
    pub as_of: Seq,
    /// The seq after the cursor.
    pub from: Seq,
    /// The cursor after the page.
    pub through: Seq,
    /// Where the reader's visible history begins.
    pub from_seq: Seq,
    /// The events, by seq.
    pub events: Vec<(Seq, AnyEvent)>,
}

/// An encoded page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The log.
    pub log: LogId,
    /// The store's epoch.
    pub epoch: Epoch,
    /// Where it ends; `More` also if the frame limit cut it.
    pub status: PageStatus,
    /// The cursor after this page.
    pub through: Seq,
    /// Where the reader's visible history begins.
    pub from_seq: Seq,
    as_of: Seq,
    from: Seq,
    /// The events' JSON, separated by commas.
    events: String,
}

impl Page {
    /// Encodes as many events as a frame of `limit` bytes can hold, and at least one.
    pub fn encode(read: PageRead, limit: usize) -> Page {
        let PageRead { log, epoch, mut status, as_of, from, mut through, from_seq, events } = read;
        let room = limit.saturating_sub(SYNC_OVERHEAD);
        let mut text = String::new();
        let mut last = None;
        for (seq, event) in &events {
            let event = json(event);
            if let Some(last) = last
                && text.len() + event.len() + 1 > room
            {
                // The client asks for the rest.
                status = PageStatus::More;
                through = last;
                break;
            }
            if last.is_some() {
                text.push(',');
            }
            text.push_str(&event);
            last = Some(*seq);
        }
        Page { log, epoch, status, as_of, from, through, from_seq, events: text }
    }

    /// Returns the `sync` frame that answers the request `re`. `live`: whether the entries after the page follow without
    /// a request.
    pub(crate) fn frame(&self, re: &str, live: bool) -> String {
        let (status, head, n) = match (self.status, live) {
            (PageStatus::Reset { head, n }, _) => (SyncStatus::Reset, Some(head), Some(n)),
            (PageStatus::Forbidden, _) => (SyncStatus::Forbidden, None, None),
            (PageStatus::NotFound, _) => (SyncStatus::NotFound, None, None),
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

        // The events are encoded already; they replace the empty list, which is last.
        let end = text.strip_suffix("[]}").expect("`events` is the last field of a sync").len();
        text.truncate(end);
        text.push('[');
        text.push_str(&self.events);
        text.push_str("]}");
        text
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("the wire's types have string keys and no failing serializers")
}
