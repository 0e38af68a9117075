//! What passes: typing, and how far people have read.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::limits::TYPING_PER_SECOND;
use domain::limits::RECEIPT_MEMBERS;
use domain::{RoomId, Timestamp, UserId};
use service::marks::MarkListener;
use service::ports::{Mark, Typing};
use service::presence::TypingListener;

use super::Tier;
use realtime::encode;

/// How long the size of a room is believed.
const SIZE_AGE: Duration = Duration::from_secs(60);
/// Rooms whose size is remembered.
const SIZES: usize = 10_000;

/// The names that typing showed this second, by room.
#[derive(Default)]
pub(super) struct TypingBudget {
    second: i64,
    shown: HashMap<RoomId, HashSet<UserId>>,
}

impl TypingBudget {
    /// Whether a name may be shown. An end always may, since it only takes a name away; so may a name of
    /// this second again, since who sends a message and goes on typing is no further name.
    fn allows(&mut self, typing: &Typing, now: Timestamp) -> bool {
        let second = now.0.div_euclid(1_000);
        if self.second != second {
            self.second = second;
            self.shown.clear();
        }
        let shown = self.shown.entry(typing.room).or_default();
        if !typing.on || shown.contains(&typing.user) {
            return true;
        }
        shown.len() < TYPING_PER_SECOND && shown.insert(typing.user)
    }
}

/// Which rooms are small enough for receipts.
#[derive(Default)]
pub(super) struct SmallRooms(Mutex<HashMap<RoomId, (bool, Timestamp)>>);

impl TypingListener for Tier {
    fn typing(&self, typing: &Typing) {
        let Some(tier) = self.me.upgrade() else { return };
        let typing = typing.clone();
        self.spawn(async move { tier.show_typing(&typing).await });
    }
}

impl MarkListener for Tier {
    fn marked(&self, mark: &Mark) {
        let Some(tier) = self.me.upgrade() else { return };
        let mark = mark.clone();
        self.spawn(async move {
            tier.show_own_mark(&mark);
            tier.show_receipt(&mark).await;
        });
    }
}

impl Tier {
    /// Shows to the live sockets of a room that somebody types; not to their own.
    pub(super) async fn show_typing(&self, typing: &Typing) {
        if self.hub().live_in(typing.room) == 0 {
            return;
        }
        let allowed = self.typing.lock().unwrap_or_else(PoisonError::into_inner).allows(typing, self.now());
        let Ok(Some(user)) = self.parts.user_cache.user(typing.user).await else { return };
        if !allowed {
            return;
        }
        let frame = encode::typing(typing, &user);
        self.drive(|hub, effects| hub.signal(typing.room, &frame, typing.user, effects));
    }

    /// Shows a mark to the user's own sockets, with the counts.
    pub(super) fn show_own_mark(&self, mark: &Mark) {
        let frame = encode::receipt(mark, true);
        self.drive(|hub, effects| {
            for socket in hub.sockets_of(mark.user) {
                hub.enqueue(*socket, frame.clone(), effects);
            }
        });
    }

    /// Shows a mark to the others in a small room.
    pub(super) async fn show_receipt(&self, mark: &Mark) {
        if self.is_small(mark.room).await {
            let frame = encode::receipt(mark, false);
            self.drive(|hub, effects| hub.signal(mark.room, &frame, mark.user, effects));
        }
    }

    async fn is_small(&self, room: RoomId) -> bool {
        if self.hub().live_in(room) == 0 {
            return false;
        }
        let now = self.now();
        let known = self.small_rooms.0.lock().unwrap_or_else(PoisonError::into_inner).get(&room).copied();
        if let Some((small, at)) = known
            && now.since(at) < SIZE_AGE
        {
            return small;
        }
        let Ok(members) = self.parts.store.rooms.member_count(room).await else { return false };
        let small = members <= RECEIPT_MEMBERS as u64;
        let mut sizes = self.small_rooms.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sizes.len() >= SIZES {
            sizes.clear();
        }
        sizes.insert(room, (small, now));
        small
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn typing_shows_three_names_a_room_and_second() {
        let mut budget = TypingBudget::default();
        let typing = |room: u128, user: u128, on: bool| Typing {
            room: RoomId(Uuid::from_u128(room)),
            user: UserId(Uuid::from_u128(user)),
            on,
        };
        let now = Timestamp(5_000);
        for user in 1..=3 {
            assert!(budget.allows(&typing(1, user, true), now));
        }
        assert!(!budget.allows(&typing(1, 4, true), now));
        assert!(budget.allows(&typing(1, 1, true), now), "a message ended it, and they go on");
        assert!(budget.allows(&typing(1, 1, false), now), "an end is always shown");
        assert!(budget.allows(&typing(2, 4, true), now), "another room");
        assert!(budget.allows(&typing(1, 4, true), Timestamp(6_000)), "another second");
    }
}
