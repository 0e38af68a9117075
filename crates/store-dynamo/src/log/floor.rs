//! The floor: entries below it have lost their content, but keep their position.

use domain::{FileId, LogId, Seq};
use service::ports::StoreResult;

use crate::error::{THROTTLED_MS, unavailable};
use crate::item::number;
use crate::keys;
use crate::op::{Change, Op, When};
use crate::rows;
use crate::table_store::{TableStore, WriteError};

/// Entries that one step blanks.
const STEP: u64 = 256;
/// Tries to blank one item, or to drop one file, that others change concurrently.
const ATTEMPTS: usize = 8;

impl TableStore {
    /// Implements `RoomLog::floor`.
    pub async fn floor_of(&self, log: LogId) -> StoreResult<Seq> {
        self.get(keys::floor(log)).await?.map_or(Ok(0), |item| item.number("fl"))
    }

    /// Implements `RoomLog::raise_floor`. Each step first blanks and then raises, so an interrupted one continues where
    /// it stopped.
    pub async fn blank_up_to(&self, log: LogId, asked: Seq) -> StoreResult<()> {
        let asked = asked.min(self.read_tip(log).await?.seq());
        let mut floor = self.floor_of(log).await?;
        while floor < asked {
            let step = asked.min(floor + STEP);
            let firsts: Vec<Seq> = self.items(log, floor + 1, step).await?.iter().map(|item| item.first()).collect();
            for first in firsts {
                self.blank(log, first, step).await?;
            }
            let raise = Change::of(keys::floor(log)).set("fl", number(step));
            let lower = When::Any(vec![When::Lacks("fl"), When::Less("fl", number(step))]);
            match self.write(vec![Op::Update(raise, lower)]).await {
                Ok(()) | Err(WriteError::Refused(_)) => floor = step,
                Err(WriteError::Store(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// Blanks the entries of one item up to `to`. Drops their files first, since no record names them afterwards.
    async fn blank(&self, log: LogId, first: Seq, to: Seq) -> StoreResult<()> {
        for _ in 0..ATTEMPTS {
            let Some(mut item) = self.item_with(log, first).await? else { return Ok(()) };
            let before = item.clone();
            for entry in item.entries.iter_mut().filter(|entry| entry.seq <= to) {
                for file in entry.message().into_iter().flat_map(|message| message.files.clone()) {
                    self.drop_sent(file).await?;
                }
                entry.body.blank();
            }
            if item == before {
                return Ok(());
            }
            match self.write(vec![item.rewrite()]).await {
                Ok(()) => return Ok(()),
                Err(WriteError::Refused(_)) => {}
                Err(WriteError::Store(error)) => return Err(error),
            }
        }
        Err(unavailable("an item changes faster than it can be blanked", THROTTLED_MS))
    }

    /// Drops the file of a blanked message.
    async fn drop_sent(&self, file: FileId) -> StoreResult<()> {
        for _ in 0..ATTEMPTS {
            let Some(item) = self.get(keys::file(file)).await? else { return Ok(()) };
            let old = rows::file(&item)?;
            let new = domain::File { state: domain::FileState::Dropped, ..old.clone() };
            if new == old {
                return Ok(());
            }
            match self.write(rows::moved(Some(&old), Some(&new))).await {
                Ok(()) => return Ok(()),
                Err(WriteError::Refused(_)) => {}
                Err(WriteError::Store(error)) => return Err(error),
            }
        }
        Err(unavailable("a file changes faster than it can be dropped", THROTTLED_MS))
    }
}
