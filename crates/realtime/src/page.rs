//! A page of a log, cut to the frame limit. Whether live entries follow is decided elsewhere.
//!
//! Its events are encoded when it is made, because their size decides where it is cut. Sockets of Socket.IO
//! ask for pages only when they come back; otherwise they read history by REST.

use domain::{LogId, PageSpan, PageStatus, Seq};
use wire::{AnyEvent, ServerFrame, SyncStatus};

use crate::codec::log_name;

/// Maximum size of a `sync` frame without its events, in bytes.
const SYNC_OVERHEAD: usize = 512;

/// An encoded page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The log.
    pub log: LogId,
    /// Where it begins and ends; its status is `More` also if the frame limit cut it.
    pub span: PageSpan,
    /// The events' JSON, separated by commas.
    events: String,
}

impl Page {
    /// Encodes as many events as a frame of `limit` bytes can hold, and at least one. The events are those of the span,
    /// by seq.
    pub fn encode(log: LogId, mut span: PageSpan, events: Vec<(Seq, AnyEvent)>, limit: usize) -> Page {
        let room = limit.saturating_sub(SYNC_OVERHEAD);
        let mut text = String::new();
        let mut last = None;
        for (seq, event) in &events {
            let event = json(event);
            if let Some(last) = last
                && text.len() + event.len() + 1 > room
            {
                // The client asks for the rest.
                span.status = PageStatus::More;
                span.through = last;
                break;
            }
            if last.is_some() {
                text.push(',');
            }
            text.push_str(&event);
            last = Some(*seq);
        }
        Page { log, span, events: text }
    }

    /// Returns the events again, for a protocol that has another form for them.
    pub(crate) fn events(&self) -> Vec<AnyEvent> {
        serde_json::from_str(&format!("[{}]", self.events)).expect("the page was encoded from events")
    }

    /// Returns the `sync` frame that answers the request `re`. `live`: whether the entries after the page follow without
    /// a request.
    pub(crate) fn frame(&self, re: &str, live: bool) -> String {
        let span = self.span;
        let (status, head, n) = match (span.status, live) {
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
            epoch: span.epoch.to_string(),
            from: ranged.then_some(span.from),
            through: ranged.then_some(span.through),
            as_of: span.as_of,
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
