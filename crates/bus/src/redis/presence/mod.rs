//! Presence and typing on Redis: state that expires, refreshed by the nodes and changed by atomic scripts.
//!
//! Redis is never the only source: while it is down, each node uses its own view, and sends all of it when Redis is
//! back. Users are spread over [`SHARDS`] shards, whose keys share a hash tag, so that it also works on a Cluster.

mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::limits::{PRESENCE_BATCH, PRESENCE_REMEMBERED};
use async_trait::async_trait;
use domain::limits::{PAGE_ROWS, PRESENCE_LIFE, TYPING_LIFE};
use domain::{PresenceStatus, RoomId, Timestamp, UserId};
use futures_util::future::join_all;
use parking_lot::Mutex;
use redis::{FromRedisValue, Value};
use service::limits::PRESENCE_CONNECTIONS;
use service::ports::{PresenceStore, UserPresence};

use self::view::{Said, View};
use super::RedisSettings;
use super::link::Link;
use super::script::{CHANGES, Call, GET, ONLINE, REFRESH, REMOVE, TYPING_GET, TYPING_SET};

/// The number of parts of the state. All nodes of an installation must have the same number.
const SHARDS: usize = 8;
/// The pages of changes that one call reads from a shard; the next call continues.
const PAGES: usize = 20;

/// One node's access to presence.
pub struct RedisPresence {
    link: Arc<Link>,
    prefix: String,
    server_clock: bool,
    view: Mutex<View>,
    /// The cursor in each shard's changes. Locked during a read, so that two reads do not report the same change.
    cursors: tokio::sync::Mutex<[Cursor; SHARDS]>,
}

/// The cursor in one shard's changes.
#[derive(Default, Clone)]
struct Cursor {
    life: String,
    version: i64,
}

/// A page of a shard's changes.
struct Page {
    cursor: Cursor,
    more: bool,
    said: Vec<Said>,
}

/// A connection to send to Redis: user, name, status, and the remaining milliseconds or -1 for the full time.
type Line = (UserId, String, PresenceStatus, i64);

impl RedisPresence {
    pub(super) fn new(link: Arc<Link>, settings: &RedisSettings) -> RedisPresence {
        RedisPresence {
            link,
            prefix: settings.prefix.clone(),
            server_clock: settings.server_clock,
            view: Mutex::default(),
            cursors: tokio::sync::Mutex::default(),
        }
    }

    fn time(&self, now: Timestamp) -> i64 {
        if self.server_clock { -1 } else { now.0 }
    }

    fn call(&self, now: Timestamp, shard: usize) -> Call {
        let key = |part: &str| format!("{{{}:presence:{shard}}}:{part}", self.prefix);
        Call::on(["users", "alive", "changes", "gone", "meta"].map(key))
            .arg(self.time(now))
            .arg(format!("{:016x}", rand::random::<u64>()))
            .arg(PRESENCE_REMEMBERED / SHARDS)
    }

    fn typing_call(&self, now: Timestamp, room: RoomId) -> Call {
        Call::on([format!("{{{}:typing:{room}}}", self.prefix)]).arg(self.time(now))
    }

    /// Sends connections to Redis. Returns whether Redis now knows all of them.
    async fn tell(&self, now: Timestamp, lines: Vec<Line>) -> bool {
        let mut by_shard: BTreeMap<usize, Vec<Line>> = BTreeMap::new();
        for line in lines {
            by_shard.entry(shard_of(line.0)).or_default().push(line);
        }
        let calls =
            by_shard.iter().flat_map(|(shard, lines)| lines.chunks(PRESENCE_BATCH).map(move |part| (shard, part)));
        let calls = calls.map(|(shard, lines)| async move {
            let mut call = self.call(now, *shard).arg(PRESENCE_LIFE.as_millis() as u64).arg(PRESENCE_CONNECTIONS);
            for (user, id, status, left) in lines {
                call.push(user.0.as_bytes());
                call.push(id);
                call.push(rank(*status));
                call.push(*left);
            }
            REFRESH.call::<String>(&self.link, &call).await.is_some()
        });
        join_all(calls).await.into_iter().all(|sent| sent)
    }

