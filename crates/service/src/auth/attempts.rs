//! How often a sign-in may be tried. Never looks at a password.
//!
//! Each address may try so many times a minute, whatever account it names. Wrong guesses for one account are counted by
//! account and address together, so that nobody uses up what the owner has; and for all addresses together, so that many
//! addresses do not get many times as far. A device that the account has signed in from before is counted by itself and
//! together with the account's other known devices, but not with strangers, so that no stranger can keep the owner out.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::limits::EMAIL_CHARS;
use domain::name::lookup_key;
use domain::{Code, Refusal, UserId};

use super::device_marks::DeviceMark;
use crate::clock::Clock;
use crate::limits::{ADDRESSES, ALL_GUESSES_PERIOD, ALL_GUESSES_TIMES, GUESSES_PERIOD};
use crate::ports::{Rate, SharedLimits};
use crate::shared_throttle::{Place, SharedThrottle};

const MINUTE: Duration = Duration::from_secs(60);
/// How many times as many checks of one account's password as attempts of one address are allowed in a minute.
const CHECKS_TIMES: u32 = 2;
/// How many times as many guesses as one known device all known devices of an account have together. A user who once knew
/// the password may have collected marks.
const DEVICES_TIMES: u32 = 3;

/// Counts the attempts to sign in.
pub(super) struct Attempts {
    by_address: SharedThrottle,
    by_account_and_address: SharedThrottle,
    by_account: SharedThrottle,
    by_device: SharedThrottle,
    by_all_devices: SharedThrottle,
    of_signed_in: SharedThrottle,
    checks: SharedThrottle,
}

/// A guess at a password that was counted. Given back if it was right: only wrong ones count.
#[must_use]
pub(super) struct Guess<'a>(Vec<Place<'a>>);

impl Guess<'_> {
    /// Gives back what was taken.
    pub(super) async fn was_right(self) {
        for place in self.0 {
            place.give_back().await;
        }
    }
}

impl Attempts {
    /// Allows this many attempts a minute for each address; see the module for the others. 0 is no limit at all.
    pub(super) fn new(per_minute: u32, clock: Arc<dyn Clock>, shared: Option<Arc<dyn SharedLimits>>) -> Self {
        let throttle = |name, count, period| {
            SharedThrottle::new(name, Rate { count, period }, ADDRESSES, shared.clone(), clock.clone())
        };
        Attempts {
            by_address: throttle("sign_in.address", per_minute, MINUTE),
            by_account_and_address: throttle("sign_in.account_and_address", per_minute, GUESSES_PERIOD),
            by_account: throttle("sign_in.account", per_minute.saturating_mul(ALL_GUESSES_TIMES), ALL_GUESSES_PERIOD),
            by_device: throttle("sign_in.device", per_minute, GUESSES_PERIOD),
            by_all_devices: throttle("sign_in.devices", per_minute.saturating_mul(DEVICES_TIMES), GUESSES_PERIOD),
            of_signed_in: throttle("sign_in.signed_in", per_minute, GUESSES_PERIOD),
            checks: throttle("sign_in.checks", per_minute.saturating_mul(CHECKS_TIMES), MINUTE),
        }
    }

    /// Counts an attempt by its address.
    pub(super) async fn admit_address(&self, from: IpAddr) -> Result<(), Refusal> {
        self.by_address.take(&from.to_string()).await.map_err(too_often)
    }

    /// Counts a guess from a device that the account has signed in from before. Returns `None` once the device, or all
    /// such devices together, have used up their guesses: then it counts like any other, since somebody else may hold it.
    pub(super) async fn admit_device(&self, mark: &DeviceMark) -> Option<Guess<'_>> {
        let device = self.by_device.take_place(mark.key()).await.ok()?;
        match self.by_all_devices.take_place(mark.user.to_string()).await {
            Ok(all) => Some(Guess(vec![device, all])),
            Err(_) => {
                device.give_back().await;
                None
            }
        }
    }

    /// Counts a check of a password that no limit of addresses counts, right or wrong: each costs a hash, and only a device
    /// or a session of the account itself gets here.
    pub(super) async fn admit_check(&self, user: UserId) -> Result<(), Refusal> {
        self.checks.take(&user.to_string()).await.map_err(too_often)
    }

    /// Counts a guess from anywhere else. An account is counted by its id, whichever of its names was used; a name that
    /// no account has is counted in the same way, so that the limit does not tell them apart.
    pub(super) async fn admit_guess(
        &self,
        name: &str,
        account: Option<UserId>,
        from: IpAddr,
    ) -> Result<Guess<'_>, Refusal> {
        let account = account.map_or_else(|| unknown(name), |user| user.to_string());
        let both = format!("{account} {from}");
        let both = self.by_account_and_address.take_place(both).await.map_err(too_often)?;
        match self.by_account.take_place(account).await {
            Ok(account) => Ok(Guess(vec![both, account])),
            Err(wait) => {
                both.give_back().await;
                Err(too_often(wait))
            }
        }
    }

    /// Counts a guess at their own password by a user who is signed in, but may have stolen the access token.
    pub(super) async fn admit_signed_in(&self, user: UserId) -> Result<Guess<'_>, Refusal> {
        Ok(Guess(vec![self.of_signed_in.take_place(user.to_string()).await.map_err(too_often)?]))
    }
}

/// Returns the key of a name that no account has. A text that is no handle is counted as it is: an address, or anything
/// else. A key must not be as long as a request body.
fn unknown(name: &str) -> String {
    let name = lookup_key(name).unwrap_or_else(|| name.trim().chars().take(EMAIL_CHARS).collect());
    format!("unknown {}", name.to_lowercase())
}

fn too_often(wait: Duration) -> Refusal {
    let refusal = Refusal::new(Code::RateLimited, "Too many sign-in attempts. Please wait a moment.");
    refusal.retry_in(wait.as_millis() as u64 + 1)
}
