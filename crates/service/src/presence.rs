//! Who is there and who types: for whom one may see.
//!
//! Never durable and never the truth about anything: it is rebuilt by the next refresh. Typing travels
//! on the bus and to the listeners of this node; nothing of it stands in a log.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::limits::{PRESENCE_CLIENT, PRESENCE_LIST, PRESENCE_LOOKED_AT};
use domain::limits::{PAGE_ROWS, WATCHED_USERS};
use domain::{Actor, Code, LogId, MemberState, PresenceStatus, Refusal, Role, RoomId, User, UserId};
use futures_util::{StreamExt, stream};
use parking_lot::RwLock;

use crate::access::{Access, RoomRef};
use crate::clock::Clock;
use crate::ports::{Bus, BusMessage, PresenceStore, Store, Typing, UserPresence};
use crate::user_cache::UserCache;

/// Whoever looks like a stranger is looked at again after this: the users' rows of a room follow its log
/// by a few milliseconds, and people look at each other as soon as they have met.
const ROWS_FOLLOW: Duration = Duration::from_millis(150);

/// After how long one asks again for presence that cannot be told.
const RETRY_MS: u64 = 5_000;

/// Look-ups of shared rooms at the same time, for one `watch`.
const LOOK_UPS: usize = 8;

/// Hears who types, as this node was told of it; other nodes hear it on the bus.
pub trait TypingListener: Send + Sync {
    /// Somebody types or stopped. Never blocks.
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
}

impl Presence {
    /// From its parts.
    pub fn new(
        store: Store,
        state: Arc<dyn PresenceStore>,
        access: Arc<Access>,
        user_cache: Arc<UserCache>,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        Arc::new(Presence { store, state, access, user_cache, bus, clock, listeners: RwLock::default() })
    }

    /// From now on `listener` hears who types on this node.
    pub fn add_listener(&self, listener: Arc<dyn TypingListener>) {
        self.listeners.write().push(listener);
    }

    /// A socket is there.
    pub async fn connected(&self, user: UserId, connection: &str) {
        self.refresh(&[(user, connection.to_owned(), PresenceStatus::Online)]).await;
    }

    /// These sockets are still there: called every 10 s by the node that holds them.
    pub async fn refresh(&self, connections: &[(UserId, String, PresenceStatus)]) {
        self.state.refresh(self.clock.now(), connections).await;
    }

    /// A socket is gone.
    pub async fn disconnected(&self, user: UserId, connection: &str) {
        self.state.remove(self.clock.now(), user, connection).await;
    }

    /// Users whose status changed since this node last asked.
    pub async fn changed(&self) -> Vec<UserPresence> {
        self.state.changed(self.clock.now()).await
    }

    /// How many people are there.
    pub async fn online(&self) -> u64 {
        self.state.online(self.clock.now()).await
    }

    /// The presence of users who were checked with [`Presence::watchable`]. `unavailable` when it cannot be told, which
    /// is not the same as offline.
    pub async fn of(&self, users: &[UserId]) -> Result<Vec<UserPresence>, Refusal> {
        let unknown = || Refusal::unavailable("Presence is not available right now. Please retry in a moment.", RETRY_MS);
        self.state.get(self.clock.now(), users).await.ok_or_else(unknown)
    }

    /// Those of `users` whom the caller may watch: themselves, and who shares a room with them.
    /// `bad_request` for more than [`WATCHED_USERS`].
    pub async fn watchable(&self, actor: &Actor, users: &[UserId]) -> Result<Vec<UserId>, Refusal> {
        let users: BTreeSet<UserId> = users.iter().copied().collect();
        if users.len() > WATCHED_USERS {
            return Err(Refusal::bad_request(format!("You can watch at most {WATCHED_USERS} users.")));
        }
        let (mut watchable, strangers) = self.sort_out(actor, users).await?;
        if !strangers.is_empty() {
            tokio::time::sleep(ROWS_FOLLOW).await;
            watchable.extend(self.sort_out(actor, strangers).await?.0);
        }
        watchable.sort_unstable();
        Ok(watchable)
    }

