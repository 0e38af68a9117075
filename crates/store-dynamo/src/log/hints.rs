//! Hints of rooms' heads, for lists: written at most once in an interval, and once more when a room falls
//! quiet. One that was lost with its process costs a list some unread counts, until the next append or the
//! next sweep of the feed; never a message.

use domain::{LogId, RoomId};
use futures_util::StreamExt as _;
use service::ports::{Head, StoreResult, Tip};

use super::memory::HintStep;
use crate::item::Item;
use crate::rows;
use crate::shared::{Shared, WriteError};

/// Hints that are written at the same time when the process ends.
const HINTS_AT_ONCE: usize = 16;

impl Shared {
    /// A room's head rose.
    pub async fn hint_head(&self, log: LogId, tip: &Tip) {
        if log.room().is_none() {
            return;
        }
        let head = Head { seq: tip.seq(), n: tip.n(), at: tip.at() };
        match self.life().memory.hint(log, head, self.settings.hint_interval) {
            HintStep::Nothing => {}
            HintStep::Write => self.write_hint(log, head).await,
            HintStep::Later(at) => {
                let me = self.me.clone();
                tokio::spawn(async move {
                    tokio::time::sleep_until(at).await;
                    let Some(shared) = me.upgrade() else { return };
                    if let Some(head) = shared.life().memory.take_hint(log) {
                        shared.write_hint(log, head).await;
                    }
                });
            }
        }
    }

    /// Writes all hints that are due later: before the process ends.
    pub async fn write_hints(&self) {
        let writes = self.life().memory.take_hints().into_iter().map(|(log, head)| self.write_hint(log, head));
        futures_util::stream::iter(writes).buffer_unordered(HINTS_AT_ONCE).collect::<()>().await;
    }

    /// The head of a room as lists show it: what its row says, or this process knows.
    pub fn hinted_head(&self, room: RoomId, row: &Item) -> StoreResult<Option<Head>> {
        let own = self.life().memory.unwritten_hint(LogId::Room(room));
        Ok(rows::head(row)?.into_iter().chain(own).max_by_key(|head| head.seq))
    }

    /// Writes a hint now.
    pub async fn write_hint(&self, log: LogId, head: Head) {
        let Some(op) = rows::head_change(log, head) else { return };
        if let Err(WriteError::Store(error)) = self.write(vec![op]).await {
            tracing::debug!(%log, %error, "the hint of a head was not written");
        }
    }
}
