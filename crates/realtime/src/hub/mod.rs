//! Who gets which bytes: the logs that this node follows, and each socket's position in each of them.
//!
//! No I/O, no clock, no randomness: calls come in, [`Effect`]s go out, and the order of both is all that
//! decides. For each log a socket is *behind* (nothing live is enqueued for it) or *live*; the page that
//! reaches the hub's own position makes it live in the same step.

mod effect;
mod log;
mod page;

use std::collections::HashMap;

use crate::limits::{HEADS_PER_PING, LOG_LINGER, LOGS_PER_SOCKET};
use domain::{Epoch, LogId, RoomId, Seq, SessionId, Timestamp, UserId};

use crate::frame::Frame;
use crate::protocol::CloseCode;
pub use effect::{Delivery, Effect, Ending, Request, SocketId};
use log::Log;
pub use page::{Outcome, Verdict};

/// The logs and sockets of one node, in one epoch of the store.
pub struct Hub {
    epoch: Epoch,
    shards: usize,
    logs: HashMap<LogId, Log>,
    sockets: HashMap<SocketId, Socket>,
    by_user: HashMap<UserId, Vec<SocketId>>,
    generations: u64,
}

/// A signed-in socket.
struct Socket {
    user: UserId,
    session: Option<SessionId>,
    logs: HashMap<LogId, Follow>,
}

/// How a socket stands to a log.
struct Follow {
    /// Of the newest request; an older one's page counts no more.
    generation: u64,
    live: bool,
    /// Where the user's past begins, as the last page said.
    from_seq: Seq,
    /// The head that the last ping named.
    told: Seq,
}

impl Hub {
    /// A hub without sockets. `shards` is how many hand-overs a delivery may be split into.
    pub fn new(epoch: Epoch, shards: usize) -> Hub {
        assert!(shards > 0, "somebody must own the sockets");
        Hub { epoch, shards, logs: HashMap::new(), sockets: HashMap::new(), by_user: HashMap::new(), generations: 0 }
    }

    /// The epoch that everything here belongs to.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Whether a socket is signed in, in this epoch.
    pub fn is_attached(&self, socket: SocketId) -> bool {
        self.sockets.contains_key(&socket)
    }

    /// The sockets of a user.
    pub fn sockets_of(&self, user: UserId) -> &[SocketId] {
        self.by_user.get(&user).map_or(&[], Vec::as_slice)
    }

    /// A socket signed in. Its user's own log is followed from now on, whether the socket asks for it
    /// or not, since that log says when the session ends.
    pub fn attach(&mut self, socket: SocketId, user: UserId, session: Option<SessionId>, out: &mut Vec<Effect>) {
        self.sockets.insert(socket, Socket { user, session, logs: HashMap::new() });
        self.by_user.entry(user).or_default().push(socket);
        self.log(LogId::User(user), out).followers += 1;
    }

    /// A socket is gone.
    pub fn detach(&mut self, socket: SocketId, now: Timestamp) {
        let Some(gone) = self.sockets.remove(&socket) else { return };
        for id in gone.logs.into_keys() {
            self.unfollow(id, socket, now);
        }
        if let Some(sockets) = self.by_user.get_mut(&gone.user) {
            sockets.retain(|other| *other != socket);
            if sockets.is_empty() {
                self.by_user.remove(&gone.user);
            }
        }
        if let Some(log) = self.logs.get_mut(&LogId::User(gone.user)) {
            log.leave(now);
        }
    }

    /// A socket asks for a log: it is behind from now on, and what it asked before counts no more.
    /// The answer is for [`Hub::page`]. `None` for a socket that is not attached, or follows too much.
    pub fn begin(&mut self, socket: SocketId, id: LogId, out: &mut Vec<Effect>) -> Option<Request> {
        let follows = &self.sockets.get(&socket)?.logs;
        if follows.len() >= LOGS_PER_SOCKET && !follows.contains_key(&id) {
            return None;
        }
        self.generations += 1;
        let request = Request { socket, log: id, generation: self.generations };
        let shard = self.shard(socket);
        let follows = &mut self.sockets.get_mut(&socket)?.logs;
        let known = follows.insert(id, Follow { generation: request.generation, live: false, from_seq: 1, told: 0 });
        let log = self.log(id, out);
        match known {
            Some(follow) if follow.live => log.remove(shard, socket),
            Some(_) => {}
            None => log.followers += 1,
        }
        Some(request)
    }

