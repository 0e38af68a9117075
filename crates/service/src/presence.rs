//! Presence and typing, limited to what each user may see.
//!
//! Never durable and never a source of truth: it is rebuilt by the next refresh. Typing travels on the bus and to the
//! listeners of this node; no log contains it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::limits::{PRESENCE_ASKING, PRESENCE_CLIENT, PRESENCE_LIST, PRESENCE_LOOK_UPS, PRESENCE_LOOKED_AT};
use domain::limits::{PAGE_ROWS, WATCHED_USERS};
use domain::{Actor, Code, LogId, PresenceStatus, Refusal, Role, RoomId, User, UserId};
use futures_util::{StreamExt, stream};
use parking_lot::RwLock;

use crate::access::{Access, RoomRef};
use crate::clock::Clock;
use crate::ports::{Bus, BusMessage, PresenceStore, Store, StoreError, Typing, UserPresence};
use crate::throttle::Throttle;
use crate::user_cache::UserCache;

/// The pause before a user who seems to share no room is checked again: the users' rows of a room follow its log by a
/// few milliseconds, and users look at each other as soon as they have met.
const ROWS_FOLLOW: Duration = Duration::from_millis(150);

/// Milliseconds after which a client asks again for presence that is not available.
const RETRY_MS: u64 = 5_000;

/// Concurrent look-ups of shared rooms for one `watch`.
const LOOK_UPS: usize = 8;

/// Receives typing that was reported to this node; other nodes receive it on the bus.
pub trait TypingListener: Send + Sync {
    /// Receives that a user started or stopped typing. Must never block.
    fn typing(&self, typing: &Typing);
}

/// The use cases of presence.
pub struct Presence {
    store: Store,
    state: Arc<dyn PresenceStore>,
    access: Arc<Access>,
    user_cache: Arc<UserCache>,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    listeners: RwLock<Vec<Arc<dyn TypingListener>>>,
    /// Limits how many users each user asks for.
    look_ups: Throttle<UserId>,
}

impl Presence {
    /// Creates the use cases from their parts.
    pub fn new(
        store: Store,
        state: Arc<dyn PresenceStore>,
        access: Arc<Access>,
        user_cache: Arc<UserCache>,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        let look_ups = Throttle::new(PRESENCE_LOOK_UPS, Duration::from_secs(10), PRESENCE_ASKING);
        Arc::new(Presence { store, state, access, user_cache, bus, clock, listeners: RwLock::default(), look_ups })
    }

    /// Adds a listener, which receives typing on this node from now on.
    pub fn add_listener(&self, listener: Arc<dyn TypingListener>) {
        self.listeners.write().push(listener);
    }

    /// Records that a socket was opened.
    pub async fn connected(&self, user: UserId, connection: &str) {
        self.refresh(&[(user, connection.to_owned(), PresenceStatus::Online)]).await;
    }

    /// Refreshes open sockets. The node that holds them calls it every 10 s.
    pub async fn refresh(&self, connections: &[(UserId, String, PresenceStatus)]) {
        self.state.refresh(self.clock.now(), connections).await;
    }

    /// Records that a socket was closed.
    pub async fn disconnected(&self, user: UserId, connection: &str) {
        self.state.remove(self.clock.now(), user, connection).await;
    }

    /// Returns the users whose status changed since this node last asked.
    pub async fn changed(&self) -> Vec<UserPresence> {
        self.state.changed(self.clock.now()).await
    }

    /// Returns how many users are online.
    pub async fn online(&self) -> u64 {
        self.state.online(self.clock.now()).await
    }

    /// Returns the presence of users who were checked with [`Presence::watchable`]. Returns `unavailable` if it is not
    /// known, which differs from offline.
    pub async fn of(&self, users: &[UserId]) -> Result<Vec<UserPresence>, Refusal> {
        let unknown =
            || Refusal::unavailable("Presence is not available right now. Please retry in a moment.", RETRY_MS);
        self.state.get(self.clock.now(), users).await.ok_or_else(unknown)
    }