    /// Whether two people share no room (any more). Also when that cannot be found out: then it is not told.
    pub async fn are_strangers(&self, one: UserId, other: UserId) -> bool {
        one != other && !self.store.rooms.share_a_room(one, other).await.unwrap_or(false)
    }

    /// Those who share a room with the caller (or are the caller), and the others.
    async fn sort_out(
        &self,
        actor: &Actor,
        users: impl IntoIterator<Item = UserId>,
    ) -> Result<(Vec<UserId>, Vec<UserId>), Refusal> {
        let me = actor.user;
        let look_ups: Vec<_> =
            users.into_iter().map(async |user| (user, self.store.rooms.share_a_room(me, user).await)).collect();
        let mut looked_up = stream::iter(look_ups).buffer_unordered(LOOK_UPS);
        let (mut known, mut strangers) = (Vec::new(), Vec::new());
        while let Some((user, shares)) = looked_up.next().await {
            let list = if shares? || user == me { &mut known } else { &mut strangers };
            list.push(user);
        }
        Ok((known, strangers))
    }

    /// A client without a socket is there, until `domain::limits::PRESENCE_LIFE` is over. Several of one
    /// user have a name each. `bad_request` for `offline`.
    pub async fn heartbeat(
        &self,
        actor: &Actor,
        status: PresenceStatus,
        client: Option<&str>,
    ) -> Result<UserPresence, Refusal> {
        if status == PresenceStatus::Offline {
            return Err(Refusal::bad_request("A heartbeat must say `online` or `away`. To go offline, DELETE the presence."));
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

    /// The caller is gone, with all their connections. Sockets that still live come back with their
    /// next refresh.
    pub async fn leave(&self, actor: &Actor) {
        self.state.remove_user(self.clock.now(), actor.user).await;
    }

    /// Somebody's presence. `not_found` for a stranger: one who shares no room with the caller.
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

    /// Those who share a room with the caller and are not offline, in order of id, after `after`; and
    /// whether there may be more. At most `PRESENCE_LOOKED_AT` member rows are looked at: in
    /// larger rooms it is a part of them (one asks for whom one sees: [`Presence::get`], `watch`).
    pub async fn list(
        &self,
        actor: &Actor,
        after: Option<UserId>,
        limit: Option<usize>,
    ) -> Result<(Vec<UserPresence>, bool), Refusal> {
        let limit = limit.unwrap_or(PRESENCE_LIST).clamp(1, PRESENCE_LIST);
        let people = self.people_around(actor).await?;
        let asked: Vec<UserId> = people.into_iter().filter(|user| after.is_none_or(|after| *user > after)).collect();
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
            for line in rooms.iter().filter(|line| line.row.state == MemberState::Joined) {
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

    /// The caller types in a room, or stopped. `not_found` for a room that they may not see, `forbidden`
    /// for one that they are not in, `muted` for one where they cannot send.
    pub async fn typing(&self, actor: &Actor, room: &RoomRef, on: bool) -> Result<(), Refusal> {
        let seen = self.access.room(actor, room).await?;
        let member = seen.member.as_ref().filter(|member| member.is_joined());
        let Some(member) = member else { return Err(Refusal::forbidden("Join the room first.")) };
        let now = self.clock.now();
        if on && member.is_muted(now) {
            return Err(Refusal::new(Code::Muted, "You are muted in this room."));
        }
        if on && member.role == Role::ReadOnly {
            return Err(Refusal::forbidden("You can only read in this room."));
        }
        let typing = Typing { room: seen.room.id, user: actor.user, on };
        self.state.set_typing(now, typing.room, typing.user, on).await;
        for listener in self.listeners.read().iter() {
            listener.typing(&typing);
        }
        self.bus.publish(LogId::Room(typing.room), BusMessage::Typing(typing)).await;
        Ok(())
    }

    /// Who types in a room that the caller may read.
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

    /// Whether the state can be reached: for `/health`.
    pub async fn check(&self) -> bool {
        self.state.check().await
    }
}
