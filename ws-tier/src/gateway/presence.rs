//! Whose presence each socket watches: refreshed each 10 s, told in batches each second, and in full
//! every 60 s, so that a lost "offline" heals.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use crate::limits::{PRESENCE_FULL, PRESENCE_REFRESH};
use domain::{Actor, PresenceStatus, Refusal, UserId};
use service::ports::UserPresence;
use tokio::time::{Instant, MissedTickBehavior};
use wire::{PresenceEntry, ServerFrame};

use super::Tier;
use realtime::encode;
use realtime::hub::SocketId;
use realtime::{Class, Frame};

/// Connections of one refresh.
const REFRESH_BATCH: usize = 1_000;

/// After how long those who looked like strangers are looked at again: where the users' rows of rooms follow a room's
/// log by a stream, that takes seconds.
const LOOK_AGAIN: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(10)];

/// Who is here, and who watches whom.
#[derive(Default)]
pub(super) struct Watches {
    here: HashMap<SocketId, (UserId, String)>,
    by_socket: HashMap<SocketId, Watch>,
    by_user: HashMap<UserId, HashSet<SocketId>>,
    /// Which question for presence was a socket's last.
    asked: HashMap<SocketId, u64>,
    questions: u64,
}

struct Watch {
    users: Vec<UserId>,
    full_at: Instant,
}

impl Watches {
    /// A socket signed in.
    pub fn connect(&mut self, socket: SocketId, user: UserId, conn: String) {
        self.here.insert(socket, (user, conn));
    }

    /// A socket is gone. Returns what it was called in the presence store.
    pub fn disconnect(&mut self, socket: SocketId) -> Option<(UserId, String)> {
        self.watch(socket, Vec::new(), Instant::now());
        self.asked.remove(&socket);
        self.here.remove(&socket)
    }

    /// The socket asks for presence: answers to what it asked before are worth nothing any more.
    fn ask(&mut self, socket: SocketId) -> u64 {
        self.questions += 1;
        if self.here.contains_key(&socket) {
            self.asked.insert(socket, self.questions);
        }
        self.questions
    }

    /// The answer to a question; whether it still is the socket's last.
    fn answer(&mut self, socket: SocketId, question: u64, users: Vec<UserId>, now: Instant) -> bool {
        let is_last = self.asked.get(&socket) == Some(&question);
        if is_last {
            self.watch(socket, users, now);
        }
        is_last
    }

    /// From now on the socket watches these, and no others.
    pub fn watch(&mut self, socket: SocketId, users: Vec<UserId>, now: Instant) {
        for user in self.by_socket.remove(&socket).into_iter().flat_map(|watch| watch.users) {
            if let Some(sockets) = self.by_user.get_mut(&user) {
                sockets.remove(&socket);
                if sockets.is_empty() {
                    self.by_user.remove(&user);
                }
            }
        }
        if users.is_empty() || !self.here.contains_key(&socket) {
            return;
        }
        for user in &users {
            self.by_user.entry(*user).or_default().insert(socket);
        }
        self.by_socket.insert(socket, Watch { users, full_at: now });
    }

    /// Who watches `user`, and whom `user` watches: socket, watcher, watched.
    fn around(&self, user: UserId) -> Vec<(SocketId, UserId, UserId)> {
        let watched_by = self.by_user.get(&user).into_iter().flatten();
        let watched_by = watched_by.filter_map(|socket| Some((*socket, self.here.get(socket)?.0, user)));
        let own = self.here.iter().filter(|(_, (of, _))| *of == user);
        let watches = own.filter_map(|(socket, _)| Some((*socket, self.by_socket.get(socket)?)));
        let watches = watches.flat_map(|(socket, watch)| watch.users.iter().map(move |of| (socket, user, *of)));
        watched_by.chain(watches).filter(|(_, watcher, watched)| watcher != watched).collect()
    }

    /// The socket no longer watches `user`; whether it did.
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

    /// The sockets that are due for everything they watch; due again after [`PRESENCE_FULL`].
    fn due(&mut self, now: Instant) -> Vec<(SocketId, Vec<UserId>)> {
        let due = self.by_socket.iter_mut().filter(|(_, watch)| watch.full_at <= now);
        due.map(|(socket, watch)| {
            watch.full_at = now + PRESENCE_FULL;
            (*socket, watch.users.clone())
        })
        .collect()
    }

