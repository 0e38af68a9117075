//! Deletes accounts. First one atomic step ends the account: nobody can sign in to it, and it has no name any more. Then
//! its sessions, memberships and own rows are removed, and its messages if that was asked for. Every step can be repeated,
//! so a process that ends in between loses nothing: [`Admin::finish_deletions`] goes on.

use std::cmp::Reverse;
use std::sync::Arc;

use domain::limits::PAGE_ROWS;
use domain::name::UserName;
use domain::{
    Actor, AuditAction, AuditVia, Change, Code, Intent, LogId, Member, MemberState, Refusal, Role, RoomId, RoomKind,
    User, UserId,
};

use super::audit::of_user;
use super::{Admin, Requester};
use crate::completes::Completes;
use crate::limits::{DELETION_SETTLES, DELETION_WAIT, DELETIONS_AT_ONCE, SUCCESSORS_LOOKED_AT};
use crate::ports::{Deletion, StoreError};

/// How many handles are tried for a deleted account.
const TOMBSTONE_TRIES: usize = 8;

impl Admin {
    /// Deletes the account of a user, or a guest; with `messages`, also everything that they wrote.
    pub async fn delete_account(self: &Arc<Self>, by: Requester, user: &User, messages: bool) -> Result<(), Refusal> {
        by.check()?;
        self.delete(by, user, messages).await
    }

    /// Deletes the caller's own account. A caller who has a password must give it: a stolen access token must not be
    /// enough.
    pub async fn delete_own_account(
        self: &Arc<Self>,
        by: Requester,
        password: Option<String>,
        messages: bool,
    ) -> Result<(), Refusal> {
        let record = self.auth.profiles.get(&by.actor).await?;
        self.auth.profiles.confirm_deletion(&record, password).await?;
        self.delete(by, &record.user, messages).await
    }

    async fn delete(self: &Arc<Self>, by: Requester, user: &User, messages: bool) -> Result<(), Refusal> {
        let action = if messages { AuditAction::DeleteAccountAndMessages } else { AuditAction::DeleteAccount };
        let (this, deletion) = (self.clone(), Deletion { user: user.id, messages, at: self.clock.now() });
        let work = async move {
            this.end_account(deletion).await?;
            // The account is gone. If the rest fails, it is repeated later.
            let rest = Completes::new(async move { this.is_cleared(deletion).await });
            match by.via {
                // The process ends with the command.
                AuditVia::Cli => {
                    rest.await;
                }
                // The rest goes on after the answer.
                _ => drop(tokio::time::timeout(DELETION_WAIT, rest).await),
            }
            Ok(())
        };
        self.audited(by, action, of_user(user), work).await
    }

    async fn end_account(&self, deletion: Deletion) -> Result<(), Refusal> {
        let mut result = Err(StoreError::Taken("name"));
        for _ in 0..TOMBSTONE_TRIES {
            let name = format!("deleted-{}", hex::encode(self.ids.random::<6>()));
            result = self.store.deletions.end_account(deletion, &UserName::from_stored(name)).await;
            if result != Err(StoreError::Taken("name")) {
                break;
            }
        }
        self.user_cache.forget_user(deletion.user);
        Ok(result?)
    }

    /// Removes what is left of a deleted account. Returns whether that succeeded; logs why not.
    async fn is_cleared(&self, deletion: Deletion) -> bool {
        let cleared = self.clear(deletion).await;
        if let Err(refusal) = &cleared {
            tracing::warn!(user = %deletion.user, code = ?refusal.code, "deletion not finished, will retry");
        }
        cleared.is_ok()
    }

    /// Removes what is left of a deleted account.
    async fn clear(&self, deletion: Deletion) -> Result<(), Refusal> {
        let user = deletion.user;
        self.auth.sessions.end_all(user).await?;
        if deletion.messages {
            self.delete_messages(user).await?;
        }
        self.leave_rooms(user).await?;

        let own = LogId::User(user);
        let head = self.store.log.tip(own).await?.seq();
        self.store.log.raise_floor(own, head).await?;
        Ok(self.store.deletions.erase(user).await?)
    }

