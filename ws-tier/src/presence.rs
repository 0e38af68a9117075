//! Presence of the users that each socket watches: refreshed every 10 s, sent in batches every second, and in full every
//! 60 s, so that a lost "offline" heals.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use domain::{Actor, PresenceStatus, Refusal, UserId};
use parking_lot::Mutex;
use realtime::hub::SocketId;
use realtime::interpreter;
use realtime::message::{Delivery, Outgoing, SharedMessage};
use service::Services;
use service::ports::UserPresence;
use tokio::time::{Instant, MissedTickBehavior};
use wire::PresenceEntry;

use crate::follow::Follow;
use crate::limits::{PRESENCE_FULL, PRESENCE_REFRESH};
use crate::tasks::Tasks;

/// Maximum number of connections in one refresh.
const REFRESH_BATCH: usize = 1_000;

/// The delay before users who seemed to share no room are checked again: if a stream keeps the users' room rows up to
/// date, that takes seconds.
const LOOK_AGAIN: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(10)];

/// The presence of this node's sockets, and of the users that they watch.
pub(crate) struct PresenceWatch {
    services: Services,
    follow: Arc<Follow>,
    tasks: Tasks,
    watches: Mutex<Watches>,
}

/// The connected users, and who watches whom.
#[derive(Default)]
struct Watches {
    here: HashMap<SocketId, (UserId, Arc<str>)>,
    by_socket: HashMap<SocketId, Watch>,
    by_user: HashMap<UserId, HashSet<SocketId>>,
    /// The last request for presence of each socket.
    last_request: HashMap<SocketId, u64>,
    requests: u64,
}

struct Watch {
    users: Vec<UserId>,
    full_at: Instant,
}

impl Watches {
    /// Adds a socket that has signed in.
    fn connect(&mut self, socket: SocketId, user: UserId, conn: Arc<str>) {
        self.here.insert(socket, (user, conn));
    }

    /// Removes a socket. Returns its user and its name in the presence store.
    fn disconnect(&mut self, socket: SocketId) -> Option<(UserId, Arc<str>)> {
        self.forget_watch(socket);
        self.last_request.remove(&socket);
        self.here.remove(&socket)
    }

    /// Begins a socket's request for presence. Results of its earlier requests are ignored from now on.
    fn begin(&mut self, socket: SocketId) -> u64 {
        self.requests += 1;
        if self.here.contains_key(&socket) {
            self.last_request.insert(socket, self.requests);
        }
        self.requests
    }

    /// Handles the result of a request. Returns whether it is still the socket's last.
    fn replace(&mut self, socket: SocketId, request: u64, users: Vec<UserId>, now: Instant) -> bool {
        let is_last = self.last_request.get(&socket) == Some(&request);
        if is_last {
            self.watch(socket, users, now);
        }
        is_last
    }

    /// Makes the socket watch these users, and no others.
    fn watch(&mut self, socket: SocketId, users: Vec<UserId>, now: Instant) {
        self.forget_watch(socket);
        if users.is_empty() || !self.here.contains_key(&socket) {
            return;
        }
        for user in &users {
            self.by_user.entry(*user).or_default().insert(socket);
        }
        self.by_socket.insert(socket, Watch { users, full_at: now });
    }

    /// Removes the list of users that a socket watches.
    fn forget_watch(&mut self, socket: SocketId) {
        for user in self.by_socket.remove(&socket).into_iter().flat_map(|watch| watch.users) {
            if let Some(sockets) = self.by_user.get_mut(&user) {
                sockets.remove(&socket);
                if sockets.is_empty() {
                    self.by_user.remove(&user);
                }
            }
        }
    }

    /// Returns the pairs that watch `user` or that `user` watches: socket, watcher, watched.
    fn around(&self, user: UserId) -> Vec<(SocketId, UserId, UserId)> {
        let watched_by = self.by_user.get(&user).into_iter().flatten();
        let watched_by = watched_by.filter_map(|socket| Some((*socket, self.here.get(socket)?.0, user)));
        let own = self.here.iter().filter(|(_, (of, _))| *of == user);
        let watches = own.filter_map(|(socket, _)| Some((*socket, self.by_socket.get(socket)?)));
        let watches = watches.flat_map(|(socket, watch)| watch.users.iter().map(move |of| (socket, user, *of)));
        watched_by.chain(watches).filter(|(_, watcher, watched)| watcher != watched).collect()
    }

    /// Makes the socket stop watching `user`. Returns whether it did watch.
    fn unwatch(&mut self, socket: SocketId, user: UserId) -> bool {
        if let Some(sockets) = self.by_user.get_mut(&user) {
            sockets.remove(&socket);
            if sockets.is_empty() {
                self.by_user.remove(&user);
            }
        }
        let Some(watch) = self.by_socket.get_mut(&socket) else { return false };
        let before = watch.users.len();
        watch.users.retain(|watched| *watched != user);
        watch.users.len() < before
    }

