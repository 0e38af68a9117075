//! Tests what the server accepts from the network: how much of it one address may take, and under which names.

mod addresses;
mod floods;
mod hosts;

use std::net::{IpAddr, Ipv4Addr};

/// Returns an address of this machine; each stands for another client.
const fn client(number: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, number))
}
