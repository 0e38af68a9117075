//! Free ports of 127.0.0.1. Below the range that the system gives to outgoing connections, so that a server which is
//! killed and started again finds its port free, and no client's connection is ever made to itself.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::TcpListener;
use std::sync::Mutex;

const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A port that nobody listens on, and that this process was not given before.
///
/// # Panics
/// When there is none.
pub fn free() -> u16 {
    static NEXT: Mutex<Option<u16>> = Mutex::new(None);
    let mut next = NEXT.lock().expect("no holder of the lock panics");
    // Processes that start at the same time begin at different places.
    let mut offset = next.unwrap_or_else(|| (RandomState::new().build_hasher().finish() % u64::from(COUNT)) as u16);
    for _ in 0..COUNT {
        offset = (offset + 1) % COUNT;
        if TcpListener::bind(("127.0.0.1", FIRST + offset)).is_ok() {
            *next = Some(offset);
            return FIRST + offset;
        }
    }
    panic!("no port of 127.0.0.1 is free between {FIRST} and {}", FIRST + COUNT);
}
