//! Free ports of 127.0.0.1, below the range that the system uses for outgoing connections. A server that is killed and
//! restarted therefore finds its port free, and no client's connection is ever made to itself.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::TcpListener;
use std::sync::Mutex;

const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// Returns a port that no process listens on, and that this process has not returned before.
///
/// # Panics
/// If no port is free.
pub fn free() -> u16 {
    static NEXT: Mutex<Option<u16>> = Mutex::new(None);
    let mut next = NEXT.lock().expect("no holder of the lock panics");
    // Processes that start at the same time begin at different ports.
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
