//! Pages of a log for one socket: reads them, and lets the hub decide whether the socket is live after them.

use std::time::Duration;

use domain::{Code, LogId, Refusal};
use realtime::connection::Input;
use realtime::hub::{Outcome, Verdict};
use realtime::interpreter::read_page;
use realtime::message::Message;
use realtime::protocol::PageRequest;
use realtime::{Page, PageStatus};
use tokio::sync::Semaphore;

use crate::backend::SocketBackend;
use crate::limits::{READ_RETRY, REPLAYS_PER_NODE};

/// The pages that a node is reading.
pub(crate) struct Replays {
    /// One permit for each page that is being read.
    permits: Semaphore,
}

impl Replays {
    pub fn new() -> Replays {
        Replays { permits: Semaphore::new(REPLAYS_PER_NODE) }
    }

    /// Answers one request. Returns once the page is queued for the socket, or is no longer needed.
    pub async fn replay(&self, socket: &SocketBackend, mut request: PageRequest) -> Input {
        let follow = &socket.node().follow;
        if !self.may_follow(socket, &request).await {
            return self.answer_stranger(socket, request).await;
        }

        let Some(begun) = follow.drive(|hub, effects| hub.begin(socket.id(), request.log, effects)) else {
            if !follow.hub().is_attached(socket.id()) {
                return Input::Detached;
            }
            let refusal = Refusal::new(
                Code::Overloaded,
                "This connection follows too many rooms. Open fewer rooms and try again.",
            );
            return Input::NotReplayed(request.error_reply(), refusal);
        };
        if !follow.ready(&begun).await {
            return Input::Replayed;
        }
        loop {
            socket.eased().await;
            if !follow.hub().is_current(&begun) {
                return Input::Replayed;
            }
            let page = match self.read(socket, &request).await {
                Ok(page) => page,
                Err(refusal) => return Input::NotReplayed(request.error_reply(), refusal),
            };
            if page.epoch != follow.hub().epoch() {
                follow.check_epoch().await;
                return Input::Replayed;
            }

            let elapsed = socket.now().elapsed;
            let verdict = follow.drive(|hub, effects| {
                hub.past_begins(&begun, page.from_seq);
                let outcome = outcome(&page);
                let message = |verdict| {
                    let live = matches!(verdict, Verdict::Live { .. });
                    Message::Sync { reply: request.reply.clone(), page: page.into(), live }
                };
                hub.page(&begun, outcome, elapsed, message, effects)
            });
            if verdict != Verdict::Again {
                return Input::Replayed;
            }
            // The hub advanced since the read: a reset is read again.
            request.cursor = None;
        }
    }

    /// Returns whether the node should follow the log for this user. Checks a log that no socket here follows first, so
    /// that names of rooms that do not exist cost no subscription.
    async fn may_follow(&self, socket: &SocketBackend, request: &PageRequest) -> bool {
        let LogId::Room(room) = request.log else { return true };
        if socket.node().follow.hub().is_followed(request.log) {
            return true;
        }
        let member = socket.node().services.ports.store.rooms.member(room, request.by.user).await;
        // If the store does not answer, the page's own reads retry.
        member.map_or(true, |member| member.is_some_and(|member| member.is_joined()))
    }

    async fn answer_stranger(&self, socket: &SocketBackend, request: PageRequest) -> Input {
        socket.eased().await;
        match self.read(socket, &request).await {
            Ok(page) => {
                let message = Message::Sync { reply: request.reply, page: page.into(), live: false };
                socket.push(message);
                Input::Replayed
            }
            Err(refusal) => Input::NotReplayed(request.error_reply(), refusal),
        }
    }

    /// Reads a page; retries while the store is unavailable.
    async fn read(&self, socket: &SocketBackend, request: &PageRequest) -> Result<Page, Refusal> {
        let node = socket.node();
        loop {
            let permit = self.permits.acquire().await.expect("the semaphore is never closed");
            let page = read_page(&node.services, node.settings.limits.server_frame, request).await;
            drop(permit);
            match page {
                Err(refusal) if matches!(refusal.code, Code::Unavailable | Code::Overloaded) => {
                    tokio::time::sleep(refusal.retry_ms.map_or(READ_RETRY, Duration::from_millis).max(READ_RETRY))
                        .await;
                }
                page => return page,
            }
        }
    }
}

/// Returns what the hub decides about a page.
fn outcome(page: &Page) -> Outcome {
    match page.status {
        PageStatus::Complete => Outcome::Complete { through: page.through },
        PageStatus::More => Outcome::Partial,
        PageStatus::Reset { head, .. } => Outcome::Reset { head },
        PageStatus::Forbidden | PageStatus::NotFound => Outcome::Gone,
    }
}
