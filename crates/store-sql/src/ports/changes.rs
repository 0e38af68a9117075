//! Implements `RoomLog::changes`: which logs were appended to since the last look.
//!
//! `log.chg` is the transaction in which a log was last appended to; what a look at it proves differs between the
//! databases.

use domain::Epoch;
use service::ports::{ChangedLogs, ChangesCursor, RoomLog as _, StoreResult};

use crate::connections::SqlConnections;

impl SqlConnections {
    pub async fn changed_since(&self, cursor: Option<&ChangesCursor>) -> StoreResult<ChangedLogs> {
        // Read before the look: if the epoch changes in between, the cursor gets the old one, and the next look
        // notices.
        let epoch = self.epoch().await?;
        let since = cursor.and_then(|cursor| look_of(cursor, epoch));
        let changes = self.backend.changes(since).await?;

        let next = ChangesCursor(format!("{epoch}.{}", changes.look));
        let lost = changes.lost || (cursor.is_some() && since.is_none());
        Ok(ChangedLogs { epoch, logs: changes.logs, next, lost })
    }
}

/// Returns a cursor's look, or `None` if it has another epoch or is not one of ours.
fn look_of(cursor: &ChangesCursor, epoch: Epoch) -> Option<&str> {
    let (of, look) = cursor.0.split_once('.')?;
    if of.parse() == Ok(epoch) { Some(look) } else { None }
}
