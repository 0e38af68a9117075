//! Caps how much one address holds of something that a node has only so much of: connections, sockets, sockets of guests.
//! A cap applies only while the node is busy, so that an office behind one address is not shut out of an empty node.
//! Knows nothing of what other nodes hold.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use service::log_throttle::LogThrottle;
use tokio::sync::OwnedSemaphorePermit;

use crate::address::network_of;
use crate::limits::CAPS_APPLY_ABOVE_PERCENT;

/// Counts what each address holds. An IPv6 client owns a whole /64, so all of its addresses count as one.
#[derive(Debug)]
pub struct AddressCap {
    /// What is counted, for the log.
    what: &'static str,
    /// The setting that holds the cap.
    setting: &'static str,
    /// `None` if there is no cap.
    cap: Option<usize>,
    capacity: usize,
    held: Mutex<HashMap<IpAddr, usize>>,
    allowed: LogThrottle,
    refused: LogThrottle,
}

/// The address holds its share, and the node is too busy to give it more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address holds as much as one address may while the node is busy")]
pub struct OverCap;

impl AddressCap {
    /// Allows each address `cap` of a busy node's `capacity`, and never more than half of it: a larger cap would let one
    /// address take everything. A cap of 0 is no limit. `setting` is the cap's name, and `what` is counted.
    pub fn new(what: &'static str, setting: &'static str, cap: usize, capacity: usize) -> Arc<AddressCap> {
        let cap = (cap > 0).then(|| cap.min((capacity / 2).max(1)));
        let (allowed, refused) = (LogThrottle::new(), LogThrottle::new());
        Arc::new(AddressCap { what, setting, cap, capacity, held: Mutex::default(), allowed, refused })
    }

    /// Counts one more for the address until the permit is dropped. `in_use` is how much all addresses hold. An address
    /// that is unknown (`0.0.0.0`) has no cap.
    pub fn take(self: &Arc<Self>, address: IpAddr, in_use: usize) -> Result<AddressPermit, OverCap> {
        let permit = |network| AddressPermit { cap: self.clone(), network };
        let Some(cap) = self.cap.filter(|_| !address.is_unspecified()) else { return Ok(permit(None)) };

        let network = network_of(address);
        let is_busy = in_use.saturating_mul(100) >= self.capacity.saturating_mul(CAPS_APPLY_ABOVE_PERCENT);
        let is_over = {
            let mut all = self.held.lock();
            let held = all.get(&network).copied().unwrap_or(0);
            if held < cap || !is_busy {
                all.insert(network, held + 1);
            }
            held >= cap
        };
        if is_over {
            self.log(cap, is_busy);
        }
        if is_over && is_busy { Err(OverCap) } else { Ok(permit(Some(network))) }
    }

    fn log(&self, cap: usize, is_busy: bool) {
        let (what, setting) = (self.what, self.setting);
        if is_busy && let Some(repeated) = self.refused.admit(what, Instant::now()) {
            tracing::warn!(what, cap, setting, repeated, "an address is over its cap on a busy node, refusing more");
        }
        if !is_busy && let Some(repeated) = self.allowed.admit(what, Instant::now()) {
            tracing::warn!(
                what,
                cap,
                setting,
                repeated,
                "an address is over its cap, allowed while the node is not busy"
            );
        }
    }

    fn give_back(&self, network: IpAddr) {
        if let Entry::Occupied(mut held) = self.held.lock().entry(network) {
            *held.get_mut() -= 1;
            if *held.get() == 0 {
                held.remove();
            }
        }
    }
}

/// One place that an address holds, until it is dropped.
#[derive(Debug)]
pub struct AddressPermit {
    cap: Arc<AddressCap>,
    /// `None` if nothing was counted.
    network: Option<IpAddr>,
}

impl Drop for AddressPermit {
    fn drop(&mut self) {
        if let Some(network) = self.network {
            self.cap.give_back(network);
        }
    }
}

/// One connection of the server, held for as long as the connection is open: also after it became a WebSocket.
#[derive(Debug)]
pub struct ConnectionPermit {
    /// Its place among all connections.
    pub total: OwnedSemaphorePermit,
    /// Its place among those of its address; `None` for a trusted proxy, whose connections carry many people.
    pub address: Option<AddressPermit>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("valid")
    }

    #[test]
    fn a_cap_applies_from_seventy_percent_of_the_capacity_on() {
        let cap = AddressCap::new("sockets", "S", 3, 100);
        let office = address("203.0.113.7");
        let held: Vec<_> = (0..70).map(|in_use| cap.take(office, in_use).expect("the node is not busy")).collect();
        assert_eq!(cap.take(office, 70).err(), Some(OverCap));
        let other: Vec<_> = (0..3).map(|more| cap.take(address("203.0.113.8"), 70 + more)).collect();
        assert!(other.iter().all(Result::is_ok), "another address has its share");
        assert_eq!(cap.take(address("203.0.113.8"), 73).err(), Some(OverCap));

        drop(held);
        assert!(cap.take(office, 73).is_ok(), "what is dropped is free again");
        drop(other);
        assert!(cap.held.lock().is_empty(), "an address that holds nothing takes no memory");
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_as_one() {
        let cap = AddressCap::new("sockets", "S", 2, 10);
        let _loopback = ["::1", "::1"].map(|text| cap.take(address(text), 9).expect("within"));
        assert_eq!(cap.take(address("::1"), 9).err(), Some(OverCap));
        let _held = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::2"].map(|text| cap.take(address(text), 9).expect("within"));
        assert_eq!(cap.take(address("2001:db8:1:2:a:b:c:d"), 9).err(), Some(OverCap));
        assert!(cap.take(address("2001:db8:1:3::1"), 9).is_ok(), "the next /64 is another client");
    }

    #[test]
    fn an_ipv4_address_is_the_same_inside_ipv6() {
        let cap = AddressCap::new("sockets", "S", 1, 10);
        let _held = cap.take(address("::ffff:192.0.2.1"), 9).expect("within");
        assert_eq!(cap.take(address("192.0.2.1"), 9).err(), Some(OverCap));
        assert!(cap.take(address("::ffff:192.0.2.2"), 9).is_ok(), "not all of IPv4 is one network");
    }

    #[test]
    fn a_cap_is_at_most_half_of_the_capacity() {
        let cap = AddressCap::new("connections", "S", 1_000, 10);
        let _held: Vec<_> = (0..5).map(|_| cap.take(address("192.0.2.1"), 9).expect("within half")).collect();
        assert_eq!(cap.take(address("192.0.2.1"), 9).err(), Some(OverCap));
    }

    #[test]
    fn zero_is_no_cap_and_an_unknown_address_has_none() {
        let none = AddressCap::new("sockets", "S", 0, 10);
        let one = AddressCap::new("sockets", "S", 1, 10);
        let held: Vec<_> =
            (0..20).flat_map(|_| [none.take(address("192.0.2.1"), 10), one.take(address("0.0.0.0"), 10)]).collect();
        assert!(held.iter().all(Result::is_ok));
    }
}
