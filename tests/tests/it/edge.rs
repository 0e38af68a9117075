//! Tests what the server accepts from the network: how much of it one address may take, under which names, and
//! from whom its first admin.

mod addresses;
mod first_admin;
mod floods;
mod hosts;
mod log;
mod refusals;

use std::net::{IpAddr, Ipv4Addr};

/// Returns an address of this machine; each stands for another client.
const fn client(number: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, number))
}
