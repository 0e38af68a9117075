//! Decides who gets which message: the logs that this node follows, and each socket's position in each of them.
//!
//! No I/O, no clock, no randomness: calls come in, [`Effect`]s go out, and only their order matters. For each log a
//! socket is *behind* (no live entry is queued for it) or *live*; the page that reaches the hub's own position makes it
//! live in the same step.

mod effect;
mod follows;
mod log;
mod page;
mod reads;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::limits::{HEADS_PER_PING, LOG_LINGER, LOGS_PER_SOCKET};
use domain::{Epoch, LogId, PageSpan, RoomId, Seq, SessionId, UserId};

use crate::message::{Delivery, Message, Outgoing};
use crate::protocol::CloseCode;
pub use effect::{Effect, Ending, EntryDelivery, Request, SocketId};
use follows::{Follow, Follows};
use log::Log;
pub use page::Verdict;
use reads::Reads;

/// The logs and sockets of one node, in one epoch of the store.
pub struct Hub {
    epoch: Epoch,
    shards: usize,
    // Ordered, so that the same calls always have the same effects.
    logs: BTreeMap<LogId, Log>,
    sockets: BTreeMap<SocketId, Socket>,
    by_user: BTreeMap<UserId, Vec<SocketId>>,
    generations: u64,
    reads: Reads,
}

/// A signed-in socket.
struct Socket {
    user: UserId,
    session: Option<SessionId>,
    logs: Follows,
}

impl Hub {
    /// Returns a hub without sockets. Its sockets are spread over this many shards.
    pub fn new(epoch: Epoch, shards: usize) -> Hub {
        assert!(shards > 0, "each socket belongs to a shard");
        let (logs, sockets, by_user) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Hub { epoch, shards, logs, sockets, by_user, generations: 0, reads: Reads::default() }
    }

    /// Returns the epoch that everything here belongs to.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Returns whether a socket is signed in, in this epoch.
    pub fn is_attached(&self, socket: SocketId) -> bool {
        self.sockets.contains_key(&socket)
    }

    /// Returns the sockets of a user.
    pub fn sockets_of(&self, user: UserId) -> &[SocketId] {
        self.by_user.get(&user).map_or(&[], Vec::as_slice)
    }

    /// Adds a signed-in socket. Follows its user log from now on, whether the socket asks for it or not, because that log
    /// says when the session ends.
    pub fn attach(&mut self, socket: SocketId, user: UserId, session: Option<SessionId>, out: &mut Vec<Effect>) {
        self.sockets.insert(socket, Socket { user, session, logs: Follows::default() });
        self.by_user.entry(user).or_default().push(socket);
        self.log(LogId::User(user), out).followers += 1;
    }

    /// Removes a socket.
    pub fn detach(&mut self, socket: SocketId, now: Duration) {
        let Some(gone) = self.sockets.remove(&socket) else { return };
        for id in gone.logs.into_logs() {
            self.unfollow(id, socket, now);
        }
        if let Some(sockets) = self.by_user.get_mut(&gone.user) {
            sockets.retain(|other| *other != socket);
            if sockets.is_empty() {
                self.by_user.remove(&gone.user);
            }
        }
        self.logs.get_mut(&LogId::User(gone.user)).into_iter().for_each(|log| log.leave(now));
    }

    /// Removes a log from those that a socket follows.
    pub fn leave(&mut self, socket: SocketId, id: LogId, now: Duration) {
        let Some(Socket { logs, .. }) = self.sockets.get_mut(&socket) else { return };
        if logs.get(id).is_some() {
            logs.remove(id);
            self.unfollow(id, socket, now);
        }
    }

    /// Starts a socket's request for a log: it is behind from now on, and its earlier requests no longer count. Pass the
    /// result to [`Hub::page`]. `None` for a socket that is not attached, or follows too many logs.
    pub fn begin(&mut self, socket: SocketId, id: LogId, out: &mut Vec<Effect>) -> Option<Request> {
        let follows = &self.sockets.get(&socket)?.logs;
        if follows.len() >= LOGS_PER_SOCKET && follows.get(id).is_none() {
            return None;
        }
        self.generations += 1;
        let request = Request { socket, log: id, generation: self.generations };
        let shard = self.shard(socket);
        let follows = &mut self.sockets.get_mut(&socket)?.logs;
        let follow = Follow { generation: request.generation, live: false, named: 0 };
        let known = follows.insert(id, follow);
        let log = self.log(id, out);
        match known {
            Some(follow) if follow.live => log.remove(shard, socket),
            Some(_) => {}
            None => log.followers += 1,
        }
        Some(request)
    }

    /// Returns whether the answer to this request still counts.
    pub fn is_current(&self, request: &Request) -> bool {
        let follow = self.sockets.get(&request.socket).and_then(|socket| socket.logs.get(request.log));
        follow.is_some_and(|follow| follow.generation == request.generation)
    }

