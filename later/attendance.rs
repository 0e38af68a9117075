//! Who is in the rooms that sockets of the older contract follow, on the whole installation: those sockets are told when a
//! user's first connection comes and when the last one has gone.
//!
//! Looks at the hub from time to time, and only for rooms that such a socket follows somewhere, so that no other socket pays
//! for it. A node with such a socket asks the others over the bus; they answer for as long as they are asked. What the bus
//! loses is repeated a second later.

mod roll;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use domain::{LogId, RoomId, UserId};
use parking_lot::Mutex;
use realtime::message::{Delivery, SharedMessage};
use service::Services;
use service::ports::{Attendants, BusMessage};
use tokio::time::MissedTickBehavior;
use wire::UserRef;

use crate::follow::Follow;
use crate::limits::ATTENDANCE_INTERVAL;

use roll::Roll;

/// Watches the attendance of rooms.
pub(crate) struct Attendance {
    services: Services,
    follow: Arc<Follow>,
    /// The name by which other nodes tell this one's messages apart.
    node: String,
    rooms: Mutex<HashMap<RoomId, Roll>>,
}

/// Keeps a room watched.
pub(crate) struct Attends {
    attendance: Arc<Attendance>,
    room: RoomId,
}

impl Drop for Attends {
    fn drop(&mut self) {
        if let Some(roll) = self.attendance.rooms.lock().get_mut(&self.room) {
            roll.watchers -= 1;
        }
    }
}

impl Attendance {
    /// Returns the attendance of rooms, as the node of this name sees it.
    pub fn new(services: Services, follow: Arc<Follow>, node: String) -> Arc<Attendance> {
        Arc::new(Attendance { services, follow, node, rooms: Mutex::default() })
    }

    /// Watches a room. Those who are there already are not announced.
    pub fn watch(self: &Arc<Self>, room: RoomId) -> Attends {
        let (there, now) = (self.follow.hub().users_in(room), self.elapsed());
        let mut rooms = self.rooms.lock();
        let roll = rooms.entry(room).or_insert_with(|| Roll::of(there, now));
        roll.watchers += 1;
        Attends { attendance: self.clone(), room }
    }

    /// Hears who is in a room on another node.
    pub fn hear(&self, heard: Attendants) {
        let (now, is_followed) = (self.elapsed(), self.follow.hub().is_followed(LogId::Room(heard.room)));
        let mut rooms = self.rooms.lock();
        if heard.asks && is_followed {
            let there = || self.follow.hub().users_in(heard.room);
            rooms.entry(heard.room).or_insert_with(|| Roll::of(there(), now)).asked(now);
        }
        if let Some(roll) = rooms.get_mut(&heard.room) {
            roll.hear(heard.node, heard.users.into_iter().collect(), now);
        }
    }

    /// Tells sockets of those who come and go, and other nodes of those who are here, until the node ends.
    pub async fn run(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(ATTENDANCE_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let rooms: Vec<RoomId> = self.rooms.lock().keys().copied().collect();
            for room in rooms {
                self.look(room).await;
            }
        }
    }

    async fn look(&self, room: RoomId) {
        let (there, now) = (self.follow.hub().users_in(room), self.elapsed());
        let (changes, report) = {
            let mut rooms = self.rooms.lock();
            let Some(roll) = rooms.get_mut(&room) else { return };
            if roll.is_over(now) {
                rooms.remove(&room);
                return;
            }
            // Only sockets of the older contract are told, and none is here.
            let tells = roll.watchers > 0;
            let changes = roll.update(&there, now);
            (if tells { changes } else { Vec::new() }, roll.report(&there, now))
        };
        if let Some((users, asks)) = report {
            let message = BusMessage::Attendants(Attendants { room, node: self.node.clone(), users, asks });
            self.services.ports.bus.publish(LogId::Room(room), message).await;
        }
        for (user, is_there) in changes {
            self.tell(room, user, is_there).await;
        }
    }

    async fn tell(&self, room: RoomId, user: UserId, is_there: bool) {
        let Ok(Some(known)) = self.services.user_cache.user(user).await else { return };
        let at = self.services.ports.clock.now();
        let message = SharedMessage::Attendance { room, by: UserRef::from(&known), is_there, at };
        let message = Delivery::new(message);
        self.follow.drive(|hub, effects| hub.signal(room, &message, user, effects));
    }

    fn elapsed(&self) -> Duration {
        self.services.ports.clock.elapsed()
    }
}

/// The users of a room, in order.
type Users = BTreeSet<UserId>;
