//! Limits how many users one user may approach: by new direct rooms and by invitations.

use std::sync::Arc;
use std::time::Duration;

use domain::limits::Limits;
use domain::{Actor, Code, Refusal};

use crate::clock::Clock;
use crate::ports::{Rate, SharedLimits};
use crate::shared_throttle::SharedThrottle;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Users whose approaches a process remembers; with twice as many, those who approached nobody for longest are forgotten.
const USERS: usize = 50_000;

/// Counts new direct rooms and invitations by their sender.
pub struct Approaches {
    direct: Approach,
    invitations: Approach,
}

struct Approach {
    throttle: SharedThrottle,
    count: u32,
    /// What the refusal calls them.
    what: &'static str,
}

/// A counted approach. Given back if nobody was approached.
#[must_use]
pub(super) struct Approached<'a>(Option<(&'a SharedThrottle, String)>);

impl Approached<'_> {
    /// Gives back what was taken.
    pub(super) async fn give_back(self) {
        if let Some((throttle, user)) = self.0 {
            throttle.give_back(&user).await;
        }
    }
}

impl Approaches {
    /// Creates the counters for these limits.
    pub fn new(limits: &Limits, shared: Option<Arc<dyn SharedLimits>>, clock: Arc<dyn Clock>) -> Self {
        let approach = |name, count, what| {
            let rate = Rate { count, period: DAY };
            Approach { throttle: SharedThrottle::new(name, rate, USERS, shared.clone(), clock.clone()), count, what }
        };
        Approaches {
            direct: approach("direct_rooms", limits.direct_rooms_per_day, "start conversations with new people"),
            invitations: approach("invitations", limits.invitations_per_day, "send invitations"),
        }
    }

    /// Counts a new direct room. Returns `rate_limited` for a user who opened too many.
    pub(super) async fn open(&self, actor: &Actor) -> Result<Approached<'_>, Refusal> {
        self.direct.take(actor).await
    }

    /// Counts an invitation. Returns `rate_limited` for a user who sent too many.
    pub(super) async fn invite(&self, actor: &Actor) -> Result<Approached<'_>, Refusal> {
        self.invitations.take(actor).await
    }
}

impl Approach {
    async fn take(&self, actor: &Actor) -> Result<Approached<'_>, Refusal> {
        if actor.admin || self.count == 0 {
            return Ok(Approached(None));
        }
        let user = actor.user.to_string();
        match self.throttle.take(&user).await {
            Ok(()) => Ok(Approached(Some((&self.throttle, user)))),
            Err(wait) => {
                let minutes = wait.as_secs().div_ceil(60).max(1);
                let text = format!("You can {} {} times a day. Try again in {minutes} min.", self.what, self.count);
                Err(Refusal::new(Code::RateLimited, text).retry_in(wait.as_millis() as u64 + 1))
            }
        }
    }
}
