//! A log that the hub follows: its position, and its live sockets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::Seq;

use super::effect::{Effect, EntryDelivery, SocketId};
use crate::message::{Delivery, Outgoing};

/// A followed log.
pub(super) struct Log {
    /// Whether the log is subscribed and `last` is known.
    pub ready: bool,
    /// The last entry that was delivered.
    pub last: Seq,
    /// The highest head reported before the log was ready.
    pub heard: Seq,
    /// A read is in flight, or waits for its turn.
    pub reading: bool,
    /// A newer head was reported since the read began.
    pub again: bool,
    /// How many sockets are behind or live, or belong to the user whose log this is.
    pub followers: usize,
    /// Since when no socket follows it, in elapsed time.
    pub idle_since: Option<Duration>,
    /// The live sockets by shard. SharedMessage with the shards' queues, and copied only when it changes while one of them holds
    /// it.
    live: Vec<Arc<Vec<SocketId>>>,
    /// Live sockets whose page reached further than `last`. Mostly empty.
    ahead: BTreeMap<SocketId, Seq>,
    /// Live sockets of users whose history in this room is hidden, and the seq where it begins for them.
    past: BTreeMap<SocketId, Seq>,
    /// Messages for all live sockets that are not yet queued.
    pending: Vec<Outgoing>,
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
            ahead: BTreeMap::new(),
            past: BTreeMap::new(),
            pending: Vec::new(),
        }
    }

    /// Removes a follower.
    pub fn leave(&mut self, now: Duration) {
        self.followers -= 1;
        if self.followers == 0 {
            self.idle_since = Some(now);
        }
    }

    /// Makes a socket live from after `at`. Its user's visible history begins with `from_seq`.
    pub fn add(&mut self, shard: usize, socket: SocketId, at: Seq, from_seq: Seq) {
        Arc::make_mut(&mut self.live[shard]).push(socket);
        if from_seq > 1 {
            self.past.insert(socket, from_seq);
        }
        if at > self.last {
            self.ahead.insert(socket, at);
        }
    }

    /// Makes a socket no longer live.
    pub fn remove(&mut self, shard: usize, socket: SocketId) {
        let sockets = &mut self.live[shard];
        if let Some(at) = sockets.iter().position(|other| *other == socket) {
            Arc::make_mut(sockets).swap_remove(at);
        }
        self.ahead.remove(&socket);
        self.past.remove(&socket);
    }

    /// Returns whether a live socket has not seen `seq` in a page.
    pub fn position_is_below(&self, socket: SocketId, seq: Seq) -> bool {
        self.ahead.get(&socket).is_none_or(|at| *at < seq)
    }

    /// Returns the live sockets.
    pub fn live_sockets(&self) -> impl Iterator<Item = SocketId> + '_ {
        self.live.iter().flat_map(|sockets| sockets.iter().copied())
    }

    pub fn live_count(&self) -> usize {
        self.live.iter().map(|sockets| sockets.len()).sum()
    }

    /// Records that the log must be read; again, if a read is in flight. Returns whether the hub must start a new read.
    #[must_use]
    pub fn wants_read(&mut self) -> bool {
        self.again |= self.reading;
        !std::mem::replace(&mut self.reading, true)
    }

    /// Delivers the entry after `last`.
    pub fn push(&mut self, entry: &EntryDelivery, shards: usize, out: &mut Vec<Effect>) {
        self.last = entry.seq;
        let cut = entry.cut.as_ref().filter(|(target, _)| self.past.values().any(|from_seq| target < from_seq));
        if self.ahead.is_empty() && cut.is_none() {
            self.pending.push(Outgoing::Shared(entry.event.clone()));
            return;
        }
        self.flush(out);
        let is_cut = |socket| cut.is_some_and(|(target, _)| self.past.get(&socket).is_some_and(|from| target < from));
        let versions = [(false, Some(&entry.event)), (true, cut.map(|(_, event)| event))];
        for (wanted, event) in versions {
            let Some(event) = event else { continue };
            let messages: Arc<[Outgoing]> = Arc::new([Outgoing::Shared(event.clone())]);
            for shard in 0..shards {
                let to = self.live[shard].iter().copied();
                let to: Vec<SocketId> = to
                    .filter(|socket| self.position_is_below(*socket, entry.seq) && is_cut(*socket) == wanted)
                    .collect();
                if !to.is_empty() {
                    out.push(Effect::Enqueue { shard, to: Arc::new(to), messages: messages.clone() });
                }
            }
        }
        self.ahead.retain(|_, at| *at > entry.seq);
    }

    /// Queues what is pending: once for each shard.
    pub fn flush(&mut self, out: &mut Vec<Effect>) {
        if self.pending.is_empty() {
            return;
        }
        let messages: Arc<[Outgoing]> = std::mem::take(&mut self.pending).into();
        for (shard, to) in self.live.iter().enumerate().filter(|(_, to)| !to.is_empty()) {
            out.push(Effect::Enqueue { shard, to: to.clone(), messages: messages.clone() });
        }
    }

    /// Queues a message for all live sockets except these few.
    pub fn enqueue(&self, message: &Arc<Delivery>, except: &[SocketId], out: &mut Vec<Effect>) {
        let messages: Arc<[Outgoing]> = Arc::new([Outgoing::Shared(message.clone())]);
        for (shard, to) in self.live.iter().enumerate() {
            let to = match to.iter().any(|socket| except.contains(socket)) {
                true => Arc::new(to.iter().copied().filter(|socket| !except.contains(socket)).collect()),
                false => to.clone(),
            };
            if !to.is_empty() {
                out.push(Effect::Enqueue { shard, to, messages: messages.clone() });
            }
        }
    }
}
