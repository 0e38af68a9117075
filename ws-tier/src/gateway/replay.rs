//! Pages of a log for one socket: reads them, cuts them to the frame limit, lets the hub decide.

use std::sync::Arc;
use std::time::Duration;

use domain::limits::SYNC_ENTRIES;
use domain::{Actor, Code, Refusal, Seq};
use service::ReplayStatus;

use super::Tier;
use super::send_queue::SendQueue;
use realtime::Page;
use realtime::hub::{Outcome, Request, Verdict};
use realtime::protocol::{Reply, log_name};

/// Between two tries of a read that failed.
const RETRY: Duration = Duration::from_millis(250);
/// A request for a page.
pub(super) struct Asked {
    pub request: Request,
    /// The client's name of it.
    pub re: String,
    /// From after here; none is "from now".
    pub cursor: Option<Seq>,
}

/// Answers one request. Returns once the page is enqueued, or counts no more; an error is one that a
/// repeat would not change.
pub(super) async fn replay(
    tier: &Tier,
    send_queue: &Arc<SendQueue>,
    actor: &Actor,
    mut asked: Asked,
) -> Result<(), (Reply, Refusal)> {
    if !tier.ready(&asked.request).await {
        return Ok(());
    }
    loop {
        send_queue.eased().await;
        if !tier.hub().is_current(&asked.request) {
            return Ok(());
        }
        let log = asked.request.log;
        let permit = tier.replays.acquire().await.expect("the semaphore is never closed");
        let page = match tier.parts.messages.replay(actor, log, asked.cursor, SYNC_ENTRIES).await {
            Ok(page) => Page::encode(&tier.parts, tier.settings.limits.server_frame, log, page).await,
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
            let frame = |verdict| page.frame(&asked.re, matches!(verdict, Verdict::Live { .. }));
            hub.page(&asked.request, outcome(&page), now, frame, effects)
        });
        if verdict != Verdict::Again {
            return Ok(());
        }
        // The hub moved on since the read: a reset is read again.
        asked.cursor = None;
    }
}

/// What the hub makes of a page.
fn outcome(page: &Page) -> Outcome {
    match page.status {
        ReplayStatus::Ok => Outcome::Complete { through: page.through },
        ReplayStatus::More => Outcome::Partial,
        ReplayStatus::Reset { head, .. } => Outcome::Reset { head },
        ReplayStatus::Forbidden | ReplayStatus::NotFound => Outcome::Gone,
    }
}
