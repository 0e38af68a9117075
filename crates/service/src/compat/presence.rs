//! Who is online and who is typing, among the guests of the older contract and the members of public rooms.

use std::collections::BTreeSet;

use domain::compat::HANDLE_PREFIX;
use domain::limits::{PAGE_ROWS, WATCHED_USERS};
use domain::name::fold;
use domain::{Actor, CompatId, PresenceStatus, Refusal, RoomRef, Timestamp, User, UserId};

use super::limits::Write;
use super::{Compat, Visitor};
use crate::limits::{COMPAT_GUESTS_LOOKED_AT, COMPAT_ROOMS_WATCHED, PRESENCE_LOOKED_AT};
use crate::ports::UserPresence;

/// A user who is online.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompatPresence {
    /// The user.
    pub user: User,
    /// When they were last seen.
    pub last_seen: Timestamp,
}

impl Compat {
    /// Records that a client without a socket is online.
    pub async fn heartbeat(&self, visitor: Visitor, user: &str, name: Option<&str>) -> Result<CompatPresence, Refusal> {
        self.count_signal(visitor)?;
        let actor = self.act_as(visitor, user, name).await?;
        let presence = self.presence.heartbeat(&actor, PresenceStatus::Online, None).await?;
        self.online_user(actor.user, &presence).await
    }

    /// Returns the users who are online, those who were seen last first.
    pub async fn online(&self, visitor: Visitor) -> Result<Vec<CompatPresence>, Refusal> {
        let reader = self.reader(visitor)?;
        let people: Vec<UserId> = self.people(&reader).await?.into_iter().collect();
        let mut online = Vec::new();
        for people in people.chunks(WATCHED_USERS) {
            let found = self.presence.of(people).await?;
            online.extend(found.into_iter().filter(|presence| presence.status > PresenceStatus::Offline));
        }
        let mut users = self.user_cache.users(online.iter().map(|presence| presence.user).collect()).await?;
        let now = self.clock.now();
        let mut online: Vec<CompatPresence> = online
            .into_iter()
            .filter_map(|presence| {
                let user = users.remove(&presence.user)?;
                Some(CompatPresence { user, last_seen: presence.last_seen.unwrap_or(now) })
            })
            .collect();
        online.sort_by_key(|presence| std::cmp::Reverse((presence.last_seen, presence.user.id)));
        Ok(online)
    }

    /// Returns one user who is online. Returns `not_found` for a user who is not, and for one whom the caller may not
    /// know of.
    pub async fn presence(&self, visitor: Visitor, user: &str) -> Result<CompatPresence, Refusal> {
        let reader = self.reader(visitor)?;
        let offline = || Refusal::not_found("This user is not online.");
        let id = match user.parse::<UserId>() {
            Ok(id) => id,
            Err(_) => user.parse::<CompatId>()?.user(),
        };
        let is_known = id.is_compat() || id == reader.user || self.people(&reader).await?.contains(&id);
        let found = match is_known {
            true => self.presence.of(&[id]).await?.into_iter().next(),
            false => None,
        };
        let found = found.filter(|presence| presence.status > PresenceStatus::Offline).ok_or_else(offline)?;
        self.online_user(id, &found).await
    }

    /// Signs a user off.
    pub async fn sign_off(&self, visitor: Visitor, user: &str) -> Result<(), Refusal> {
        self.count_signal(visitor)?;
        let actor = self.named(visitor, user)?;
        self.presence.leave(&actor).await;
        Ok(())
    }

    /// Records that a user started or stopped typing in a public room, which they enter if they were never in it.
    pub async fn typing(
        &self,
        visitor: Visitor,
        user: &str,
        name: Option<&str>,
        room: &str,
        on: bool,
    ) -> Result<User, Refusal> {
        self.count_signal(visitor)?;
        let actor = self.act_as(visitor, user, name).await?;
        let room = self.enter(&actor, room).await?;
        self.presence.typing(&actor, &RoomRef::Id(room.id), on).await?;
        self.known_user(actor.user).await
    }

    /// Returns who is typing in a public room.
    pub async fn typists(&self, visitor: Visitor, room: &str) -> Result<Vec<User>, Refusal> {
        let reader = self.reader(visitor)?;
        let seen = self.public_room(&reader, room).await?;
        self.presence.typists(&reader, &RoomRef::Id(seen.room.id)).await
    }

    fn count_signal(&self, visitor: Visitor) -> Result<(), Refusal> {
        match visitor.actor {
            Some(_) => Ok(()),
            None => self.throttles.take(Write::Signal, visitor.address),
        }
    }

    async fn online_user(&self, user: UserId, presence: &UserPresence) -> Result<CompatPresence, Refusal> {
        let user = self.known_user(user).await?;
        Ok(CompatPresence { user, last_seen: presence.last_seen.unwrap_or_else(|| self.clock.now()) })
    }

    pub(super) async fn known_user(&self, user: UserId) -> Result<User, Refusal> {
        self.user_cache.user(user).await?.ok_or_else(|| Refusal::not_found("There is no such user."))
    }

    /// Returns the users whose presence is public: the guests of the older contract, and the members of public rooms. Both
    /// are bounded, so a part is missing where they are very many.
    async fn people(&self, reader: &Actor) -> Result<BTreeSet<UserId>, Refusal> {
        let mut people = BTreeSet::from([reader.user]);
        let (prefix, mut after) = (fold(HANDLE_PREFIX), None::<String>);
        while people.len() < COMPAT_GUESTS_LOOKED_AT {
            let users = self.store.users.users_by_prefix(&prefix, after.as_deref(), PAGE_ROWS).await?;
            after = users.last().map(|user| user.name.folded());
            let is_last = users.len() < PAGE_ROWS;
            people.extend(users.into_iter().map(|user| user.id).filter(|id| id.is_compat()));
            if is_last {
                break;
            }
        }

        let mut looked_at = 0;
        let rooms = self.rooms.directory(reader, "", None, Some(COMPAT_ROOMS_WATCHED)).await?;
        for (line, _) in rooms.items {
            let mut last = None;
            loop {
                let members = self.store.rooms.members(line.room.id, last, PAGE_ROWS).await?;
                looked_at += members.len() + 1;
                people.extend(members.iter().filter(|member| member.is_joined()).map(|member| member.user));
                last = members.last().map(|member| member.user);
                if looked_at >= PRESENCE_LOOKED_AT {
                    return Ok(people);
                }
                if members.len() < PAGE_ROWS {
                    break;
                }
            }
        }
        Ok(people)
    }
}