    /// Returns what Redis has for these users, including those it does not know; none if it does not answer.
    async fn ask(&self, now: Timestamp, users: &[UserId]) -> Option<Vec<Said>> {
        let mut by_shard: BTreeMap<usize, Vec<UserId>> = BTreeMap::new();
        for user in users {
            by_shard.entry(shard_of(*user)).or_default().push(*user);
        }
        let calls =
            by_shard.iter().flat_map(|(shard, users)| users.chunks(PRESENCE_BATCH).map(move |part| (shard, part)));
        let calls = calls.map(|(shard, users)| async move {
            let mut call = self.call(now, *shard);
            users.iter().for_each(|user| call.push(user.0.as_bytes()));
            let answer: Vec<i64> = GET.call(&self.link, &call).await?;
            let said = users.iter().zip(answer.chunks_exact(3)).map(|(user, is)| said(*user, is[0], is[1], is[2]));
            Some(said.collect::<Vec<Said>>())
        });
        join_all(calls).await.into_iter().collect::<Option<Vec<_>>>().map(|parts| parts.concat())
    }

    /// Reads the next changes of a shard.
    async fn page(&self, now: Timestamp, shard: usize, cursor: &Cursor) -> Option<Page> {
        let call = self.call(now, shard).arg(&cursor.life).arg(cursor.version);
        Page::read(CHANGES.call(&self.link, &call).await?)
    }

    /// Reads all changes of all shards since the last call; none if Redis does not answer. Also returns whether one of
    /// them lost its data.
    async fn look(&self, now: Timestamp, cursors: &mut [Cursor; SHARDS]) -> Option<(Vec<Said>, bool)> {
        let looks = cursors.iter_mut().enumerate().map(|(shard, cursor)| async move {
            let (mut all, mut forgot) = (Vec::new(), false);
            for _ in 0..PAGES {
                let Page { cursor: next, more, said } = self.page(now, shard, cursor).await?;
                forgot |= !cursor.life.is_empty() && cursor.life != next.life;
                *cursor = next;
                all.extend(said);
                if !more {
                    break;
                }
            }
            Some((all, forgot))
        });
        let looks = join_all(looks).await.into_iter().collect::<Option<Vec<_>>>()?;
        let forgot = looks.iter().any(|(_, forgot)| *forgot);
        Some((looks.into_iter().flat_map(|(said, _)| said).collect(), forgot))
    }

    /// Returns this node's answer for the users, with or without an answer of Redis.
    fn judged(&self, now: Timestamp, users: &[UserId], said: Option<Vec<Said>>) -> Vec<UserPresence> {
        let view = self.view.lock();
        match said {
            None => users.iter().map(|user| view.unknown(now, *user)).collect(),
            Some(said) => {
                let mut by_user: BTreeMap<UserId, Said> =
                    said.into_iter().map(|said| (said.presence.user, said)).collect();
                let judged = users.iter().map(|user| match by_user.get_mut(user) {
                    Some(said) => view.judge(now, said.clone()),
                    None => view.unknown(now, *user),
                });
                judged.collect()
            }
        }
    }
}

impl Page {
    fn read(answer: Vec<Value>) -> Option<Page> {
        let [life, version, more, changed @ ..] = &answer[..] else { return None };
        let cursor = Cursor { life: read(life)?, version: read(version)? };
        let said = changed.chunks_exact(4).map(|is| {
            let user: [u8; 16] = read::<Vec<u8>>(&is[0])?.try_into().ok()?;
            let user = UserId(uuid::Uuid::from_bytes(user));
            Some(said(user, read(&is[1])?, read(&is[2])?, read(&is[3])?))
        });
        Some(Page { cursor, more: read::<i64>(more)? != 0, said: said.collect::<Option<_>>()? })
    }
}

fn read<T: FromRedisValue>(value: &Value) -> Option<T> {
    redis::from_redis_value(value.clone()).ok()
}

fn said(user: UserId, status: i64, last_seen: i64, ran_out: i64) -> Said {
    let status = match status {
        2 => PresenceStatus::Online,
        1 => PresenceStatus::Away,
        _ => PresenceStatus::Offline,
    };
    let last_seen = (last_seen > 0).then_some(Timestamp(last_seen));
    Said { presence: UserPresence { user, status, last_seen }, ran_out: ran_out != 0 }
}

fn rank(status: PresenceStatus) -> u8 {
    match status {
        PresenceStatus::Offline => 0,
        PresenceStatus::Away => 1,
        PresenceStatus::Online => 2,
    }
}