    /// What each watching socket is told of these changes.
    fn told(&self, changed: Vec<UserPresence>) -> HashMap<SocketId, Vec<PresenceEntry>> {
        let mut told: HashMap<SocketId, Vec<PresenceEntry>> = HashMap::new();
        for presence in changed {
            for socket in self.by_user.get(&presence.user).into_iter().flatten() {
                told.entry(*socket).or_default().push(encode::presence(&presence));
            }
        }
        told
    }
}

impl Tier {
    pub(super) fn watches(&self) -> MutexGuard<'_, Watches> {
        self.watches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The socket is told of those of `users` whom its user may watch. Strangers are looked at again for a while: the
    /// two may have met this very moment.
    pub(super) async fn watch(&self, socket: SocketId, actor: Actor, users: Vec<UserId>) -> Result<(), Refusal> {
        let question = self.watches().ask(socket);
        let may = self.parts.presence.watchable(&actor, &users).await?;
        let mut known = may.len();
        let is_last = self.watches().answer(socket, question, may, Instant::now());
        let Some(tier) = self.me.upgrade().filter(|_| is_last && known < users.len()) else { return Ok(()) };
        self.spawn(async move {
            for wait in LOOK_AGAIN {
                tokio::time::sleep(wait).await;
                if tier.watches().asked.get(&socket) != Some(&question) {
                    return;
                }
                // Not found out is found out at the next look.
                let Ok(may) = tier.parts.presence.watchable(&actor, &users).await else { continue };
                if may.len() > known {
                    known = may.len();
                    tier.watches().answer(socket, question, may, Instant::now());
                }
                if known == users.len() {
                    return;
                }
            }
        });
        Ok(())
    }

    async fn refresh_presence(&self) {
        let here: Vec<(UserId, String, PresenceStatus)> = {
            let watches = self.watches();
            watches.here.values().map(|(user, conn)| (*user, conn.clone(), PresenceStatus::Online)).collect()
        };
        for batch in here.chunks(REFRESH_BATCH) {
            self.parts.presence.refresh(batch).await;
        }
    }

    /// Somebody was removed from a room: those who share no other one with them are strangers now, and no longer
    /// see whether they are there. Whoever watched them is told that they are not.
    pub(super) async fn part(&self, user: UserId) {
        let around = self.watches().around(user);
        let mut strangers: HashMap<(UserId, UserId), bool> = HashMap::new();
        for (socket, watcher, watched) in around {
            let are_strangers = match strangers.get(&(watcher, watched)) {
                Some(known) => *known,
                None => self.parts.presence.are_strangers(watcher, watched).await,
            };
            strangers.insert((watcher, watched), are_strangers);
            if !are_strangers || !self.watches().unwatch(socket, watched) {
                continue;
            }
            let gone = UserPresence { user: watched, status: PresenceStatus::Offline, last_seen: None };
            let frame = ServerFrame::Presence { users: vec![encode::presence(&gone)], full: false };
            let frame = Frame::new(Class::Presence, &frame);
            self.drive(|hub, effects| hub.enqueue(socket, frame, effects));
        }
    }

    async fn tell_presence(&self, now: Instant) {
        let changed = self.parts.presence.changed().await;
        let (told, due) = {
            let mut watches = self.watches();
            (watches.told(changed), watches.due(now))
        };
        let mut frames: Vec<(SocketId, Frame)> = Vec::with_capacity(told.len() + due.len());
        for (socket, users) in told {
            frames.push((socket, Frame::new(Class::Presence, &ServerFrame::Presence { users, full: false })));
        }
        for (socket, users) in due {
            // A node follows what changes, so it always knows something.
            let mut there = self.parts.presence.of(&users).await.unwrap_or_default();
            there.retain(|presence| presence.status > PresenceStatus::Offline || presence.last_seen.is_some());
            let users = there.iter().map(encode::presence).collect();
            frames.push((socket, Frame::new(Class::Presence, &ServerFrame::Presence { users, full: true })));
        }
        self.drive(|hub, effects| {
            for (socket, frame) in frames {
                hub.enqueue(socket, frame, effects);
            }
        });
    }
}