    /// Returns the sockets that are due for a full list. They are due again after [`PRESENCE_FULL`].
    fn due(&mut self, now: Instant) -> Vec<(SocketId, Vec<UserId>)> {
        let due = self.by_socket.iter_mut().filter(|(_, watch)| watch.full_at <= now);
        due.map(|(socket, watch)| {
            watch.full_at = now + PRESENCE_FULL;
            (*socket, watch.users.clone())
        })
        .collect()
    }

    /// Returns the changes that each watching socket gets.
    fn changes(&self, changed: Vec<UserPresence>) -> HashMap<SocketId, Vec<PresenceEntry>> {
        let mut changes: HashMap<SocketId, Vec<PresenceEntry>> = HashMap::new();
        for presence in changed {
            for socket in self.by_user.get(&presence.user).into_iter().flatten() {
                changes.entry(*socket).or_default().push(interpreter::presence(&presence));
            }
        }
        changes
    }
}

impl PresenceWatch {
    /// Returns the presence of a node without sockets.
    pub fn new(services: Services, follow: Arc<Follow>, tasks: Tasks) -> Arc<PresenceWatch> {
        Arc::new(PresenceWatch { services, follow, tasks, watches: Mutex::default() })
    }

    /// Adds a socket that has signed in.
    pub async fn connect(&self, socket: SocketId, user: UserId, conn: Arc<str>) {
        self.watches.lock().connect(socket, user, conn.clone());
        self.services.presence.connected(user, &conn).await;
    }

    /// Removes a socket. Returns its user, if it had signed in.
    pub async fn disconnect(&self, socket: SocketId) -> Option<UserId> {
        let (user, conn) = self.watches.lock().disconnect(socket)?;
        self.services.presence.disconnected(user, &conn).await;
        Some(user)
    }

    /// Sends a socket the presence of those of `users` whom its user may watch. Users who share no room with the watcher
    /// are checked again for a while, because they may just have joined the same room.
    pub async fn watch(self: Arc<Self>, socket: SocketId, actor: Actor, users: Vec<UserId>) -> Result<(), Refusal> {
        let request = self.watches.lock().begin(socket);
        let visible = self.services.presence.watchable(&actor, &users).await?;
        let mut known = visible.len();
        let is_last = self.watches.lock().replace(socket, request, visible, Instant::now());
        if !is_last || known == users.len() {
            return Ok(());
        }

        let this = self.clone();
        self.tasks.spawn("presence", async move {
            for wait in LOOK_AGAIN {
                tokio::time::sleep(wait).await;
                if this.watches.lock().last_request.get(&socket) != Some(&request) {
                    return;
                }
                // After a failure the next check makes up for it.
                let Ok(visible) = this.services.presence.watchable(&actor, &users).await else { continue };
                if visible.len() > known {
                    known = visible.len();
                    this.watches.lock().replace(socket, request, visible, Instant::now());
                }
                if known == users.len() {
                    return;
                }
            }
        });
        Ok(())
    }

    /// Handles a user's removal from a room: users who share no other room with them no longer see their presence, and
    /// get them as offline.
    pub async fn removed(&self, user: UserId) {
        let around = self.watches.lock().around(user);
        let mut unrelated: HashMap<(UserId, UserId), bool> = HashMap::new();
        for (socket, watcher, watched) in around {
            let is_unrelated = match unrelated.get(&(watcher, watched)) {
                Some(known) => *known,
                None => self.services.presence.is_unrelated(watcher, watched).await,
            };
            unrelated.insert((watcher, watched), is_unrelated);
            if !is_unrelated || !self.watches.lock().unwatch(socket, watched) {
                continue;
            }
            let offline = UserPresence { user: watched, status: PresenceStatus::Offline, last_seen: None };
            let message = message(vec![interpreter::presence(&offline)], false);
            self.follow.drive(|hub, effects| hub.enqueue(socket, message, effects));
        }
    }

    /// Refreshes and sends presence until the node ends.
    pub async fn run(self: Arc<Self>) {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut refreshed = Instant::now();
        loop {
            let now = second.tick().await;
            if now - refreshed >= PRESENCE_REFRESH {
                refreshed = now;
                self.refresh().await;
            }
            self.send_changes(now).await;
        }
    }

    async fn refresh(&self) {
        let here: Vec<(UserId, String, PresenceStatus)> = {
            let watches = self.watches.lock();
            watches.here.values().map(|(user, conn)| (*user, conn.to_string(), PresenceStatus::Online)).collect()
        };
        for batch in here.chunks(REFRESH_BATCH) {
            self.services.presence.refresh(batch).await;
        }
    }

