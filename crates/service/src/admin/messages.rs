//! Deletes everything that a user wrote: an ordinary deletion of each message in each room, in bounded batches.

use domain::limits::PAGE_ROWS;
use domain::{Code, Intent, LogId, Refusal, RoomId, Seq, UserId};
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::Admin;
use crate::limits::{MESSAGES_DELETED_AT_ONCE, MESSAGES_SCANNED};

impl Admin {
    /// Deletes the messages of a user in all rooms that they have ever been a member of. Costs a read of the keys of these
    /// rooms' entries.
    pub(super) async fn delete_messages(&self, user: UserId) -> Result<(), Refusal> {
        let mut after = None;
        loop {
            let rooms = self.store.deletions.rooms_ever(user, after, PAGE_ROWS).await?;
            for room in &rooms {
                self.delete_messages_in(*room, user).await?;
            }
            match rooms.last() {
                Some(last) if rooms.len() == PAGE_ROWS => after = Some(*last),
                _ => return Ok(()),
            }
        }
    }

    async fn delete_messages_in(&self, room: RoomId, user: UserId) -> Result<(), Refusal> {
        let log = LogId::Room(room);
        let head = self.store.log.tip(log).await?.seq();
        let mut from: Seq = 1;
        while from <= head {
            let to = head.min(from + MESSAGES_SCANNED - 1);
            let keys = self.store.log.read_keys(log, from, to).await?.keys;
            let own = keys.into_iter().filter(|key| key.is_message && key.by == user).map(|key| key.seq);
            let deletions = own.map(|target| self.delete_message(room, target));
            let deletions = futures_util::stream::iter(deletions).buffer_unordered(MESSAGES_DELETED_AT_ONCE);
            deletions.try_for_each(|()| async { Ok(()) }).await?;
            from = to + 1;
        }
        Ok(())
    }

    async fn delete_message(&self, room: RoomId, target: Seq) -> Result<(), Refusal> {
        match self.as_system(room, Intent::Delete { target }).await {
            // The room's log was blanked up to here.
            Err(refusal) if refusal.code == Code::NotFound => Ok(()),
            result => result,
        }
    }
}
