//! Pages of a log for one socket: reads them, cuts them to the frame limit, lets the hub decide.

use std::sync::Arc;
use std::time::Duration;

use domain::limits::SYNC_ENTRIES;
use domain::{Actor, Code, Refusal, Seq};
use service::{Replay, ReplayStatus};
use wire::{ServerFrame, SyncStatus};

use super::Tier;
use super::outbox::Outbox;
use crate::frame::{Frame, json};
use crate::hub::{Outcome, Request, Verdict};
use crate::session::{Reply, log_name};

/// Between two tries of a read that failed.
const RETRY: Duration = Duration::from_millis(250);
/// What a `sync` frame has beside its events, at most.
const SYNC_OVERHEAD: usize = 512;

/// A request for a page.
pub(super) struct Asked {
    pub request: Request,
    /// The client's name of it.
    pub re: String,
    /// From after here; none is "from now".
    pub cursor: Option<Seq>,
}

/// Answers one request. Returns once the page is handed over, or counts no more; an error is one that a
/// repeat would not change.
pub(super) async fn replay(
    tier: &Tier,
    outbox: &Arc<Outbox>,
    actor: &Actor,
    mut asked: Asked,
) -> Result<(), (Reply, Refusal)> {
    if !tier.ready(&asked.request).await {
        return Ok(());
    }
    loop {
        outbox.eased().await;
        if !tier.hub().is_current(&asked.request) {
            return Ok(());
        }
        let log = asked.request.log;
        let permit = tier.replays.acquire().await.expect("the semaphore is never closed");
        let page = match tier.parts.messages.replay(actor, log, asked.cursor, SYNC_ENTRIES).await {
            Ok(page) => encode(tier, &asked, page).await,
            Err(refusal) => Err(refusal),
        };
        let page = match page {
            Ok(page) => page,
            Err(refusal) if matches!(refusal.code, Code::Unavailable | Code::Overloaded) => {
                drop(permit);
                tokio::time::sleep(refusal.retry_ms.map_or(RETRY, Duration::from_millis).max(RETRY)).await;
                continue;
            }
            Err(refusal) => {
                let reply = Reply { id: Some(asked.re), of: "resume", room: Some(log_name(log)) };
                return Err((reply, refusal));
            }
        };
        if page.epoch != tier.hub().epoch() {
            tier.check_epoch().await;
            return Ok(());
        }
        let now = tier.now();
        let verdict = tier.drive(|hub, effects| {
            hub.past_begins(&asked.request, page.from_seq);
            hub.page(&asked.request, page.outcome, now, |verdict| page.frame(&asked, verdict), effects)
        });
        if verdict != Verdict::Again {
            return Ok(());
        }
        // The hub moved on since the read: a reset is read again.
        asked.cursor = None;
    }
}

/// A page, encoded but for its status.
struct Page {
    epoch: domain::Epoch,
    outcome: Outcome,
    status: ReplayStatus,
    as_of: Seq,
    from: Seq,
    through: Seq,
    from_seq: Seq,
    /// The events' JSON, with commas between.
    events: String,
}

async fn encode(tier: &Tier, asked: &Asked, replay: Replay) -> Result<Page, Refusal> {
    let Replay { mut status, epoch, as_of, from, mut through, entries, related, from_seq } = replay;
    let events = tier.parts.events(asked.request.log, &entries, Some(related)).await?;
    let room = tier.settings.limits.server_frame.saturating_sub(SYNC_OVERHEAD);
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
    let outcome = match status {
        ReplayStatus::Ok => Outcome::Complete { through },
        ReplayStatus::More => Outcome::Partial,
        ReplayStatus::Reset { head, .. } => Outcome::Reset { head },
        ReplayStatus::Forbidden | ReplayStatus::NotFound => Outcome::Gone,
    };
    Ok(Page { epoch, outcome, status, as_of, from, through, from_seq, events: text })
}

impl Page {
    fn frame(&self, asked: &Asked, verdict: Verdict) -> Frame {
        let (status, head, n) = match (self.status, verdict) {
            (ReplayStatus::Reset { head, n }, _) => (SyncStatus::Reset, Some(head), Some(n)),
            (ReplayStatus::Forbidden, _) => (SyncStatus::Forbidden, None, None),
            (ReplayStatus::NotFound, _) => (SyncStatus::NotFound, None, None),
            (_, Verdict::Live { .. }) => (SyncStatus::Ok, None, None),
            _ => (SyncStatus::More, None, None),
        };
        let ranged = matches!(status, SyncStatus::Ok | SyncStatus::More | SyncStatus::Forbidden);
        let frame = ServerFrame::Sync {
            re: asked.re.clone(),
            room: log_name(asked.request.log),
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
