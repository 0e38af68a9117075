//! The return of a socket to its logs: makes it live in those in which it missed nothing, with one read for all of them,
//! and sends the first page of the others. All of it is one task.

use std::collections::HashSet;
use std::sync::Arc;

use domain::{RoomId, Seq};
use futures_util::{StreamExt as _, stream};
use realtime::Page;
use realtime::hub::{self, Verdict};
use realtime::limits::REPLAYS_IN_FLIGHT;
use realtime::protocol::PageRequest;

use crate::backend::SocketBackend;
use crate::replay::{answer, place};

/// A request whose log the node follows for the socket.
struct Followed {
    request: PageRequest,
    begun: hub::Request,
    /// The log's position after that.
    head: Seq,
}

/// Answers the requests of a socket. Returns those that need more than a read that succeeds at once.
pub(crate) async fn resume(socket: &SocketBackend, requests: Vec<PageRequest>) -> Vec<PageRequest> {
    let mut left = Vec::new();
    socket.eased().await;
    let followed = follow(socket, requests, &mut left).await;
    let (at_head, behind): (Vec<_>, Vec<_>) =
        followed.into_iter().partition(|followed| followed.request.cursor == Some(followed.head));
    go_live(socket, at_head, &mut left).await;
    catch_up(socket, behind, &mut left).await;
    left
}

/// Follows the logs of these requests, as far as the user may.
async fn follow(socket: &SocketBackend, requests: Vec<PageRequest>, left: &mut Vec<PageRequest>) -> Vec<Followed> {
    let follow = &socket.node().follow;
    let unknown = unknown_rooms(socket, &requests).await;
    let may_follow = |request: &PageRequest| request.log.room().is_none_or(|room| !unknown.contains(&room));
    let (known, others): (Vec<_>, Vec<_>) = requests.into_iter().partition(may_follow);
    left.extend(others);
    let begun: Vec<_> = follow.drive(|hub, effects| {
        known.into_iter().map(|request| (hub.begin(socket.id(), request.log, effects), request)).collect()
    });

    let mut followed = Vec::with_capacity(begun.len());
    for (begun, request) in begun {
        let Some(begun) = begun else {
            left.push(request);
            continue;
        };
        // A request that was replaced needs no answer.
        if follow.ready(&begun).await {
            let head = follow.hub().position(request.log);
            followed.extend(head.map(|head| Followed { request, begun, head }));
        }
    }
    followed
}

/// Returns the rooms that no socket of this node follows and of which the user is not a member, so that names of rooms
/// that do not exist cost no subscription.
async fn unknown_rooms(socket: &SocketBackend, requests: &[PageRequest]) -> HashSet<RoomId> {
    let mut rooms: HashSet<RoomId> = {
        let hub = socket.node().follow.hub();
        let not_followed = requests.iter().filter(|request| !hub.is_followed(request.log));
        not_followed.filter_map(|request| request.log.room()).collect()
    };
    if let (Some(request), false) = (requests.first(), rooms.is_empty()) {
        let asked: Vec<RoomId> = rooms.iter().copied().collect();
        let members = socket.node().services.ports.store.rooms.memberships(request.by.user, &asked).await;
        for (room, _) in members.into_iter().flatten().filter(|(_, member)| member.is_joined()) {
            rooms.remove(&room);
        }
    }
    rooms
}

/// Makes the socket live in these logs, as far as its user is still a member. The heads were known before the memberships
/// are read here, so a later removal has a higher seq, and the hub delivers it.
async fn go_live(socket: &SocketBackend, at_head: Vec<Followed>, left: &mut Vec<PageRequest>) {
    let node = socket.node();
    let Some(by) = at_head.first().map(|first| first.request.by) else { return };
    let epoch = node.follow.hub().epoch();
    let heads = at_head.iter().map(|Followed { request, head, .. }| (request.log, *head)).collect();
    let mut pages = node.services.messages.at_head(&by, epoch, heads).await.unwrap_or_default();

    let mut live = Vec::with_capacity(pages.len());
    for Followed { request, begun, .. } in at_head {
        match pages.remove(&request.log) {
            Some(span) => live.push((request, begun, span)),
            None => left.push(request),
        }
    }
    let limit = node.settings.limits.server_frame;
    node.follow.drive_in(epoch, |hub, elapsed, effects| {
        for (request, begun, span) in live {
            let page = Arc::new(Page::encode(request.log, span, Vec::new(), limit));
            hub.page(&begun, &span, elapsed, |verdict| answer(request.reply, page, verdict), effects);
        }
    });
}

/// Sends a page of each of these logs. Few are read at a time, and none while the socket has too much to read.
async fn catch_up(socket: &SocketBackend, behind: Vec<Followed>, left: &mut Vec<PageRequest>) {
    let pages = behind.into_iter().map(async |Followed { request, begun, .. }| {
        socket.eased().await;
        if !socket.node().follow.hub().is_current(&begun) {
            return None;
        }
        let placed = match socket.node().replays.read(socket, &request).await {
            Ok(page) => place(socket, &request, &begun, Arc::new(page)).await,
            Err(_) => Verdict::Again,
        };
        (placed == Verdict::Again).then_some(request)
    });
    let failed: Vec<_> = stream::iter(pages).buffer_unordered(REPLAYS_IN_FLIGHT).collect().await;
    left.extend(failed.into_iter().flatten());
}