    /// Returns those of `users` whom the caller may watch: themselves, and users who share a room with them and do not
    /// block them. Returns
    /// `bad_request` for more than [`WATCHED_USERS`], and `rate_limited` for a caller who asks for too many users.
    pub async fn watchable(&self, actor: &Actor, users: &[UserId]) -> Result<Vec<UserId>, Refusal> {
        let users: BTreeSet<UserId> = users.iter().copied().collect();
        if users.len() > WATCHED_USERS {
            return Err(Refusal::bad_request(format!("You can watch at most {WATCHED_USERS} users.")));
        }
        if let Err(wait) = self.look_ups.take_many(actor.user, self.clock.elapsed(), users.len() as u32) {
            let refusal =
                Refusal::new(Code::RateLimited, "You ask for the presence of too many users. Please wait a moment.");
            return Err(refusal.retry_in(wait.as_millis() as u64 + 1));
        }

        // One read for all, so that ids of nobody cost no look-up each.
        let users: Vec<UserId> = self.user_cache.users(users.into_iter().collect()).await?.into_keys().collect();
        let blocked = self.store.users.blocked_by(&users, actor.user).await?;
        let users = users.into_iter().filter(|user| !blocked.contains(user));
        let (mut watchable, unrelated) = self.sort_out(actor, users).await?;
        if !unrelated.is_empty() {
            tokio::time::sleep(ROWS_FOLLOW).await;
            watchable.extend(self.sort_out(actor, unrelated).await?.0);
        }
        watchable.sort_unstable();
        Ok(watchable)
    }

    /// Returns whether a user may not watch another (any more): they share no room, or are blocked. Also true if that
    /// cannot be determined, so that presence is not revealed.
    pub async fn is_unrelated(&self, watcher: UserId, watched: UserId) -> bool {
        let related = async {
            let shares = self.store.rooms.share_a_room(watcher, watched, None).await?;
            Ok::<bool, StoreError>(shares && self.store.users.blocked_by(&[watched], watcher).await?.is_empty())
        };
        watcher != watched && !related.await.unwrap_or(false)
    }

    /// Splits `users` into those who share a room with the caller (or are the caller), and the others.
    async fn sort_out(
        &self,
        actor: &Actor,
        users: impl IntoIterator<Item = UserId>,
    ) -> Result<(Vec<UserId>, Vec<UserId>), Refusal> {
        let me = actor.user;
        let look_ups: Vec<_> =
            users.into_iter().map(async |user| (user, self.store.rooms.share_a_room(me, user, None).await)).collect();
        let mut looked_up = stream::iter(look_ups).buffer_unordered(LOOK_UPS);
        let (mut known, mut unrelated) = (Vec::new(), Vec::new());
        while let Some((user, shares)) = looked_up.next().await {
            let list = if shares? || user == me { &mut known } else { &mut unrelated };
            list.push(user);
        }
        Ok((known, unrelated))
    }

    /// Records that a client without a socket is online, for `domain::limits::PRESENCE_LIFE`. Several clients of one
    /// user have different names. Returns `bad_request` for `offline`.
    pub async fn heartbeat(
        &self,
        actor: &Actor,
        status: PresenceStatus,
        client: Option<&str>,
    ) -> Result<UserPresence, Refusal> {
        if status == PresenceStatus::Offline {
            return Err(Refusal::bad_request(
                "A heartbeat must say `online` or `away`. To go offline, DELETE the presence.",
            ));
        }
        let client = client.unwrap_or_default();
        if client.len() > PRESENCE_CLIENT {
            return Err(Refusal::bad_request(format!("The client's name can have at most {PRESENCE_CLIENT} bytes.")));
        }
        let connection = match actor.session {
            Some(session) => format!("rest:{session}:{client}"),
            None => format!("rest::{client}"),
        };
        self.refresh(&[(actor.user, connection, status)]).await;
        self.one(actor.user).await
    }

    /// Signs the caller off with all their connections. Sockets that are still open reappear with their next refresh.
    pub async fn leave(&self, actor: &Actor) {
        self.state.remove_user(self.clock.now(), actor.user).await;
    }

    /// Returns a user's presence. Returns `not_found` if they share no room with the caller.
    pub async fn get(&self, actor: &Actor, user: UserId) -> Result<UserPresence, Refusal> {
        match self.watchable(actor, &[user]).await?.is_empty() {
            false => self.one(user).await,
            true => Err(Refusal::not_found("There is no such user, or you share no room with them.")),
        }
    }

    async fn one(&self, user: UserId) -> Result<UserPresence, Refusal> {
        let found = self.of(&[user]).await?.into_iter().next();
        Ok(found.unwrap_or(UserPresence { user, status: PresenceStatus::Offline, last_seen: None }))
    }