    async fn send_changes(&self, now: Instant) {
        let changed = self.services.presence.changed().await;
        let (changes, due) = {
            let mut watches = self.watches.lock();
            (watches.changes(changed), watches.due(now))
        };
        let mut messages: Vec<(SocketId, Outgoing)> = Vec::with_capacity(changes.len() + due.len());
        for (socket, users) in changes {
            messages.push((socket, message(users, false)));
        }
        for (socket, users) in due {
            // A node follows every change, so it always has a list.
            let mut present = self.services.presence.of(&users).await.unwrap_or_default();
            present.retain(|presence| presence.status > PresenceStatus::Offline || presence.last_seen.is_some());
            messages.push((socket, message(present.iter().map(interpreter::presence).collect(), true)));
        }
        self.follow.drive(|hub, effects| {
            for (socket, message) in messages {
                hub.enqueue(socket, message, effects);
            }
        });
    }
}

fn message(users: Vec<PresenceEntry>, full: bool) -> Outgoing {
    Outgoing::Shared(Delivery::new(SharedMessage::Presence { users, full }))
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn user(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    fn online(n: u128) -> UserPresence {
        UserPresence { user: user(n), status: PresenceStatus::Online, last_seen: Some(Timestamp(0)) }
    }

    #[test]
    fn only_the_last_request_of_a_socket_counts() {
        let mut watches = Watches::default();
        let now = Instant::now();
        watches.connect(1, user(1), "c1".into());
        let (first, second) = (watches.begin(1), watches.begin(1));
        assert!(watches.replace(1, second, vec![user(2)], now));
        assert!(!watches.replace(1, first, vec![user(3)], now), "it arrives too late");
        assert_eq!(watches.due(now), [(1, vec![user(2)])]);
        assert!(watches.replace(1, second, vec![user(2), user(4)], now), "another user turned out to share a room");
        watches.disconnect(1);
        assert!(!watches.replace(1, second, vec![user(2)], now), "the socket is closed");
        assert!(watches.last_request.is_empty());
    }

    #[test]
    fn a_socket_gets_the_presence_of_users_it_watches_and_of_no_others() {
        let mut watches = Watches::default();
        let now = Instant::now();
        watches.connect(1, user(1), "c1".into());
        watches.connect(2, user(2), "c2".into());
        watches.watch(1, vec![user(2), user(3)], now);
        watches.watch(2, vec![user(3)], now);
        watches.watch(2, vec![user(1)], now);
        let changes = watches.changes(vec![online(1), online(3)]);
        let names = |socket| changes[&socket].iter().map(|entry| entry.user.clone()).collect::<Vec<_>>();
        assert_eq!(names(1), [user(3).to_string()]);
        assert_eq!(names(2), [user(1).to_string()], "the newer list replaces the older");
    }

    #[test]
    fn the_full_list_is_sent_at_once_and_then_every_minute() {
        let mut watches = Watches::default();
        let now = Instant::now();
        watches.connect(1, user(1), "c1".into());
        watches.watch(1, vec![user(2)], now);
        assert_eq!(watches.due(now), [(1, vec![user(2)])]);
        assert!(watches.due(now + PRESENCE_FULL / 2).is_empty());
        assert_eq!(watches.due(now + PRESENCE_FULL).len(), 1);
    }

    #[test]
    fn a_user_can_be_removed_from_a_list() {
        let mut watches = Watches::default();
        let now = Instant::now();
        for socket in [1, 2] {
            watches.connect(socket, user(socket.into()), format!("c{socket}").into());
        }
        watches.watch(1, vec![user(1), user(2), user(3)], now);
        watches.watch(2, vec![user(1)], now);
        let mut around = watches.around(user(1));
        around.sort_unstable();
        assert_eq!(around, [(1, user(1), user(2)), (1, user(1), user(3)), (2, user(2), user(1))]);
        assert!(watches.unwatch(1, user(2)) && !watches.unwatch(1, user(2)));
        assert!(watches.changes(vec![online(2)]).is_empty());
        assert_eq!(watches.due(now).iter().find(|(socket, _)| *socket == 1), Some(&(1, vec![user(1), user(3)])));
    }

    #[test]
    fn a_closed_socket_watches_no_user() {
        let mut watches = Watches::default();
        let now = Instant::now();
        watches.connect(1, user(1), "c1".into());
        watches.watch(1, vec![user(2)], now);
        assert_eq!(watches.disconnect(1), Some((user(1), "c1".into())));
        assert!(watches.by_user.is_empty() && watches.changes(vec![online(2)]).is_empty());
        watches.watch(1, vec![user(2)], now);
        assert!(watches.by_user.is_empty(), "a late answer for a closed socket");
    }
}
