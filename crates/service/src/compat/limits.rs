//! How often one address may write without a token: a new name costs nothing, so limits of users do not bound it.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use domain::{Code, Refusal};

use crate::clock::Clock;
use crate::limits::{
    ADDRESSES, COMPAT_GUESTS_PER_MINUTE, COMPAT_NOTIFICATIONS_PER_MINUTE, COMPAT_ROOMS_PER_HOUR,
    COMPAT_SIGNALS_PER_10S, COMPAT_UPLOADS_PER_MINUTE,
};
use crate::throttle::Throttle;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// What an address does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    /// It uses a guest's id for the first time.
    Guest,
    /// It creates a room.
    Room,
    /// It posts a notification, or changes one.
    Notification,
    /// It uploads a file.
    Upload,
    /// It sends a heartbeat or a typing signal.
    Signal,
}

/// The limits of an address, one for each kind of write.
pub(super) struct Throttles {
    guests: Throttle<IpAddr>,
    rooms: Throttle<IpAddr>,
    notifications: Throttle<IpAddr>,
    uploads: Throttle<IpAddr>,
    signals: Throttle<IpAddr>,
    clock: Arc<dyn Clock>,
}

impl Throttles {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Throttles {
            guests: Throttle::new(COMPAT_GUESTS_PER_MINUTE, MINUTE, ADDRESSES),
            rooms: Throttle::new(COMPAT_ROOMS_PER_HOUR, HOUR, ADDRESSES),
            notifications: Throttle::new(COMPAT_NOTIFICATIONS_PER_MINUTE, MINUTE, ADDRESSES),
            uploads: Throttle::new(COMPAT_UPLOADS_PER_MINUTE, MINUTE, ADDRESSES),
            signals: Throttle::new(COMPAT_SIGNALS_PER_10S, Duration::from_secs(10), ADDRESSES),
            clock,
        }
    }

    /// Takes a place, or refuses the write with how long to wait.
    pub fn take(&self, write: Write, address: IpAddr) -> Result<(), Refusal> {
        let (throttle, what) = match write {
            Write::Guest => (&self.guests, "new users"),
            Write::Room => (&self.rooms, "new rooms"),
            Write::Notification => (&self.notifications, "notifications"),
            Write::Upload => (&self.uploads, "uploads"),
            Write::Signal => (&self.signals, "heartbeats and typing signals"),
        };
        throttle.take(network(address), self.clock.elapsed()).map_err(|wait| {
            let why = format!("Too many {what} from this address. Please retry in a moment.");
            Refusal::new(Code::RateLimited, why).retry_in(wait.as_millis() as u64 + 1)
        })
    }
}

/// Returns what counts as one address: an IPv6 client owns a whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}
