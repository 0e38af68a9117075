//! Who is in the rooms that sockets of the older contract follow, on this node: those sockets are told when a user's first
//! connection comes and when the last one has gone.
//!
//! Looks at the hub from time to time, and only for rooms that such a socket follows, so that no other socket pays for it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use domain::{RoomId, UserId};
use parking_lot::Mutex;
use realtime::message::{Delivery, SharedMessage};
use service::Services;
use tokio::time::MissedTickBehavior;
use wire::UserRef;

use crate::follow::Follow;
use crate::limits::{ATTENDANCE_INTERVAL, ATTENDANCE_LEFT_AFTER};

/// Watches the attendance of rooms.
pub(crate) struct Attendance {
    services: Services,
    follow: Arc<Follow>,
    rooms: Mutex<HashMap<RoomId, Roll>>,
}

/// Keeps a room watched.
pub(crate) struct Attends {
    attendance: Arc<Attendance>,
    room: RoomId,
}

impl Drop for Attends {
    fn drop(&mut self) {
        let mut rooms = self.attendance.rooms.lock();
        if let Some(roll) = rooms.get_mut(&self.room) {
            roll.watchers -= 1;
            if roll.watchers == 0 {
                rooms.remove(&self.room);
            }
        }
    }
}

impl Attendance {
    pub fn new(services: Services, follow: Arc<Follow>) -> Arc<Attendance> {
        Arc::new(Attendance { services, follow, rooms: Mutex::default() })
    }

    /// Watches a room. Those who are there already are not announced.
    pub fn watch(self: &Arc<Self>, room: RoomId) -> Attends {
        let there = self.follow.hub().users_in(room);
        let mut rooms = self.rooms.lock();
        let roll = rooms.entry(room).or_insert_with(|| Roll::of(there));
        roll.watchers += 1;
        Attends { attendance: self.clone(), room }
    }

    /// Tells sockets of those who come and go, until the node ends.
    pub async fn run(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(ATTENDANCE_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let rooms: Vec<RoomId> = self.rooms.lock().keys().copied().collect();
            for room in rooms {
                let there = self.follow.hub().users_in(room);
                let elapsed = self.services.ports.clock.elapsed();
                let changes = self.rooms.lock().get_mut(&room).map(|roll| roll.update(&there, elapsed));
                for (user, is_there) in changes.unwrap_or_default() {
                    self.tell(room, user, is_there).await;
                }
            }
        }
    }

    async fn tell(&self, room: RoomId, user: UserId, is_there: bool) {
        let Ok(Some(known)) = self.services.user_cache.user(user).await else { return };
        let at = self.services.ports.clock.now();
        let message = SharedMessage::Attendance { room, by: UserRef::from(&known), is_there, at };
        let message = Delivery::new(message);
        self.follow.drive(|hub, effects| hub.signal(room, &message, user, effects));
    }
}

/// The users of one room.
struct Roll {
    watchers: usize,
    /// Those who were announced, and since when they are gone.
    users: HashMap<UserId, Option<Duration>>,
}

impl Roll {
    fn of(there: BTreeSet<UserId>) -> Roll {
        Roll { watchers: 0, users: there.into_iter().map(|user| (user, None)).collect() }
    }

    /// Notes who is there now. Returns who came, and who has been gone for long enough.
    fn update(&mut self, there: &BTreeSet<UserId>, elapsed: Duration) -> Vec<(UserId, bool)> {
        let mut changes = Vec::new();
        for user in there {
            if self.users.insert(*user, None).is_none() {
                changes.push((*user, true));
            }
        }
        self.users.retain(|user, gone| {
            if there.contains(user) {
                return true;
            }
            let since = *gone.get_or_insert(elapsed);
            let stays = elapsed.saturating_sub(since) < ATTENDANCE_LEFT_AFTER;
            if !stays {
                changes.push((*user, false));
            }
            stays
        });
        changes
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_user_comes_once_and_leaves_only_after_a_while() {
        let [ada, bob] = [1, 2].map(|n| UserId(Uuid::from_u128(n)));
        let mut roll = Roll::of(BTreeSet::from([ada]));
        let at = Duration::from_millis;
        assert_eq!(roll.update(&BTreeSet::from([ada]), at(0)), [], "who was there before is not announced");
        assert_eq!(roll.update(&BTreeSet::from([ada, bob]), at(200)), [(bob, true)]);
        assert_eq!(roll.update(&BTreeSet::from([ada]), at(400)), []);
        assert_eq!(roll.update(&BTreeSet::from([ada, bob]), at(2_000)), [], "the page was reloaded");
        assert_eq!(roll.update(&BTreeSet::from([ada]), at(2_200)), []);
        assert_eq!(roll.update(&BTreeSet::from([ada]), at(4_100)), []);
        assert_eq!(roll.update(&BTreeSet::from([ada]), at(4_200)), [(bob, false)]);
        assert_eq!(roll.update(&BTreeSet::from([ada, bob]), at(9_000)), [(bob, true)]);
    }
}