/// Runs until the tier ends.
pub(super) async fn run(tier: Arc<Tier>) {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut refreshed = Instant::now();
    loop {
        let now = second.tick().await;
        if now - refreshed >= PRESENCE_REFRESH {
            refreshed = now;
            tier.refresh_presence().await;
        }
        tier.tell_presence(now).await;
        let clock = tier.now();
        tier.drive(|hub, effects| hub.tick(clock, effects));
        let (logs, sockets) = tier.hub().counts();
        metrics::gauge!("palaver_logs_followed").set(logs as f64);
        metrics::gauge!("palaver_sockets").set(sockets as f64);
    }
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
    fn only_the_last_question_of_a_socket_is_answered() {
        let mut watches = Watches::default();
        let now = Instant::now();
        watches.connect(1, user(1), "c1".into());
        let (first, second) = (watches.ask(1), watches.ask(1));
        assert!(watches.answer(1, second, vec![user(2)], now));
        assert!(!watches.answer(1, first, vec![user(3)], now), "it comes late");
        assert_eq!(watches.due(now), [(1, vec![user(2)])]);
        assert!(watches.answer(1, second, vec![user(2), user(4)], now), "somebody was no stranger after all");
        watches.disconnect(1);
        assert!(!watches.answer(1, second, vec![user(2)], now), "nobody is there any more");
        assert!(watches.asked.is_empty());
    }

    #[test]
    fn one_is_told_of_those_one_watches_and_of_no_others() {
        let mut watches = Watches::default();
        let now = Instant::now();
        watches.connect(1, user(1), "c1".into());
        watches.connect(2, user(2), "c2".into());
        watches.watch(1, vec![user(2), user(3)], now);
        watches.watch(2, vec![user(3)], now);
        watches.watch(2, vec![user(1)], now);
        let told = watches.told(vec![online(1), online(3)]);
        let names = |socket| told[&socket].iter().map(|entry| entry.user.clone()).collect::<Vec<_>>();
        assert_eq!(names(1), [user(3).to_string()]);
        assert_eq!(names(2), [user(1).to_string()], "the newer list replaces the older");
    }

    #[test]
    fn everything_comes_at_once_and_then_each_minute() {
        let mut watches = Watches::default();
        let now = Instant::now();
        watches.connect(1, user(1), "c1".into());
        watches.watch(1, vec![user(2)], now);
        assert_eq!(watches.due(now), [(1, vec![user(2)])]);
        assert!(watches.due(now + PRESENCE_FULL / 2).is_empty());
        assert_eq!(watches.due(now + PRESENCE_FULL).len(), 1);
    }

    #[test]
    fn one_can_be_taken_out_of_a_list() {
        let mut watches = Watches::default();
        let now = Instant::now();
        for socket in [1, 2] {
            watches.connect(socket, user(socket.into()), format!("c{socket}"));
        }
        watches.watch(1, vec![user(1), user(2), user(3)], now);
        watches.watch(2, vec![user(1)], now);
        let mut around = watches.around(user(1));
        around.sort_unstable();
        assert_eq!(around, [(1, user(1), user(2)), (1, user(1), user(3)), (2, user(2), user(1))]);
        assert!(watches.unwatch(1, user(2)) && !watches.unwatch(1, user(2)));
        assert!(watches.told(vec![online(2)]).is_empty());
        assert_eq!(watches.due(now).iter().find(|(socket, _)| *socket == 1), Some(&(1, vec![user(1), user(3)])));
    }

    #[test]
    fn who_is_gone_watches_nobody() {
        let mut watches = Watches::default();
        let now = Instant::now();
        watches.connect(1, user(1), "c1".into());
        watches.watch(1, vec![user(2)], now);
        assert_eq!(watches.disconnect(1), Some((user(1), "c1".into())));
        assert!(watches.by_user.is_empty() && watches.told(vec![online(2)]).is_empty());
        watches.watch(1, vec![user(2)], now);
        assert!(watches.by_user.is_empty(), "a late answer for a socket that is gone");
    }
}
