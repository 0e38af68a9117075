//! Presence and typing in the memory of one process.
//!
//! Never reads a clock, and loses everything with the process: the next refresh restores it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::limits::PRESENCE_REMEMBERED;
use async_trait::async_trait;
use domain::limits::{PRESENCE_LIFE, TYPING_LIFE};
use domain::{RoomId, Timestamp, UserId};
use parking_lot::Mutex;
use service::limits::PRESENCE_CONNECTIONS;
use service::ports::{PresenceStatus, PresenceStore, UserPresence};

/// One node's view of a presence that it may share with other nodes of the process.
#[derive(Default)]
pub struct InProcessPresence {
    state: Arc<Mutex<State>>,
    /// The last reported status of each user who is not offline.
    announced: Mutex<HashMap<UserId, PresenceStatus>>,
}

#[derive(Default)]
struct State {
    users: HashMap<UserId, Connections>,
    /// How many of them have a connection.
    online: u64,
    /// When a connection may expire next: `online` is exact until then.
    next_expiry: Option<Timestamp>,
    typing: HashMap<RoomId, HashMap<UserId, Timestamp>>,
}

/// What is known about one user.
#[derive(Default)]
struct Connections {
    /// The status and expiry of each connection.
    by_id: HashMap<String, (PresenceStatus, Timestamp)>,
    last_seen: Option<Timestamp>,
}

/// Adds a connection of a user, unless the user has too many; expired ones do not count.
pub(crate) fn hold(
    held: &mut HashMap<String, (PresenceStatus, Timestamp)>,
    now: Timestamp,
    id: &str,
    status: PresenceStatus,
) {
    if held.len() >= PRESENCE_CONNECTIONS {
        held.retain(|_, (_, until)| *until > now);
    }
    if held.contains_key(id) || held.len() < PRESENCE_CONNECTIONS {
        held.insert(id.to_owned(), (status, now + PRESENCE_LIFE));
    }
}

impl InProcessPresence {
    /// Returns a presence without users.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the same presence as seen by another node.
    pub fn for_another_node(&self) -> Self {
        InProcessPresence { state: self.state.clone(), announced: Mutex::default() }
    }
}

impl Connections {
    fn status(&self, now: Timestamp) -> PresenceStatus {
        let alive = self.by_id.values().filter(|(_, until)| *until > now);
        alive.map(|(status, _)| *status).max().unwrap_or(PresenceStatus::Offline)
    }
}

impl State {
    fn presence(&self, now: Timestamp, user: UserId) -> UserPresence {
        let known = self.users.get(&user);
        UserPresence {
            user,
            status: known.map_or(PresenceStatus::Offline, |known| known.status(now)),
            last_seen: known.and_then(|known| known.last_seen),
        }
    }

    /// Removes what has expired, and the users who have been offline for longest.
    fn forget(&mut self, now: Timestamp) {
        (self.online, self.next_expiry) = (0, None);
        for known in self.users.values_mut() {
            known.by_id.retain(|_, (_, until)| *until > now);
            self.online += u64::from(!known.by_id.is_empty());
            let expiries = known.by_id.values().map(|(_, until)| *until);
            self.next_expiry = self.next_expiry.into_iter().chain(expiries).min();
        }
        self.typing.retain(|_, users| {
            users.retain(|_, until| *until > now);
            !users.is_empty()
        });
        let mut gone: Vec<(Option<Timestamp>, UserId)> =
            self.users.iter().filter(|(_, k)| k.by_id.is_empty()).map(|(user, k)| (k.last_seen, *user)).collect();
        if let Some(excess) = gone.len().checked_sub(PRESENCE_REMEMBERED).filter(|excess| *excess > 0) {
            gone.sort_unstable();
            for (_, user) in gone.into_iter().take(excess) {
                self.users.remove(&user);
            }
        }
    }
}

#[async_trait]
impl PresenceStore for InProcessPresence {
    async fn refresh(&self, now: Timestamp, connections: &[(UserId, String, PresenceStatus)]) {
        let mut state = self.state.lock();
        for (user, id, status) in connections {
            let known = state.users.entry(*user).or_default();
            let was_offline = known.by_id.is_empty();
            hold(&mut known.by_id, now, id, *status);
            known.last_seen = Some(now);

            state.online += u64::from(was_offline);
            state.next_expiry = state.next_expiry.into_iter().chain([now + PRESENCE_LIFE]).min();
        }
    }

    async fn remove(&self, now: Timestamp, user: UserId, connection: &str) {
        let mut state = self.state.lock();
        if let Some(known) = state.users.get_mut(&user)
            && known.by_id.remove(connection).is_some()
        {
            known.last_seen = Some(now);
            state.online -= u64::from(known.by_id.is_empty());
        }
    }

    async fn remove_user(&self, now: Timestamp, user: UserId) {
        let mut state = self.state.lock();
        if let Some(known) = state.users.get_mut(&user) {
            let was_online = !known.by_id.is_empty();
            known.by_id.clear();
            known.last_seen = Some(now);
            state.online -= u64::from(was_online);
        }
    }

    async fn changed(&self, now: Timestamp) -> Vec<UserPresence> {
        let mut state = self.state.lock();
        let mut announced = self.announced.lock();
        let changed: Vec<UserPresence> = state
            .users
            .keys()
            .map(|user| state.presence(now, *user))
            .filter(|is| announced.get(&is.user).copied().unwrap_or(PresenceStatus::Offline) != is.status)
            .collect();
        for is in &changed {
            match is.status {
                PresenceStatus::Offline => announced.remove(&is.user),
                status => announced.insert(is.user, status),
            };
        }
        state.forget(now);
        changed
    }

    async fn get(&self, now: Timestamp, users: &[UserId]) -> Option<Vec<UserPresence>> {
        let state = self.state.lock();
        Some(users.iter().map(|user| state.presence(now, *user)).collect())
    }

    async fn online(&self, now: Timestamp) -> u64 {
        let mut state = self.state.lock();
        if state.next_expiry.is_some_and(|next| next <= now) {
            state.forget(now);
        }
        state.online
    }

    async fn set_typing(&self, now: Timestamp, room: RoomId, user: UserId, on: bool) {
        let mut state = self.state.lock();
        if on {
            state.typing.entry(room).or_default().insert(user, now + TYPING_LIFE);
        } else if let Some(users) = state.typing.get_mut(&room) {
            users.remove(&user);
        }
    }

    async fn typing(&self, now: Timestamp, room: RoomId) -> Vec<UserId> {
        let state = self.state.lock();
        let users = state.typing.get(&room).into_iter().flatten();
        let mut typing: Vec<UserId> = users.filter(|(_, until)| **until > now).map(|(user, _)| *user).collect();
        typing.sort_unstable();
        typing
    }

    async fn check(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