    /// Whether the answer to this request still counts.
    pub fn is_current(&self, request: &Request) -> bool {
        let follow = self.sockets.get(&request.socket).and_then(|socket| socket.logs.get(&request.log));
        follow.is_some_and(|follow| follow.generation == request.generation)
    }

    /// Whether the log's position is known, so that a page may be read.
    pub fn is_ready(&self, id: LogId) -> bool {
        self.logs.get(&id).is_some_and(|log| log.ready)
    }

    /// The log's channel is subscribed and its head was read after that.
    pub fn started(&mut self, id: LogId, head: Seq, out: &mut Vec<Effect>) {
        if let Some(log) = self.logs.get_mut(&id).filter(|log| !log.ready) {
            log.ready = true;
            log.last = head;
            // Committed after the head was read and before it came here.
            if log.heard > head {
                log.read(id, out);
            }
        }
    }

    /// A page was read for this request, and the user's past begins with `from_seq`: of edits of older
    /// messages the socket gets no text. Called before [`Hub::page`].
    pub fn past_begins(&mut self, request: &Request, from_seq: Seq) {
        let follow = self.sockets.get_mut(&request.socket).and_then(|socket| socket.logs.get_mut(&request.log));
        if let Some(follow) = follow.filter(|follow| follow.generation == request.generation) {
            follow.from_seq = from_seq;
        }
    }

    /// A page of a log was read for a socket. The verdict is final in this very step: with `Live`
    /// the sync frame that `encode` makes is enqueued, and everything after it follows.
    pub fn page(
        &mut self,
        request: &Request,
        outcome: Outcome,
        now: Timestamp,
        encode: impl FnOnce(Verdict) -> Frame,
        out: &mut Vec<Effect>,
    ) -> Verdict {
        if !self.is_current(request) {
            return Verdict::Superseded;
        }
        let Request { socket, log: id, .. } = *request;
        let shard = self.shard(socket);
        let Some(log) = self.logs.get_mut(&id).filter(|log| log.ready) else { return Verdict::Superseded };
        let verdict = outcome.verdict(log.last);
        if verdict == Verdict::Again {
            return verdict;
        }
        out.push(Effect::enqueue_one(socket, self.shards, encode(verdict)));
        let follows = &mut self.sockets.get_mut(&socket).expect("a current request has a socket").logs;
        match verdict {
            Verdict::Live { at } => {
                if let Some(follow) = follows.get_mut(&id) {
                    follow.live = true;
                    follow.told = at;
                    log.add(shard, socket, at, follow.from_seq);
                }
            }
            Verdict::Gone => {
                follows.remove(&id);
                log.leave(now);
            }
            Verdict::More | Verdict::Again | Verdict::Superseded => {}
        }
        verdict
    }

    /// Entries were committed, here or on another node, or read because a hint said so. Those that
    /// follow on the position are enqueued; a jump asks for a read; what is known is ignored.
    pub fn deliver(&mut self, id: LogId, entries: &[Delivery], now: Timestamp, out: &mut Vec<Effect>) {
        let Some(log) = self.logs.get_mut(&id).filter(|log| log.ready) else { return };
        let mut removed = Vec::new();
        let mut ended = Vec::new();
        for entry in entries {
            if entry.seq > log.last + 1 {
                log.read(id, out);
                break;
            }
            if entry.seq <= log.last {
                continue;
            }
            log.push(entry, self.shards, out);
            if let Some(user) = entry.removes {
                log.flush(out);
                for socket in self.by_user.get(&user).into_iter().flatten() {
                    // One who has a later page saw this removal, and that they are in again.
                    if log.position_is_below(*socket, entry.seq) {
                        removed.push(*socket);
                        log.remove((socket % self.shards as u64) as usize, *socket);
                    }
                }
            }
            ended.extend(entry.ends);
        }
        log.flush(out);
        for socket in removed {
            let follows = self.sockets.get_mut(&socket).map(|socket| &mut socket.logs);
            if let Some(follows) = follows
                && follows.get(&id).is_some_and(|follow| follow.live)
            {
                follows.remove(&id);
                self.logs.get_mut(&id).expect("it was just delivered to").leave(now);
            }
        }
        if let LogId::User(user) = id {
            for ending in ended {
                self.end(user, ending, out);
            }
        }
    }

