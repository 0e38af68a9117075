//! Finds the changed logs in records of the table's stream. Pure: knows no client.

use std::collections::BTreeMap;

use domain::{LogId, Seq};

use crate::keys;

/// The attribute of a log's item with the seq of its last entry: a number.
pub const HEAD_ATTRIBUTE: &str = crate::log::LAST;

/// The parts of a stream's record that matter. Records have many types: from the SDK, from Lambda's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRecord {
    /// Whether the item is new (`INSERT`).
    pub inserted: bool,
    /// The partition key, `pk`.
    pub pk: String,
    /// The value of [`HEAD_ATTRIBUTE`] in its new image, if it has one.
    pub head: Option<Seq>,
}

/// Returns the logs that were appended to according to these records, each once with its highest head. Rewritten items
/// (edits, blanked ones) move no head: the entry that announces the change does.
pub fn dispatch(records: impl IntoIterator<Item = StreamRecord>) -> Vec<(LogId, Seq)> {
    let mut heads: BTreeMap<LogId, Seq> = BTreeMap::new();
    for record in records.into_iter().filter(|record| record.inserted) {
        let (Some(log), Some(head)) = (keys::log_of(&record.pk), record.head) else { continue };
        let highest = heads.entry(log).or_default();
        *highest = head.max(*highest);
    }
    heads.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{RoomId, UserId};
    use uuid::Uuid;

    #[test]
    fn each_log_is_returned_once_with_its_highest_head() {
        let (room, user) = (LogId::Room(RoomId(Uuid::from_u128(1))), LogId::User(UserId(Uuid::from_u128(2))));
        let record = |inserted, pk: String, head| StreamRecord { inserted, pk, head };
        let records = [
            record(true, keys::log(room), Some(3)),
            record(true, keys::log(user), Some(1)),
            record(true, keys::log(room), Some(16)),
            record(true, keys::log(room), Some(4)),
            record(false, keys::log(user), Some(9)),
            record(true, keys::log(room), None),
            record(true, "ROOM#x".into(), Some(99)),
        ];
        assert_eq!(dispatch(records), [(room, 16), (user, 1)]);
    }
}
