//! One log as the hub follows it: its position, and who is live in it.

use std::collections::HashMap;
use std::sync::Arc;

use domain::{LogId, Seq, Timestamp};

use super::effect::{Delivery, Effect, SocketId};
use crate::frame::Frame;

/// A followed log.
pub(super) struct Log {
    /// Subscribed, and `last` is known.
    pub ready: bool,
    /// The last entry that was delivered.
    pub last: Seq,
    /// The highest head that was heard of before the log was ready.
    pub heard: Seq,
    /// A read is under way.
    pub reading: bool,
    /// Something new was heard since it began.
    pub again: bool,
    /// Sockets that are behind or live, and those whose user's own log this is.
    pub followers: usize,
    /// Since when there are none.
    pub idle_since: Option<Timestamp>,
    /// By shard. Shared with the hand-overs, and copied only when it changes while one is under way.
    live: Vec<Arc<Vec<SocketId>>>,
    /// Live sockets whose page reached further than `last`. Mostly empty.
    ahead: HashMap<SocketId, Seq>,
    /// Live sockets of people whose past in this room is hidden, and where it begins for them.
    past: HashMap<SocketId, Seq>,
    /// Frames for all live sockets that are not yet enqueued.
    pending: Vec<Frame>,
}

impl Log {
    pub fn new(shards: usize) -> Log {
        Log {
            ready: false,
            last: 0,
            heard: 0,
            reading: false,
            again: false,
            followers: 0,
            idle_since: None,
            live: vec![Arc::default(); shards],
            ahead: HashMap::new(),
            past: HashMap::new(),
            pending: Vec::new(),
        }
    }

    /// A follower less.
    pub fn leave(&mut self, now: Timestamp) {
        self.followers -= 1;
        if self.followers == 0 {
            self.idle_since = Some(now);
        }
    }

    /// A socket is live from after `at`. Its user's past begins with `from_seq`.
    pub fn add(&mut self, shard: usize, socket: SocketId, at: Seq, from_seq: Seq) {
        Arc::make_mut(&mut self.live[shard]).push(socket);
        if from_seq > 1 {
            self.past.insert(socket, from_seq);
        }
        if at > self.last {
            self.ahead.insert(socket, at);
        }
    }

    /// A socket is no longer live.
    pub fn remove(&mut self, shard: usize, socket: SocketId) {
        let sockets = &mut self.live[shard];
        if let Some(at) = sockets.iter().position(|other| *other == socket) {
            Arc::make_mut(sockets).swap_remove(at);
        }
        self.ahead.remove(&socket);
        self.past.remove(&socket);
    }

    /// Whether a live socket has not seen `seq` in a page.
    pub fn position_is_below(&self, socket: SocketId, seq: Seq) -> bool {
        self.ahead.get(&socket).is_none_or(|at| *at < seq)
    }

    pub fn live_count(&self) -> usize {
        self.live.iter().map(|sockets| sockets.len()).sum()
    }

    /// Asks for a read, or for another one after that which is under way.
    pub fn read(&mut self, id: LogId, out: &mut Vec<Effect>) {
        if self.reading {
            self.again = true;
        } else {
            self.reading = true;
            out.push(Effect::Read { log: id, after: self.last });
        }
    }

    /// The entry after `last`.
    pub fn push(&mut self, entry: &Delivery, shards: usize, out: &mut Vec<Effect>) {
        self.last = entry.seq;
        let cut = entry.cut.as_ref().filter(|(target, _)| self.past.values().any(|from_seq| target < from_seq));
        if self.ahead.is_empty() && cut.is_none() {
            self.pending.push(entry.frame.clone());
            return;
        }
        self.flush(out);
        let is_cut = |socket| cut.is_some_and(|(target, _)| self.past.get(&socket).is_some_and(|from| target < from));
        let versions = [(false, Some(&entry.frame)), (true, cut.map(|(_, frame)| frame))];
        for (wanted, frame) in versions {
            let Some(frame) = frame else { continue };
            let frames: Arc<[Frame]> = Arc::new([frame.clone()]);
            for shard in 0..shards {
                let to = self.live[shard].iter().copied();
                let to: Vec<SocketId> = to
                    .filter(|socket| self.position_is_below(*socket, entry.seq) && is_cut(*socket) == wanted)
                    .collect();
                if !to.is_empty() {
                    out.push(Effect::Enqueue { shard, to: Arc::new(to), frames: frames.clone() });
                }
            }
        }
        self.ahead.retain(|_, at| *at > entry.seq);
    }

    /// Hands over what is pending: once for each shard.
    pub fn flush(&mut self, out: &mut Vec<Effect>) {
        if self.pending.is_empty() {
            return;
        }
        let frames: Arc<[Frame]> = std::mem::take(&mut self.pending).into();
        for (shard, to) in self.live.iter().enumerate().filter(|(_, to)| !to.is_empty()) {
            out.push(Effect::Enqueue { shard, to: to.clone(), frames: frames.clone() });
        }
    }

    /// A frame for all live sockets but these few.
    pub fn enqueue(&self, frame: &Frame, except: &[SocketId], out: &mut Vec<Effect>) {
        let frames: Arc<[Frame]> = Arc::new([frame.clone()]);
        for (shard, to) in self.live.iter().enumerate() {
            let to = match to.iter().any(|socket| except.contains(socket)) {
                true => Arc::new(to.iter().copied().filter(|socket| !except.contains(socket)).collect()),
                false => to.clone(),
            };
            if !to.is_empty() {
                out.push(Effect::Enqueue { shard, to, frames: frames.clone() });
            }
        }
    }
}
