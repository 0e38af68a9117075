//! Limits how many users one user may approach: by new direct rooms and by invitations.

use std::sync::Arc;
use std::time::Duration;

use domain::limits::Limits;
use domain::{Actor, Code, Refusal};

use crate::clock::Clock;
use crate::ports::{Rate, SharedLimits};
use crate::shared_throttle::{Place, SharedThrottle};

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

    /// Counts a new direct room; returns nothing for an admin, who has no limit. The caller gives the place back if nobody
    /// was approached. Returns `rate_limited` for a user who opened too many.
    pub(super) async fn open(&self, actor: &Actor) -> Result<Option<Place<'_>>, Refusal> {
        self.direct.take(actor).await
    }

    /// Counts an invitation, like [`Approaches::open`].
    pub(super) async fn invite(&self, actor: &Actor) -> Result<Option<Place<'_>>, Refusal> {
        self.invitations.take(actor).await
    }
}

impl Approach {
    async fn take(&self, actor: &Actor) -> Result<Option<Place<'_>>, Refusal> {
        if actor.admin {
            return Ok(None);
        }
        match self.throttle.take_place(actor.user.to_string()).await {
            Ok(place) => Ok(Some(place)),
            Err(wait) => {
                let minutes = wait.as_secs().div_ceil(60).max(1);
                let text = format!("You can {} {} times a day. Try again in {minutes} min.", self.what, self.count);
                Err(Refusal::new(Code::RateLimited, text).retry_in(wait.as_millis() as u64 + 1))
            }
        }
    }
}
