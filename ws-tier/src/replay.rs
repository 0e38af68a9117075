//! Pages of a log for one socket: reads them, and lets the hub decide whether the socket is live after them.

use std::sync::Arc;

use domain::{Code, LogId, Refusal};
use realtime::Page;
use realtime::connection::Input;
use realtime::hub::{self, Verdict};
use realtime::interpreter::read_page;
use realtime::message::{Message, ReplyTo};
use realtime::protocol::PageRequest;
use realtime::replay::{Replay, Step};
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
    pub async fn replay(&self, socket: &SocketBackend, request: PageRequest) -> Input {
        let follow = &socket.node().follow;
        let replay = Replay::until_live(request.cursor, READ_RETRY);
        if !self.may_follow(socket, &request).await {
            return self.drive(socket, request, replay.without_following(), None).await;
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
        self.drive(socket, request, replay, Some(begun)).await
    }

    /// Takes the steps of a replay. `begun` is the hub's request, if the socket follows the log.
    async fn drive(
        &self,
        socket: &SocketBackend,
        mut request: PageRequest,
        mut replay: Replay,
        begun: Option<hub::Request>,
    ) -> Input {
        let mut step = replay.begin();
        loop {
            step = match step {
                Step::Read { cursor } => {
                    socket.eased().await;
                    if begun.is_some_and(|begun| !socket.node().follow.hub().is_current(&begun)) {
                        return Input::Replayed;
                    }
                    request.cursor = cursor;
                    replay.on_read(self.read(socket, &request).await)
                }
                Step::Wait(pause) => {
                    tokio::time::sleep(pause).await;
                    replay.on_waited()
                }
                Step::Place(page) => match begun {
                    Some(begun) if place(socket, &request, &begun, page).await == Verdict::Again => replay.on_again(),
                    _ => return Input::Replayed,
                },
                Step::Send(page) => {
                    socket.push(Message::Sync { reply: request.reply, page, live: false });
                    return Input::Replayed;
                }
                Step::Refuse(refusal) => return Input::NotReplayed(request.error_reply(), refusal),
            };
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

    /// Reads a page, once the node has a permit for it.
    pub async fn read(&self, socket: &SocketBackend, request: &PageRequest) -> Result<Page, Refusal> {
        let node = socket.node();
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        read_page(&node.services, node.settings.limits.server_frame, request).await
    }
}

/// Gives a page to the hub, which queues it for the socket unless it must be read again.
pub(crate) async fn place(
    socket: &SocketBackend,
    request: &PageRequest,
    begun: &hub::Request,
    page: Arc<Page>,
) -> Verdict {
    let follow = &socket.node().follow;
    let span = page.span;
    if span.epoch != follow.hub().epoch() {
        follow.check_epoch().await;
        return Verdict::Superseded;
    }

    let elapsed = socket.now().elapsed;
    let message = |verdict| answer(request.reply.clone(), page, verdict);
    follow.drive(|hub, effects| hub.page(begun, &span, elapsed, message, effects))
}

/// Returns the message with a page on which the hub has this verdict.
pub(crate) fn answer(reply: ReplyTo, page: Arc<Page>, verdict: Verdict) -> Message {
    Message::Sync { reply, page, live: matches!(verdict, Verdict::Live { .. }) }
}