    /// Returns users who share a room with the caller and are not offline, in order of id, after `after`, and whether
    /// there may be more. Examines at most `PRESENCE_LOOKED_AT` member rows, so it returns a part of larger rooms
    /// (clients ask for the users they display: [`Presence::get`], `watch`).
    pub async fn list(
        &self,
        actor: &Actor,
        after: Option<UserId>,
        limit: Option<usize>,
    ) -> Result<(Vec<UserPresence>, bool), Refusal> {
        let limit = limit.unwrap_or(PRESENCE_LIST).clamp(1, PRESENCE_LIST);
        let people: Vec<UserId> = self.people_around(actor).await?.into_iter().collect();
        let blocked = self.store.users.blocked_by(&people, actor.user).await?;
        let is_asked = |user: &UserId| after.is_none_or(|after| *user > after) && !blocked.contains(user);
        let asked: Vec<UserId> = people.into_iter().filter(is_asked).collect();
        let mut found = self.of(&asked).await?;
        found.retain(|presence| presence.status > PresenceStatus::Offline);
        found.sort_unstable_by_key(|presence| presence.user);
        let more = found.len() > limit;
        found.truncate(limit);
        Ok((found, more))
    }

    async fn people_around(&self, actor: &Actor) -> Result<BTreeSet<UserId>, Refusal> {
        let mut people = BTreeSet::from([actor.user]);
        let (mut looked_at, mut last_room) = (0, None);
        loop {
            let rooms = self.store.rooms.user_rooms(actor.user, last_room, PAGE_ROWS).await?;
            for line in rooms.iter().filter(|line| line.row.is_own()) {
                if let Some(other) = line.room.other(actor.user) {
                    // A user whom the caller asked shows nothing before they accept.
                    let theirs = self.store.rooms.user_room(other, line.room.id).await?;
                    people.extend(theirs.is_some_and(|row| row.is_own()).then_some(other));
                    looked_at += 1;
                    if looked_at >= PRESENCE_LOOKED_AT {
                        return Ok(people);
                    }
                    continue;
                }
                let mut last_member = None;
                loop {
                    let members = self.store.rooms.members(line.room.id, last_member, PAGE_ROWS).await?;
                    looked_at += members.len() + 1;
                    people.extend(members.iter().filter(|member| member.is_joined()).map(|member| member.user));
                    last_member = members.last().map(|member| member.user);
                    if looked_at >= PRESENCE_LOOKED_AT {
                        return Ok(people);
                    }
                    if members.len() < PAGE_ROWS {
                        break;
                    }
                }
            }
            last_room = rooms.last().map(|line| line.room.id);
            if rooms.len() < PAGE_ROWS {
                return Ok(people);
            }
        }
    }

    /// Records that the caller started or stopped typing in a room. Returns `not_found` for a room that they may not
    /// see, `forbidden` for one that they have not joined, `muted` for one where they cannot send.
    pub async fn typing(&self, actor: &Actor, room: &RoomRef, on: bool) -> Result<(), Refusal> {
        let seen = self.access.room(actor, room).await?;
        let member = seen.member.as_ref().filter(|member| member.is_joined());
        let Some(member) = member else { return Err(Refusal::forbidden("Join the room first.")) };
        let now = self.clock.now();
        if on && member.is_muted(now) {
            return Err(Refusal::new(Code::Muted, "You are muted in this room."));
        }
        if on && member.role == Role::ReadOnly {
            return Err(Refusal::forbidden("You have read-only access to this room."));
        }
        let typing = Typing { room: seen.room.id, user: actor.user, on };
        self.state.set_typing(now, typing.room, typing.user, on).await;
        for listener in self.listeners.read().iter() {
            listener.typing(&typing);
        }
        self.bus.publish(LogId::Room(typing.room), BusMessage::Typing(typing)).await;
        Ok(())
    }

    /// Returns who is typing in a room that the caller may read.
    pub async fn typists(&self, actor: &Actor, room: &RoomRef) -> Result<Vec<User>, Refusal> {
        let seen = self.access.room(actor, room).await?;
        if seen.range().is_empty() {
            return Err(Refusal::forbidden("Accept the invitation to this room first."));
        }
        let room: RoomId = seen.room.id;
        let mut typing = self.state.typing(self.clock.now(), room).await;
        typing.truncate(PAGE_ROWS);
        let mut users: HashMap<UserId, User> = self.user_cache.users(typing.clone()).await?;
        Ok(typing.iter().filter_map(|user| users.remove(user)).collect())
    }

    /// Checks whether the state can be reached. For `/health`.
    pub async fn check(&self) -> bool {
        self.state.check().await
    }
}