    /// Returns whether the log's position is known, so that a page may be read.
    pub fn is_ready(&self, id: LogId) -> bool {
        self.logs.get(&id).is_some_and(|log| log.ready)
    }

    /// Returns the log's position, if it is known.
    pub fn position(&self, id: LogId) -> Option<Seq> {
        self.logs.get(&id).filter(|log| log.ready).map(|log| log.last)
    }

    /// Returns whether this node follows the log for any socket.
    pub fn is_followed(&self, id: LogId) -> bool {
        self.logs.contains_key(&id)
    }

    /// Handles a new subscription: the log's channel is subscribed, and its head was read after that.
    pub fn started(&mut self, id: LogId, head: Seq, out: &mut Vec<Effect>) {
        if let Some(log) = self.logs.get_mut(&id).filter(|log| !log.ready) {
            log.ready = true;
            log.last = head;
            // Committed after the head was read and before it arrived here.
            if log.heard > head {
                self.read(id, out);
            }
        }
    }

    /// Handles a page of a log read for a socket. The verdict is final in this step: with `Live` the answer that
    /// `message` returns is queued, and every later entry follows it. Edits of messages below the page's `from_seq` come
    /// without their text.
    pub fn page(
        &mut self,
        request: &Request,
        page: &PageSpan,
        now: Duration,
        message: impl FnOnce(Verdict) -> Message,
        out: &mut Vec<Effect>,
    ) -> Verdict {
        if !self.is_current(request) {
            return Verdict::Superseded;
        }
        let Request { socket, log: id, .. } = *request;
        let shard = self.shard(socket);
        let Some(log) = self.logs.get_mut(&id).filter(|log| log.ready) else { return Verdict::Superseded };
        let verdict = Verdict::of(page, log.last);
        if verdict == Verdict::Again {
            return verdict;
        }
        let answer = Outgoing::Own(Arc::new(message(verdict)));
        out.push(Effect::enqueue_one(socket, self.shards, answer));
        let follows = &mut self.sockets.get_mut(&socket).expect("a current request has a socket").logs;
        match verdict {
            Verdict::Live { at } => {
                if let Some(follow) = follows.get_mut(id) {
                    follow.live = true;
                    follow.named = at;
                    log.add(shard, socket, at, page.from_seq);
                }
            }
            Verdict::Gone => {
                follows.remove(id);
                log.leave(now);
            }
            Verdict::More | Verdict::Again | Verdict::Superseded => {}
        }
        verdict
    }

    /// Handles entries committed here or on another node, or read because of a hint. Queues those that follow the
    /// position directly; reads the log after a gap; ignores known ones.
    pub fn deliver(&mut self, id: LogId, entries: &[EntryDelivery], now: Duration, out: &mut Vec<Effect>) {
        let mut jumped = false;
        let Some(log) = self.logs.get_mut(&id).filter(|log| log.ready) else { return };
        let mut removed = Vec::new();
        let mut ended = Vec::new();
        for entry in entries {
            if entry.seq > log.last + 1 {
                jumped = true;
                break;
            }
            if entry.seq <= log.last {
                continue;
            }
            log.push(entry, self.shards, out);
            if let Some(user) = entry.removes {
                log.flush(out);
                for socket in self.by_user.get(&user).into_iter().flatten() {
                    // A socket with a later page saw this removal, and that its user is a member again.
                    if log.position_is_below(*socket, entry.seq) {
                        removed.push(*socket);
                        log.remove((socket % self.shards as u64) as usize, *socket);
                    }
                }
            }
            ended.extend(entry.ends);
        }
        log.flush(out);
        if jumped {
            self.read(id, out);
        }
        for socket in removed {
            let follows = self.sockets.get_mut(&socket).map(|socket| &mut socket.logs);
            if let Some(follows) = follows
                && follows.get(id).is_some_and(|follow| follow.live)
            {
                follows.remove(id);
                self.logs.get_mut(&id).expect("it was just delivered to").leave(now);
            }
        }
        if let LogId::User(user) = id {
            for ending in ended {
                self.end(user, ending, out);
            }
        }
    }

    /// Handles a hint that a log's head is at least `head`.
    pub fn hint(&mut self, id: LogId, head: Seq, out: &mut Vec<Effect>) {
        let Some(log) = self.logs.get_mut(&id) else { return };
        if !log.ready {
            log.heard = log.heard.max(head);
        } else if log.last < head {
            self.read(id, out);
        }
    }

    /// Reads every log once, because hints may have been lost. A bounded number of reads is in flight at a time.
    pub fn check_all(&mut self, out: &mut Vec<Effect>) {
        let ready: Vec<LogId> = self.logs.iter().filter(|(_, log)| log.ready).map(|(id, _)| *id).collect();
        for id in ready {
            self.read(id, out);
        }
    }

    /// Reads a log once, for the same reason.
    pub fn check(&mut self, id: LogId, out: &mut Vec<Effect>) {
        if self.is_ready(id) {
            self.read(id, out);
        }
    }