fn shard_of(user: UserId) -> usize {
    // The last byte of every kind of UUID that is used here is random.
    usize::from(user.0.as_bytes()[15]) % SHARDS
}

#[async_trait]
impl PresenceStore for RedisPresence {
    async fn refresh(&self, now: Timestamp, connections: &[(UserId, String, PresenceStatus)]) {
        self.view.lock().refresh(now, connections);
        let lines = connections.iter().map(|(user, id, status)| (*user, id.clone(), *status, -1)).collect();
        if !self.tell(now, lines).await {
            self.view.lock().silent(now);
        }
    }

    async fn remove(&self, now: Timestamp, user: UserId, connection: &str) {
        self.view.lock().remove(user, Some(connection));
        let call = self.call(now, shard_of(user)).arg(user.0.as_bytes()).arg(connection);
        if REMOVE.call::<i64>(&self.link, &call).await.is_none() {
            self.view.lock().silent(now);
        }
    }

    async fn remove_user(&self, now: Timestamp, user: UserId) {
        self.view.lock().remove(user, None);
        let call = self.call(now, shard_of(user)).arg(user.0.as_bytes());
        if REMOVE.call::<i64>(&self.link, &call).await.is_none() {
            self.view.lock().silent(now);
        }
    }

    async fn changed(&self, now: Timestamp) -> Vec<UserPresence> {
        let mut cursors = self.cursors.lock().await;
        self.view.lock().follow();
        if self.view.lock().is_silent() {
            // First this node sends its own connections, then it reads the changes of other nodes.
            let held = self.view.lock().held(now);
            if !self.link.is_up() || !self.tell(now, held).await {
                return self.view.lock().alone(now);
            }
            self.view.lock().hold(now);
        }
        let Some((said, forgot)) = self.look(now, &mut cursors).await else { return self.view.lock().alone(now) };
        if forgot {
            tracing::warn!("redis lost its presence data, sending it again and declaring no user offline meanwhile");
            self.view.lock().hold(now);
        }
        let (mut changed, missing) = self.view.lock().learn(now, said);
        if forgot || missing {
            let held = self.view.lock().held(now);
            if !self.tell(now, held).await {
                self.view.lock().silent(now);
            }
        }
        let left = self.view.lock().after_hold(now);
        if let Some(users) = left {
            match self.ask(now, &users).await {
                Some(said) => changed.extend(self.view.lock().learn(now, said).0),
                None => self.view.lock().silent(now),
            }
        }
        changed
    }

    async fn get(&self, now: Timestamp, users: &[UserId]) -> Option<Vec<UserPresence>> {
        let said = self.ask(now, users).await;
        let is_known = said.is_some() || self.view.lock().knows(now, users);
        is_known.then(|| self.judged(now, users, said))
    }

    async fn online(&self, now: Timestamp) -> u64 {
        let calls =
            (0..SHARDS).map(|shard| async move { ONLINE.call::<u64>(&self.link, &self.call(now, shard)).await });
        let counted: Option<u64> = join_all(calls).await.into_iter().sum();
        let view = self.view.lock();
        match counted {
            Some(counted) if view.holds(now) => counted.max(view.online(now)),
            Some(counted) => counted,
            None => view.online(now),
        }
    }

    async fn set_typing(&self, now: Timestamp, room: RoomId, user: UserId, on: bool) {
        let call = self.typing_call(now, room).arg(TYPING_LIFE.as_millis() as u64);
        TYPING_SET.call::<i64>(&self.link, &call.arg(user.0.as_bytes()).arg(u8::from(on))).await;
    }

    async fn typing(&self, now: Timestamp, room: RoomId) -> Vec<UserId> {
        let call = self.typing_call(now, room).arg(PAGE_ROWS);
        let found: Vec<Vec<u8>> = TYPING_GET.call(&self.link, &call).await.unwrap_or_default();
        let user = |bytes: Vec<u8>| Some(UserId(uuid::Uuid::from_bytes(bytes.try_into().ok()?)));
        let mut typing: Vec<UserId> = found.into_iter().filter_map(user).collect();
        typing.sort_unstable();
        typing
    }

    async fn check(&self) -> bool {
        self.link.is_up()
    }
}
