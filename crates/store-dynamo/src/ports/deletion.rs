//! Implements `DeletionStore`.

use async_trait::async_trait;
use domain::name::UserName;
use domain::{RoomId, SessionId, UserId};
use futures_util::{StreamExt as _, TryStreamExt as _};
use service::ports::{Deletion, DeletionStore, StoreError, StoreResult, UserRecord};

use super::people::contended;
use super::people_rows::{self as rows, ATTEMPTS, Changes, Refused};
use crate::item::{Item, flag, id, text, time, word};
use crate::keys;
use crate::limits::{ERASED_AT_ONCE, ERASED_ROWS};
use crate::op::{Change, Op, When};
use crate::rows::room_of_user_room;
use crate::table_store::{Range, TableStore};

/// Costs: the end of an account one transaction of 20 to 26 WRU and a few reads; the list of deletions one read; to erase
/// a user one read and one write for each of their rows.
#[async_trait]
impl DeletionStore for TableStore {
    async fn end_account(&self, deletion: Deletion, tombstone: &UserName) -> StoreResult<()> {
        for _ in 0..ATTEMPTS {
            let old = self.record(deletion.user).await?.ok_or(StoreError::NotFound)?;
            if old.user.deleted {
                return Ok(());
            }
            let new = old.ended(tombstone);
            let mut changes = Changes::default();
            let same = When::All(vec![rows::unchanged(&old), rows::same_rights(&old)]);
            changes.profile(Op::Update(ended(&new), same));
            changes.ended_name(&old, self.owns_written(&old).await?, &new);
            changes.email(old.sign_in_email.as_deref(), &new);
            changes.admin(Some(&old), &new.user);
            let listed = Item::at(keys::deletion(deletion.user)).with("us", id(deletion.user.0));
            changes
                .free(Op::Put(listed.with("ms", flag(deletion.messages)).with("at", time(deletion.at)), When::Always));
            self.keep_an_admin(&mut changes, &old).await?;

            match self.change(changes).await {
                Ok(()) => return Ok(()),
                Err(Refused::Moved) => {}
                Err(Refused::Other(error)) => return Err(error),
            }
        }
        Err(contended())
    }

    async fn deletions(&self, limit: usize) -> StoreResult<Vec<Deletion>> {
        let found = self.query(Range::all(keys::DELETIONS).limit(limit)).await?;
        let deletion = |item: &Item| {
            Ok(Deletion { user: UserId(item.id("us")?), messages: item.flag("ms"), at: item.time("at")? })
        };
        found.iter().map(deletion).collect()
    }

    async fn rooms_ever(&self, user: UserId, after: Option<RoomId>, limit: usize) -> StoreResult<Vec<RoomId>> {
        let after = after.map(|room| room.to_string()).unwrap_or_default();
        let range = Range::after(keys::user_rows(user), keys::ROOMS, &after).limit(limit);
        self.query(range).await?.iter().map(room_of_user_room).collect()
    }

    async fn erase(&self, user: UserId) -> StoreResult<()> {
        for prefix in [keys::NOTIFICATIONS, keys::ROOMS, keys::BLOCKS, keys::SESSIONS] {
            loop {
                let range = Range::beginning(keys::user_rows(user), prefix).limit(ERASED_ROWS);
                let rows = self.query(range).await?;
                let last = rows.len() < ERASED_ROWS;
                let removals = rows.into_iter().map(|row| self.remove_row(prefix == keys::SESSIONS, row));
                let removals = futures_util::stream::iter(removals).buffer_unordered(ERASED_AT_ONCE);
                removals.try_for_each(|()| async { Ok(()) }).await?;
                if last {
                    break;
                }
            }
        }
        self.delete(keys::notification_state(user)).await.map(drop)
    }

    async fn finish(&self, user: UserId) -> StoreResult<()> {
        self.delete(keys::deletion(user)).await.map(drop)
    }
}

impl TableStore {
    /// Removes a row of a user, and the session that it lists.
    async fn remove_row(&self, lists_session: bool, row: Item) -> StoreResult<()> {
        if lists_session {
            self.delete(keys::session(SessionId(row.id("se")?))).await?;
        }
        self.delete(row.key()?).await.map(drop)
    }
}

/// Returns the update of the user's own row.
fn ended(new: &UserRecord) -> Change {
    Change::of(keys::profile(new.user.id))
        .set("nm", text(new.user.name.as_str()))
        .set("ro", word(&new.user.role))
        .set("ba", flag(true))
        .set("de", flag(true))
        .set_or_remove("dn", None)
        .set_or_remove("em", None)
        .set_or_remove("ct", None)
        .set_or_remove("ph", None)
}