    /// Handles the result of a read that [`Effect::Read`] requested. `head` is the head that it found.
    pub fn read_done(&mut self, id: LogId, entries: &[EntryDelivery], head: Seq, now: Duration, out: &mut Vec<Effect>) {
        self.reads.finished();
        self.start_reads(out);
        let Some(log) = self.logs.get_mut(&id) else { return };
        log.reading = false;
        let again = std::mem::take(&mut log.again);
        self.deliver(id, entries, now, out);
        if again || self.logs.get(&id).is_some_and(|log| log.last < head) {
            self.read(id, out);
        }
    }

    /// Reads a log, or reads it again after the read in flight.
    fn read(&mut self, id: LogId, out: &mut Vec<Effect>) {
        if self.logs.get_mut(&id).is_some_and(Log::wants_read) {
            self.reads.queue(id);
            self.start_reads(out);
        }
    }

    fn start_reads(&mut self, out: &mut Vec<Effect>) {
        while let Some(id) = self.reads.start(|id| self.logs.contains_key(&id)) {
            out.push(Effect::Read { log: id, after: self.logs[&id].last });
        }
    }

    /// Queues an ephemeral message for all sockets that are live in a room, except those of the user that it is about.
    pub fn signal(&self, room: RoomId, message: &Arc<Delivery>, about: UserId, out: &mut Vec<Effect>) {
        let log = self.logs.get(&LogId::Room(room));
        log.into_iter().for_each(|log| log.enqueue(message, self.sockets_of(about), out));
    }

    /// Queues a message for one socket, after everything queued for it before.
    pub fn enqueue(&self, socket: SocketId, message: Outgoing, out: &mut Vec<Effect>) {
        out.push(Effect::enqueue_one(socket, self.shards, message));
    }

    /// Returns how many sockets are live in a room.
    pub fn live_in(&self, room: RoomId) -> usize {
        self.logs.get(&LogId::Room(room)).map_or(0, Log::live_count)
    }

    /// Returns the logs whose head changed since the last call, for the socket's ping.
    pub fn heads(&mut self, socket: SocketId) -> Vec<(LogId, Seq)> {
        let Some(socket) = self.sockets.get_mut(&socket) else { return Vec::new() };
        let mut heads = Vec::new();
        for (id, follow) in socket.logs.iter_mut().filter(|(_, follow)| follow.live) {
            let last = self.logs.get(&id).map_or(0, |log| log.last);
            if last > follow.named && heads.len() < HEADS_PER_PING {
                follow.named = last;
                heads.push((id, last));
            }
        }
        heads
    }

    /// Unsubscribes from logs that no socket has followed for a while.
    pub fn tick(&mut self, now: Duration, out: &mut Vec<Effect>) {
        self.logs.retain(|id, log| {
            let keep =
                log.idle_since.is_none_or(|since| now.saturating_sub(since) < LOG_LINGER) || !log.ready || log.reading;
            if !keep {
                out.push(Effect::Unsubscribe(*id));
            }
            keep
        });
    }

    /// Starts over in another epoch of the store: all state of the hub is void. Closes every socket.
    pub fn restart(&mut self, epoch: Epoch, out: &mut Vec<Effect>) {
        for socket in self.sockets.keys() {
            out.push(Effect::Close { socket: *socket, code: CloseCode::Drained });
        }
        out.extend(self.logs.keys().map(|id| Effect::Unsubscribe(*id)));
        *self = Hub { generations: self.generations, ..Hub::new(epoch, self.shards) };
    }

    /// Returns how many logs and sockets there are, for the metrics.
    pub fn counts(&self) -> (usize, usize) {
        (self.logs.len(), self.sockets.len())
    }

    fn shard(&self, socket: SocketId) -> usize {
        (socket % self.shards as u64) as usize
    }

    fn log(&mut self, id: LogId, out: &mut Vec<Effect>) -> &mut Log {
        let log = self.logs.entry(id).or_insert_with(|| {
            out.push(Effect::Subscribe(id));
            Log::new(self.shards)
        });
        log.idle_since = None;
        log
    }

    fn unfollow(&mut self, id: LogId, socket: SocketId, now: Duration) {
        let shard = self.shard(socket);
        if let Some(log) = self.logs.get_mut(&id) {
            log.remove(shard, socket);
            log.leave(now);
        }
    }

    /// Closes the sockets that an entry of a user log ends.
    fn end(&self, user: UserId, ending: Ending, out: &mut Vec<Effect>) {
        for id in self.sockets_of(user) {
            let of = self.sockets.get(id).and_then(|socket| socket.session);
            let code = match ending {
                Ending::Ban => CloseCode::Banned,
                Ending::Rights => CloseCode::Unauthenticated,
                Ending::Session(ended) if of == Some(ended) => CloseCode::Unauthenticated,
                Ending::Session(_) => continue,
            };
            out.push(Effect::Close { socket: *id, code });
        }
    }
}

#[cfg(test)]
mod tests;
