//! Implements `Notifications`.

use std::time::Duration;

use async_trait::async_trait;
use domain::{Notification, NotificationKey, Timestamp, UserId};
use service::ports::{NotificationPage, NotificationStore, StoreResult, readable};

use crate::keys;
use crate::rows::{self, NotificationState};
use crate::table_store::{Range, TableStore};

/// Rows that the first step of a search for unread ones reads: usually the newest is one.
const FIRST_STEP: usize = 20;
/// Rows that each further step reads.
const STEP: usize = 100;
/// Rows that a search for unread ones examines: older ones are not found. An unread one may lie anywhere below read
/// ones, and there is no index of the unread ones, since every notification would pay for it.
const LOOKED_AT: usize = 2_000;
/// How late after its message a notification may be announced: of those that are older than this when all were read,
/// none can be unread.
const LATE: Duration = Duration::from_secs(14 * 24 * 3_600);

/// Costs: a page is one read of its rows and one of when all were read. Unread ones are searched from the newest row
/// on, a hundred at a time, until enough are found, [`LOOKED_AT`] were examined, or all older ones were read together.
#[async_trait]
impl NotificationStore for TableStore {
    async fn list(
        &self,
        user: UserId,
        unread_only: bool,
        before: Option<NotificationKey>,
        limit: usize,
    ) -> StoreResult<NotificationPage> {
        // One more than requested shows whether there is a next page.
        let mut items = self.newest(user, unread_only, before, limit.saturating_add(1)).await?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(|last| last.key) } else { None };
        Ok(NotificationPage { items, next })
    }

    async fn get(&self, user: UserId, key: NotificationKey) -> StoreResult<Option<Notification>> {
        let found = self.get_all(vec![keys::notification(user, key), keys::notification_state(user)]).await?;
        let (state, row): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|item| item.text(crate::item::SK).is_ok_and(|sk| sk == keys::NOTIFICATION_STATE));
        let Some(row) = row.first() else { return Ok(None) };
        rows::notification(row, &NotificationState::of(state.first())?)
    }

    async fn known(&self, user: UserId, key: NotificationKey) -> StoreResult<bool> {
        Ok(self.get(keys::notification(user, key)).await?.is_some())
    }

    async fn unread(&self, user: UserId, cap: usize) -> StoreResult<usize> {
        Ok(self.newest(user, true, None, cap).await?.len())
    }

    async fn sweep(&self, _now: Timestamp) -> StoreResult<u64> {
        Ok(0)
    }
}

impl TableStore {
    async fn newest(
        &self,
        user: UserId,
        unread_only: bool,
        before: Option<NotificationKey>,
        limit: usize,
    ) -> StoreResult<Vec<Notification>> {
        let state = NotificationState::of(self.get(keys::notification_state(user)).await?.as_ref())?;
        let mut found = Vec::new();
        let mut before = before.map(|key| keys::notification(user, key).sk);
        let mut seen = 0;
        while found.len() < limit && (!unread_only || seen < LOOKED_AT) {
            let pk = keys::user_rows(user);
            let range = match &before {
                Some(before) => Range::before(pk, keys::NOTIFICATIONS, before),
                None => Range::beginning(pk, keys::NOTIFICATIONS),
            };
            let wanted = match (unread_only, seen) {
                (false, _) => limit - found.len(),
                (true, 0) => limit.clamp(FIRST_STEP, STEP),
                (true, _) => STEP,
            };
            let rows = self.query(range.descending().limit(wanted)).await?;
            let read = readable(rows.iter().map(|row| rows::notification(row, &state)))?;
            found.extend(read.into_iter().flatten().filter(|row| !unread_only || row.read_at.is_none()));
            seen += rows.len();
            match rows.last() {
                Some(last) if rows.len() == wanted => before = Some(last.key()?.sk),
                _ => break,
            }
            let oldest = before.as_deref().and_then(keys::notified_at);
            if unread_only && state.last().zip(oldest).is_some_and(|(all_read, oldest)| oldest + LATE < all_read) {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }
}
