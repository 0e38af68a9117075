//! Typing signals: sent to the live sockets of a room, a few names at a time.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use domain::{RoomId, UserId};
use parking_lot::Mutex;
use realtime::interpreter;
use service::Services;
use service::ports::Typing;
use service::presence::TypingListener;

use crate::follow::Follow;
use crate::limits::TYPING_PER_SECOND;
use crate::tasks::Tasks;

/// Sends typing signals to sockets.
pub(crate) struct TypingFanout {
    services: Services,
    follow: Arc<Follow>,
    tasks: Tasks,
    budget: Mutex<TypingBudget>,
}

impl TypingFanout {
    pub fn new(services: Services, follow: Arc<Follow>, tasks: Tasks) -> Arc<TypingFanout> {
        Arc::new(TypingFanout { services, follow, tasks, budget: Mutex::default() })
    }

    /// Sends to the live sockets of a room that a user is typing; not to that user's own.
    pub async fn show(&self, typing: &Typing) {
        if self.follow.hub().live_in(typing.room) == 0 {
            return;
        }
        if !self.budget.lock().allows(typing, self.services.ports.clock.elapsed()) {
            return;
        }
        let Ok(Some(user)) = self.services.user_cache.user(typing.user).await else { return };
        let message = interpreter::typing(typing, &user);
        self.follow.drive(|hub, effects| hub.signal(typing.room, &message, typing.user, effects));
    }
}

/// Receives typing signals from users on this node.
pub(crate) struct LocalTyping(pub Arc<TypingFanout>);

impl TypingListener for LocalTyping {
    fn typing(&self, typing: &Typing) {
        let (this, typing) = (self.0.clone(), typing.clone());
        self.0.tasks.spawn("typing", async move { this.show(&typing).await });
    }
}

/// The names that typing has shown in this second, by room.
#[derive(Default)]
struct TypingBudget {
    second: u64,
    shown: HashMap<RoomId, HashSet<UserId>>,
}

impl TypingBudget {
    /// Returns whether a name may be shown. An end always may, because it only removes a name; so may a name that this
    /// second has shown already, because a user who sends a message and types on adds no name.
    fn allows(&mut self, typing: &Typing, elapsed: Duration) -> bool {
        let second = elapsed.as_secs();
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
        let now = Duration::from_secs(5);
        for user in 1..=3 {
            assert!(budget.allows(&typing(1, user, true), now));
        }
        assert!(!budget.allows(&typing(1, 4, true), now));
        assert!(budget.allows(&typing(1, 1, true), now), "a message ended it, and the user types on");
        assert!(budget.allows(&typing(1, 1, false), now), "an end is always shown");
        assert!(budget.allows(&typing(2, 4, true), now), "another room");
        assert!(budget.allows(&typing(1, 4, true), Duration::from_secs(6)), "another second");
    }
}
