//! From commits to deliveries: each is told to the other nodes once, encoded once, and given to the hub.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use domain::{Body, LogId, MemberState, UserId};
use service::CommitListener;
use service::ports::{BusMessage, Committed};
use tokio::sync::mpsc;

use super::Tier;
use realtime::encode::deliveries;

/// A commit on its way to the sockets.
pub(super) struct Job {
    pub committed: Committed,
    /// Made by this node, so the others are to be told.
    pub ours: bool,
}

impl CommitListener for Tier {
    fn committed(&self, committed: &Committed) {
        self.enqueue(Job { committed: committed.clone(), ours: true });
    }
}

impl Tier {
    /// Commits of one log keep their order. When too many wait, the hub gets a hint and reads the log.
    pub(super) fn enqueue(&self, job: Job) {
        let Some(head) = job.committed.entries.last().map(|entry| entry.seq) else { return };
        let log = job.committed.log;
        let mut hasher = DefaultHasher::new();
        log.hash(&mut hasher);
        let queue = &self.deliveries[(hasher.finish() % self.deliveries.len() as u64) as usize];
        if queue.try_send(job).is_err() {
            self.drive(|hub, effects| hub.hint(log, head, effects));
        }
    }
}

/// Runs until the tier ends.
pub(super) async fn run(tier: Arc<Tier>, mut jobs: mpsc::Receiver<Job>) {
    while let Some(Job { committed, ours }) = jobs.recv().await {
        let epoch = committed.epoch;
        if ours {
            // First, since it waits for nothing: a look-up of names here must not make the other nodes late.
            tier.parts.bus.publish(committed.log, BusMessage::Committed(committed.clone())).await;
        }
        deliver(&tier, &committed).await;
        for user in parted(&committed) {
            let parting = tier.clone();
            tier.spawn(async move { parting.part(user).await });
        }
        if epoch != tier.hub().epoch() {
            tier.check_epoch().await;
        }
    }
}

/// Those whom these entries take out of a room: as the room's log says, and as their own says on every node that
/// holds a socket of theirs.
fn parted(committed: &Committed) -> BTreeSet<UserId> {
    let is_out = |state| matches!(state, MemberState::Left | MemberState::Kicked | MemberState::Banned);
    let parted = committed.entries.iter().filter_map(|entry| match (&entry.body, committed.log) {
        (Body::Member { user, state, .. }, LogId::Room(_)) if is_out(*state) => Some(*user),
        (Body::UserRoom(row), LogId::User(user)) if is_out(row.state) => Some(user),
        _ => None,
    });
    parted.collect()
}

async fn deliver(tier: &Tier, committed: &Committed) {
    let Committed { log, epoch, entries } = committed;
    let head = entries.last().map_or(0, |entry| entry.seq);
    let wanted = tier.drive(|hub, effects| {
        if hub.epoch() != *epoch {
            return false;
        }
        let ready = hub.is_ready(*log);
        if !ready {
            // Nobody follows it; or it is about to be followed, and must know of this.
            hub.hint(*log, head, effects);
        }
        ready
    });
    if !wanted {
        return;
    }
    let now = tier.now();
    match deliveries(&tier.parts, *log, entries).await {
        Ok(deliveries) => tier.drive(|hub, effects| {
            if hub.epoch() == *epoch {
                hub.deliver(*log, &deliveries, now, effects);
            }
        }),
        // Names could not be looked up now: the reader tries until they can.
        Err(_) => tier.drive(|hub, effects| hub.hint(*log, head, effects)),
    }
}
