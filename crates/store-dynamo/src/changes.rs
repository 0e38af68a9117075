//! Publishes which logs changed: rows that the stream's dispatcher writes, and that every node reads.
//!
//! A row contains what one dispatcher saw within a moment: `lg` the logs with their heads, 25 bytes each. It lives for
//! ten minutes. The clocks of dispatcher and reader may differ by [`OVERLAP`].

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::{Epoch, LogId, RoomId, Seq, Timestamp, UserId};
use service::ports::{ChangedLogs, ChangesCursor, StoreResult};
use uuid::Uuid;

use crate::item::{Item, SK, bytes, unreadable};
use crate::keys::{self, END, padded};
use crate::op::{Op, When};
use crate::table_store::{Range, TableStore, WriteError};

/// How far before its last look a reader starts.
const OVERLAP: Duration = Duration::from_secs(10);
/// How long a row lives.
const LIFE: Duration = Duration::from_secs(10 * 60);
/// Logs in one row: a tenth of what an item can hold.
const LOGS_PER_ROW: usize = 1_600;
/// Bytes of one log with its head.
const LOG_BYTES: usize = 25;

/// A reader's position: when it last looked, and which rows of the overlap it has seen.
#[derive(Debug, PartialEq)]
struct Cursor {
    at_ms: u64,
    seen: Vec<String>,
}

impl TableStore {
    /// Implements `RoomLog::changes`.
    pub async fn changed_since(&self, cursor: Option<&ChangesCursor>) -> StoreResult<ChangedLogs> {
        // Read before the rows: if the epoch changes in between, the cursor gets the old one, and the next look
        // notices.
        let epoch = self.read_epoch_state().await?.epoch;
        let now = now_ms();
        let read = cursor.and_then(|cursor| Cursor::parse(cursor, epoch));
        // A minute less than the rows live, since they may be removed at any moment after that.
        let oldest = now.saturating_sub((LIFE - Duration::from_secs(60)).as_millis() as u64);
        let known = read.filter(|cursor| cursor.at_ms >= oldest);
        let overlap = OVERLAP.as_millis() as u64;
        let from = known.as_ref().map_or(now, |cursor| cursor.at_ms.min(now)) - overlap;
        let mut rows = Vec::new();
        for minute in from / 60_000..=(now + overlap) / 60_000 {
            let pk = keys::dirty_minute(minute * 60_000);
            rows.extend(self.query(Range::between(pk, padded(from), END.to_string())).await?);
        }
        let recent = padded(now - overlap);
        let mut seen = Vec::new();
        let mut logs: BTreeMap<LogId, Seq> = BTreeMap::new();
        for row in rows {
            let name = row.text(SK)?.to_owned();
            if let Some(known) = &known
                && !known.seen.contains(&name)
            {
                for (log, head) in unpack(row.bytes("lg")?)? {
                    let highest = logs.entry(log).or_default();
                    *highest = head.max(*highest);
                }
            }
            if name >= recent {
                seen.push(name);
            }
        }
        Ok(ChangedLogs {
            epoch,
            logs: logs.into_iter().collect(),
            next: Cursor { at_ms: now, seen }.print(epoch),
            lost: known.is_none() && cursor.is_some(),
        })
    }

    /// Publishes which logs changed, and up to where. `by` distinguishes this dispatcher's rows from those of others.
    pub async fn write_dirty(&self, by: &str, heads: &[(LogId, Seq)]) -> StoreResult<()> {
        for (part, some) in heads.chunks(LOGS_PER_ROW).enumerate() {
            let now = now_ms();
            // A row is never overwritten, since a reader does not read again what it has seen.
            let key = keys::dirty(now, &format!("{by}-{part}-{}", &Uuid::new_v4().simple().to_string()[..8]));
            let until = Timestamp((now + LIFE.as_millis() as u64) as i64);
            let row = Item::at(key).with("lg", bytes(pack(some))).expires(until);
            match self.write(vec![Op::Put(row, When::Always)]).await {
                Ok(()) | Err(WriteError::Refused(_)) => {}
                Err(WriteError::Store(error)) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Cursor {
    fn print(&self, epoch: Epoch) -> ChangesCursor {
        ChangesCursor(format!("{epoch}.{}.{}", self.at_ms, self.seen.join(",")))
    }

    /// Parses a cursor. Returns `None` if it has another epoch or is not one of ours.
    fn parse(cursor: &ChangesCursor, epoch: Epoch) -> Option<Cursor> {
        let mut parts = cursor.0.splitn(3, '.');
        if parts.next()?.parse() != Ok(epoch) {
            return None;
        }
        let at_ms = parts.next()?.parse().ok()?;
        let seen = parts.next()?.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Some(Cursor { at_ms, seen })
    }
}

fn pack(heads: &[(LogId, Seq)]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(heads.len() * LOG_BYTES);
    for (log, head) in heads {
        let (kind, id) = match log {
            LogId::Room(room) => (b'r', room.0),
            LogId::User(user) => (b'u', user.0),
        };
        packed.push(kind);
        packed.extend(id.as_bytes());
        packed.extend(head.to_be_bytes());
    }
    packed
}

fn unpack(packed: &[u8]) -> StoreResult<Vec<(LogId, Seq)>> {
    let one = |part: &[u8]| {
        let id = Uuid::from_slice(part.get(1..17)?).ok()?;
        let log = match part.first()? {
            b'r' => LogId::Room(RoomId(id)),
            b'u' => LogId::User(UserId(id)),
            _ => return None,
        };
        Some((log, Seq::from_be_bytes(part.get(17..)?.try_into().ok()?)))
    };
    packed.chunks(LOG_BYTES).map(|part| one(part).ok_or_else(|| unreadable("lg", "it is not a list of logs"))).collect()
}

/// Returns the current time of this process's clock, in milliseconds.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_logs_can_be_read_back() {
        let heads = [
            (LogId::Room(RoomId(Uuid::from_u128(1))), 7),
            (LogId::User(UserId(Uuid::from_u128(u128::MAX))), u64::MAX >> 1),
        ];
        assert_eq!(unpack(&pack(&heads)), Ok(heads.to_vec()));
        assert!(unpack(&pack(&heads)[1..]).is_err());
    }
}
