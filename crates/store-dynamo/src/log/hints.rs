//! Hints of rooms' heads, for lists: written at most once in an interval, and once more when a room falls quiet. A hint
//! lost with its process makes some unread counts of a list too low, until the next append or the next sweep of the
//! feed; it never costs a message.

use domain::{LogId, RoomId};
use futures_util::StreamExt as _;
use service::ports::{Head, StoreResult, Tip};
use tokio::time::Instant;

use super::memory::HintStep;
use crate::item::Item;
use crate::rows;
use crate::settings::Hints;
use crate::table_store::{TableStore, WriteError};

/// Hints that are written concurrently when all of them are.
const HINTS_AT_ONCE: usize = 16;

impl TableStore {
    /// Records that a room's head rose. No caller waits for the hint: the append is answered meanwhile.
    pub fn hint_head(&self, log: LogId, tip: &Tip) {
        if log.room().is_none() {
            return;
        }
        let interval = match self.settings.hints {
            Hints::Every(interval) => Some(interval),
            Hints::WhenAsked => None,
        };
        let head = Head { seq: tip.seq(), n: tip.n(), at: tip.at() };
        let HintStep::At(at) = self.epoch_state().memory.hint(log, head, interval) else { return };
        let me = self.me.clone();
        tokio::spawn(async move {
            let mut at = at;
            loop {
                tokio::time::sleep_until(at).await;
                let Some(shared) = me.upgrade() else { return };
                let epoch_state = shared.epoch_state();
                let Some(head) = epoch_state.memory.unwritten_hint(log) else { return };
                shared.write_hint(log, head).await;
                if epoch_state.memory.hinted(log, head).is_none() {
                    return;
                }
                at = Instant::now() + interval.unwrap_or_default();
            }
        });
    }

    /// Writes all waiting hints.
    pub async fn write_hints(&self) {
        let epoch_state = self.epoch_state();
        let writes = epoch_state.memory.unwritten_hints().into_iter().map(|(log, head)| {
            let epoch_state = epoch_state.clone();
            async move {
                self.write_hint(log, head).await;
                epoch_state.memory.hinted(log, head);
            }
        });
        futures_util::stream::iter(writes).buffer_unordered(HINTS_AT_ONCE).collect::<()>().await;
    }

    /// Returns the head of a room for lists: the one in its row, or the one that this process knows.
    pub fn hinted_head(&self, room: RoomId, row: &Item) -> StoreResult<Option<Head>> {
        let own = self.epoch_state().memory.unwritten_hint(LogId::Room(room));
        Ok(rows::head(row)?.into_iter().chain(own).max_by_key(|head| head.seq))
    }

    /// Writes a hint now.
    pub async fn write_hint(&self, log: LogId, head: Head) {
        let Some(op) = rows::head_change(log, head) else { return };
        if let Err(WriteError::Store(error)) = self.write(vec![op]).await {
            tracing::debug!(%log, %error, "head hint not written");
        }
    }
}
