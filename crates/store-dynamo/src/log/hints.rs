//! Hints of rooms' heads, for lists: written at most once in an interval, and once more when a room falls
//! quiet. A lost one costs a list some unread counts for a minute, never a message.

use domain::LogId;
use service::ports::{Head, Tip};

use super::memory::HintStep;
use crate::rows;
use crate::shared::{Shared, WriteError};

impl Shared {
    /// A room's head rose.
    pub async fn hint_head(&self, log: LogId, tip: &Tip) {
        if log.room().is_none() {
            return;
        }
        let head = Head { seq: tip.seq(), n: tip.n(), at: tip.at() };
        match self.memory.hint(log, head, self.settings.hint_interval) {
            HintStep::Nothing => {}
            HintStep::Write => self.write_hint(log, head).await,
            HintStep::Later(at) => {
                let me = self.me.clone();
                tokio::spawn(async move {
                    tokio::time::sleep_until(at).await;
                    let Some(shared) = me.upgrade() else { return };
                    if let Some(head) = shared.memory.take_hint(log) {
                        shared.write_hint(log, head).await;
                    }
                });
            }
        }
    }

    async fn write_hint(&self, log: LogId, head: Head) {
        let Some(op) = rows::head_change(log, head) else { return };
        if let Err(WriteError::Store(error)) = self.write(vec![op]).await {
            tracing::debug!(%log, %error, "the hint of a head was not written");
        }
    }
}