    /// Goes on with deletions that began some time ago, and finishes them: what the user had begun at the last moment, such
    /// as a join, has its rows by then. Called by a timer. Returns how many it finished.
    pub async fn finish_deletions(&self) -> Result<usize, Refusal> {
        let now = self.clock.now();
        let mut finished = 0;
        for deletion in self.store.deletions.deletions(DELETIONS_AT_ONCE).await? {
            if now.since(deletion.at) < DELETION_SETTLES {
                continue;
            }
            // One that fails does not hold up the others.
            if !self.is_cleared(deletion).await {
                continue;
            }
            self.store.deletions.finish(deletion.user).await?;
            finished += 1;
        }
        Ok(finished)
    }

    /// Ends all memberships and invitations, also ignored ones, except in direct rooms, which nobody can leave.
    async fn leave_rooms(&self, user: UserId) -> Result<(), Refusal> {
        let mut after = None;
        loop {
            let rooms = self.store.deletions.rooms_ever(user, after, PAGE_ROWS).await?;
            for (room, member) in self.store.rooms.memberships(user, &rooms).await? {
                if matches!(member.state, MemberState::Joined | MemberState::Invited) {
                    let is_direct = self.store.rooms.room(room).await?.is_none_or(|room| room.kind == RoomKind::Direct);
                    if !is_direct {
                        self.leave(room, user).await?;
                    }
                }
            }
            match rooms.last() {
                Some(last) if rooms.len() == PAGE_ROWS => after = Some(*last),
                _ => return Ok(()),
            }
        }
    }

    /// Removes a user from a room. The room of an owner gets another one, if it has other members.
    async fn leave(&self, room: RoomId, user: UserId) -> Result<(), Refusal> {
        let member = self.store.rooms.member(room, user).await?;
        let owns = member.is_some_and(|member| member.is_joined() && member.role == Role::Owner);
        let successor = if owns { self.successor(room, user).await? } else { None };
        if let Some(successor) = successor {
            self.as_system(room, Intent::SetRole { user: successor, role: Role::Owner }).await?;
        }
        match self.as_system(room, Intent::Kick { user, why: None }).await {
            // They left meanwhile.
            Err(refusal) if refusal.code == Code::NotFound => Ok(()),
            result => result,
        }
    }

    /// Returns who owns a room after its owner: nobody new if there is another owner, else the member with the highest
    /// role, and of these the one who has had it for longest. A guest only if there is nobody else.
    async fn successor(&self, room: RoomId, leaving: UserId) -> Result<Option<UserId>, Refusal> {
        let (mut best, mut after, mut looked_at) = (None, None, 0);
        loop {
            let rows = self.store.rooms.members(room, after, PAGE_ROWS).await?;
            let joined: Vec<&Member> =
                rows.iter().filter(|member| member.is_joined() && member.user != leaving).collect();
            if joined.iter().any(|member| member.role == Role::Owner) {
                return Ok(None);
            }
            let users = self.user_cache.users(joined.iter().map(|member| member.user).collect()).await?;
            for member in joined {
                let Some(user) = users.get(&member.user).filter(|user| !user.deleted) else { continue };
                let rank = (!user.banned, !user.guest, member.role, Reverse(member.rev));
                if best.as_ref().is_none_or(|(other, _)| rank > *other) {
                    best = Some((rank, member.user));
                }
            }
            looked_at += rows.len();
            after = rows.last().map(|member| member.user);
            if rows.len() < PAGE_ROWS || looked_at >= SUCCESSORS_LOOKED_AT {
                return Ok(best.map(|(_, user)| user));
            }
        }
    }

    /// Submits a change of the system to a room's log.
    pub(super) async fn as_system(&self, room: RoomId, intent: Intent) -> Result<(), Refusal> {
        let change = Change { by: Actor::SYSTEM, id: self.ids.entry(), seen: None, epoch: None, intent };
        self.logs.submit(LogId::Room(room), change).await.map(drop)
    }
}
