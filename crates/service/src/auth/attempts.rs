//! How often a sign-in may be tried, by address and by account. Never looks at a password.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::limits::EMAIL_CHARS;
use domain::name::lookup_key;
use domain::{Code, Refusal};

use crate::clock::Clock;
use crate::limits::ADDRESSES;
use crate::throttle::Throttle;

const MINUTE: Duration = Duration::from_secs(60);

/// Counts the attempts to sign in.
pub(super) struct Attempts {
    by_address: Throttle<IpAddr>,
    by_name: Throttle<String>,
    clock: Arc<dyn Clock>,
}

impl Attempts {
    /// Allows this many attempts a minute for each address, and for each name; 0 is no limit.
    pub(super) fn new(per_minute: u32, clock: Arc<dyn Clock>) -> Self {
        let by_address = Throttle::new(per_minute, MINUTE, ADDRESSES);
        Attempts { by_address, by_name: Throttle::new(per_minute, MINUTE, ADDRESSES), clock }
    }

    /// Counts an attempt by its address.
    pub(super) fn admit_address(&self, from: IpAddr) -> Result<(), Refusal> {
        self.by_address.take(from, self.clock.elapsed()).map_err(too_often)
    }

    /// Counts an attempt by the account it names: many addresses together must not try one account.
    pub(super) fn admit_name(&self, name: &str) -> Result<(), Refusal> {
        // A text that is no handle is counted as it is: an address, an id, or the name of no account. A key must not be
        // as long as a request body.
        let key = lookup_key(name).unwrap_or_else(|| name.trim().chars().take(EMAIL_CHARS).collect());
        self.by_name.take(key.to_lowercase(), self.clock.elapsed()).map_err(too_often)
    }
}

fn too_often(wait: Duration) -> Refusal {
    let refusal = Refusal::new(Code::RateLimited, "Too many sign-in attempts. Please wait a moment.");
    refusal.retry_in(wait.as_millis() as u64 + 1)
}