    /// A hint that a log's head is at least `head`.
    pub fn hint(&mut self, id: LogId, head: Seq, out: &mut Vec<Effect>) {
        let Some(log) = self.logs.get_mut(&id) else { return };
        if !log.ready {
            log.heard = log.heard.max(head);
        } else if log.last < head {
            log.read(id, out);
        }
    }

    /// Every log is read once: hints may have been lost.
    pub fn check_all(&mut self, out: &mut Vec<Effect>) {
        for (id, log) in self.logs.iter_mut().filter(|(_, log)| log.ready) {
            log.read(*id, out);
        }
    }

    /// This log is read once, for the same reason.
    pub fn check(&mut self, id: LogId, out: &mut Vec<Effect>) {
        if let Some(log) = self.logs.get_mut(&id).filter(|log| log.ready) {
            log.read(id, out);
        }
    }

    /// A read that [`Effect::Read`] asked for came to its end. `head` is what it found.
    pub fn read_done(&mut self, id: LogId, entries: &[Delivery], head: Seq, now: Timestamp, out: &mut Vec<Effect>) {
        let Some(log) = self.logs.get_mut(&id) else { return };
        log.reading = false;
        let again = std::mem::take(&mut log.again);
        self.deliver(id, entries, now, out);
        if let Some(log) = self.logs.get_mut(&id)
            && (again || log.last < head)
        {
            log.read(id, out);
        }
    }

    /// Something that passes, for all who are live in a room but the one whom it is about.
    pub fn signal(&self, room: RoomId, frame: &Frame, about: UserId, out: &mut Vec<Effect>) {
        if let Some(log) = self.logs.get(&LogId::Room(room)) {
            log.enqueue(frame, self.sockets_of(about), out);
        }
    }

    /// A frame for one socket, behind all that was enqueued for it before.
    pub fn enqueue(&self, socket: SocketId, frame: Frame, out: &mut Vec<Effect>) {
        out.push(Effect::enqueue_one(socket, self.shards, frame));
    }

    /// How many sockets are live in a room.
    pub fn live_in(&self, room: RoomId) -> usize {
        self.logs.get(&LogId::Room(room)).map_or(0, Log::live_count)
    }

    /// The logs whose head changed since the last call, for the socket's ping.
    pub fn heads(&mut self, socket: SocketId) -> Vec<(LogId, Seq)> {
        let Some(socket) = self.sockets.get_mut(&socket) else { return Vec::new() };
        let mut heads = Vec::new();
        for (id, follow) in socket.logs.iter_mut().filter(|(_, follow)| follow.live) {
            let last = self.logs.get(id).map_or(0, |log| log.last);
            if last > follow.told && heads.len() < HEADS_PER_PING {
                follow.told = last;
                heads.push((*id, last));
            }
        }
        heads
    }

    /// Lets go of logs that nobody has followed for a while.
    pub fn tick(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        self.logs.retain(|id, log| {
            let keep = log.idle_since.is_none_or(|since| now.since(since) < LOG_LINGER) || !log.ready || log.reading;
            if !keep {
                out.push(Effect::Unsubscribe(*id));
            }
            keep
        });
    }

    /// The store has another epoch: nothing of what is here is true any more. Every socket is closed,
    /// and the hub starts afresh.
    pub fn restart(&mut self, epoch: Epoch, out: &mut Vec<Effect>) {
        for socket in self.sockets.keys() {
            out.push(Effect::Close { socket: *socket, code: CloseCode::Drained });
        }
        out.extend(self.logs.keys().map(|id| Effect::Unsubscribe(*id)));
        *self = Hub { generations: self.generations, ..Hub::new(epoch, self.shards) };
    }

    /// How many logs and sockets there are, for the metrics.
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

    fn unfollow(&mut self, id: LogId, socket: SocketId, now: Timestamp) {
        let shard = self.shard(socket);
        if let Some(log) = self.logs.get_mut(&id) {
            log.remove(shard, socket);
            log.leave(now);
        }
    }

    /// An entry of a user's own log ends some of their sockets.
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
