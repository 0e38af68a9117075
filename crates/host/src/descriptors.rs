//! How many descriptors the process may open (`ulimit -n`): each connection takes one. Never decides what a connection is
//! used for.

use crate::limits::{PRIVATE_CONNECTIONS, RESERVED_DESCRIPTORS};

/// Raises the number of descriptors that the process may open to the most that the system allows it (the hard limit), and
/// returns it. Returns what is allowed already if that fails.
pub fn raise() -> usize {
    let allowed = rlimit::increase_nofile_limit(u64::MAX).or_else(|error| {
        tracing::warn!(%error, "the limit of open files cannot be raised");
        soft_limit()
    });
    allowed.map_or(usize::MAX, |allowed| usize::try_from(allowed).unwrap_or(usize::MAX))
}

#[cfg(unix)]
fn soft_limit() -> std::io::Result<u64> {
    rlimit::Resource::NOFILE.get_soft()
}

#[cfg(not(unix))]
fn soft_limit() -> std::io::Result<u64> {
    Ok(u64::MAX)
}

/// Returns how many of these descriptors connections of clients may take.
pub fn for_clients(descriptors: usize) -> usize {
    let reserved = RESERVED_DESCRIPTORS + 2 * for_private_port(descriptors);
    (descriptors - reserved.min(descriptors / 2)).max(1)
}

/// Returns how many of these descriptors connections to one private port may take; there are two such ports.
pub fn for_private_port(descriptors: usize) -> usize {
    (descriptors / 32).clamp(*PRIVATE_CONNECTIONS.start(), *PRIVATE_CONNECTIONS.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_never_take_the_last_descriptors() {
        assert_eq!((for_clients(1_024), for_private_port(1_024)), (832, 32));
        assert_eq!(for_clients(256), 128);
        assert_eq!(for_clients(64), 32);
        assert_eq!(for_clients(0), 1);
        assert!(for_clients(usize::MAX) > 1 << 20);
    }

    #[test]
    fn the_limit_is_raised_to_the_hard_limit() {
        let raised = raise();
        assert!(raised >= 64, "{raised}");
        #[cfg(unix)]
        assert_eq!(u64::try_from(raised).ok(), soft_limit().ok());
        assert_eq!(raise(), raised, "raising again changes nothing");
    }
}
