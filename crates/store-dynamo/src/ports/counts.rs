//! Counts a room's members: each time, which costs as much as reading them. For a large room, where that is expensive
//! and one more or less matters little, the count is cached for a while.

use std::time::Duration;

use domain::{MemberState, RoomId};
use quick_cache::sync::Cache;
use service::ports::StoreResult;
use tokio::time::Instant;

use crate::item::word;
use crate::keys;
use crate::op::When;
use crate::table_store::{Range, TableStore};

/// The number of members above which a count is cached.
const LARGE: u64 = 1_000;
/// How long a count is cached.
const REMEMBERED: Duration = Duration::from_secs(60);
/// The number of rooms whose count is cached.
const ROOMS: usize = 10_000;

/// The cached counts of large rooms. Everything in it may be lost.
#[derive(Debug)]
pub struct Counts(Cache<RoomId, (u64, Instant)>);

impl Default for Counts {
    fn default() -> Counts {
        Counts(Cache::new(ROOMS))
    }
}

impl Counts {
    fn known(&self, room: RoomId, now: Instant) -> Option<u64> {
        self.0.get(&room).filter(|(_, at)| now - *at < REMEMBERED).map(|(members, _)| members)
    }

    fn remember(&self, room: RoomId, members: u64, now: Instant) {
        self.0.insert(room, (members, now));
    }
}

impl TableStore {
    /// Returns the number of members. With `strong` it includes everything acked; otherwise it may be a moment old, at
    /// half the cost.
    pub async fn members_in(&self, room: RoomId, strong: bool) -> StoreResult<u64> {
        let epoch_state = self.epoch_state();
        if let Some(members) = epoch_state.counts.known(room, Instant::now()) {
            return Ok(members);
        }
        let range = Range::beginning(keys::room_rows(room), keys::MEMBERS);
        let members = self.count(if strong { range } else { range.weak() }, &joined()).await?;
        if members > LARGE {
            epoch_state.counts.remember(room, members, Instant::now());
        }
        Ok(members)
    }
}

/// Returns the condition that the row of a member is joined.
fn joined() -> When {
    When::Is("st", word(&MemberState::Joined))
}

/// Returns the condition that a user's row is of a room of their own (`domain::UserRoom::is_own`).
pub fn own_room() -> When {
    When::All(vec![joined(), When::Lacks("rq"), When::Lacks("ig")])
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_count_is_cached_for_a_while() {
        let (counts, room, now) = (Counts::default(), RoomId(Uuid::from_u128(1)), Instant::now());
        assert_eq!(counts.known(room, now), None);
        counts.remember(room, 5_000, now);
        assert_eq!(counts.known(room, now), Some(5_000));
        assert_eq!(counts.known(room, now + REMEMBERED), None);
    }
}
